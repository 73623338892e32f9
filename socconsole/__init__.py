"""A terminal console for a security-operations centre."""

__version__ = "0.1.0"
