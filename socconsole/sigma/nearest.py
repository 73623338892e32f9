"""What an author probably meant."""

from collections.abc import Sequence
from difflib import get_close_matches


def nearest(word: str, known: Sequence[str]) -> str:
    """Return a hint that names the known word most like `word`, or all of them."""
    found = get_close_matches(word, known, 1)
    return f"Did you mean {found[0]}?" if found else f"Known are {', '.join(known)}."
