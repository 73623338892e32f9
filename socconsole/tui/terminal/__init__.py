"""What goes between the console and the terminal it runs in."""
