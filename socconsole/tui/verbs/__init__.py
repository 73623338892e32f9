"""What can be done at the console: each verb asks, acts and says what it did."""
