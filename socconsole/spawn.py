"""Starts a collector or a back-test as a subprocess; all that a console knows of them."""
