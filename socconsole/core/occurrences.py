"""Where a text says something, whatever the case."""

from collections.abc import Iterator, Sequence


def occurrences(text: str, needle: str) -> Iterator[tuple[int, int]]:
    """Yield the half-open character ranges in which `text` says `needle`, whatever the case."""
    folded, wanted = text.casefold(), needle.casefold()
    starts: Sequence[int] = range(len(text))
    if len(folded) != len(text):  # ß becomes ss, and İ an i with a dot
        starts = [place for place, letter in enumerate(text) for _ in letter.casefold()]
    at = folded.find(wanted)
    while wanted and at >= 0:
        end = at + len(wanted)
        yield starts[at], starts[end - 1] + 1
        at = folded.find(wanted, end)
