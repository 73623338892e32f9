"""How large a terminal has to be."""

SMALLEST_COLUMNS, SMALLEST_ROWS = 40, 10
"""Below this a row of the queue and its bottom line say nothing any more."""

MADE_FOR_COLUMNS, MADE_FOR_ROWS = 80, 24
"""From here on every screen shows what it is for."""
