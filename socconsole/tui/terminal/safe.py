"""The last gate before the terminal: nothing that came from a log can act on it."""

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_ACTING = (
    *range(0x20),
    *range(0x7F, 0xA0),
    *(0x61C, 0x200B, 0x200C, 0x200E, 0x200F, 0x2060, 0xFEFF, 0xFE0F),
    *range(0x2028, 0x202F),
    *range(0x2066, 0x206A),
    *range(0x1F3FB, 0x1F400),  # skin tones: terminals disagree on their width
)
_DROPPED = dict.fromkeys(_ACTING)


class ControlGuard(LineFilter):
    """Drops what a terminal would obey from every painted line, whatever widget painted it.

    `core.safe_text` makes such characters visible before; this is for the text that missed it.
    All dropped characters are zero cells wide, so columns stay where they are.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            segment
            if segment.text.isascii() and segment.text.isprintable()
            else Segment(segment.text.translate(_DROPPED), segment.style, segment.control)
            for segment in segments
        ]
