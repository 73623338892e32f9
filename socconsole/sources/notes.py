"""What an analyst should know about how a source was read."""

from dataclasses import dataclass
from enum import StrEnum


class NoteKind(StrEnum):
    """What happened to a source."""

    GAP = "gap"
    """Bytes that are gone unread."""
    TRUNCATION = "truncation"
    ROTATION = "rotation"
    DELETION = "deletion"
    COPY = "copy"
    """A file that repeats another one: only what differs is read."""
    LONG_LINE = "long_line"
    NUL_HOLE = "nul_hole"
    UNTERMINATED = "unterminated"
    BAD_ENCODING = "bad_encoding"
    CLOCK_SKEW = "clock_skew"
    WATCH = "watch"
    """Changes are found by looking instead of by notification."""
    COMPRESSION = "compression"
    SILENCE = "silence"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One remark about a source, such as a gap: which file, which bytes."""

    source: str
    kind: NoteKind
    text: str
    path: str = ""
    generation: int = 0
    first: int | None = None
    """First byte concerned."""
    last: int | None = None
    """The byte after the last one concerned; None: unknown."""
