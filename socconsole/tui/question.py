"""What a line of text is asked for with."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypedDict

Complete = Callable[[str], Awaitable[Sequence[str]]]
"""Text so far → whole texts it could become."""


class Asking(TypedDict, total=False):
    """How a line is asked for; see `PromptLine.ask`."""

    initial: str
    complete: Complete | None
    on_change: Callable[[str], None] | None
    draft: str
    lines: bool
