"""How the console reads the store: in threads, a short snapshot at a time."""
