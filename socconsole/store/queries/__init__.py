"""Reads: frozen rows, never ORM objects."""
