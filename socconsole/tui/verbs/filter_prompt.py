"""Asking for a filter: it narrows as it is typed, and a bad one says where it is bad."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual.timer import Timer

from socconsole.tui.tasks import for_key

if TYPE_CHECKING:
    from socconsole.core.filter import FilterError
    from socconsole.core.filter_words import Vocabulary
    from socconsole.tui.console import Console
    from socconsole.tui.question import Complete

_TYPING_SECS = 0.15


class FilterPrompt:
    """The filter of one list, and what is wrong with what is being typed."""

    def __init__(
        self, app: "Console", words: "Callable[[], Vocabulary]", changed: Callable[[], object]
    ) -> None:
        """Call `changed` whenever the filter, or what is wrong with it, is another one."""
        self.text = ""
        """The last filter that could be read."""
        self._app = app
        self._words = words
        self._changed = changed
        self._problem: FilterError | None = None
        self._tried = ""
        self._timer: Timer | None = None

    @property
    def parts(self) -> list[tuple[str, str]]:
        """What the bar says: the filter, or why and where what was typed is none."""
        if self._problem is None:
            return [(f"  /{self.text}", "prompt")] if self.text else []
        low, high = self._problem.at
        # The whole of what was typed stands in the prompt: where there is no room, it is what goes.
        return [
            (f"  {self._problem.what}", "warn"),
            (f"  /{self._tried[:low]}", "prompt"),
            (self._tried[low:high] or "␣", "say-error"),
            (self._tried[high:], "prompt"),
            (f"  {self._problem.hint}" if self._problem.hint else "", "muted"),
        ]

    async def ask(self, complete: "Complete | None" = None) -> None:
        """Ask until the filter can be read; giving up brings back the one before."""
        before = typed = self.text
        while True:
            said = await self._app.ask("/", initial=typed, complete=complete, on_change=self._later)
            if self._timer is not None:
                self._timer.stop()
            if said is None or self.take(said):
                break
            typed = said
        if said is None:
            self.take(before)

    def take(self, text: str) -> bool:
        """Make `text` the filter and return True, or say what is wrong with it."""
        from socconsole.core.filter import FilterError, parse_filter

        tried = text.strip()
        try:
            parse_filter(tried, self._words())
        except FilterError as error:
            self._problem, self._tried = error, tried
            self._changed()
            return False
        had_problem, self._problem = self._problem is not None, None
        if tried != self.text or had_problem:
            self.text = tried
            self._changed()
        return True

    def _later(self, text: str) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = self._app.set_timer(_TYPING_SECS, lambda: self._take_typed(text))

    def _take_typed(self, text: str) -> None:
        with for_key():
            self.take(text)


async def completed(
    app: "Console",
    text: str,
    vocabulary: "Vocabulary",
    more: Callable[[str], Sequence[str]] = lambda _: (),
) -> list[str]:
    """Return the filters `text` could become, with real values of the store.

    Args:
        app: The console.
        text: What has been typed.
        vocabulary: The words of the filter.
        more: Field → values the store's alerts do not know of.

    """
    from socconsole.core.filter_edit import filled, gap_at, offers
    from socconsole.store.queries.grouping import GROUPED_BY, known_values

    gap = gap_at(text, len(text), vocabulary)
    if gap is None:
        return []
    values = list(more(gap.field.name)) if gap.field is not None else []
    if gap.field is not None and not values and gap.field.name in GROUPED_BY:
        values = list(await app.store.read(known_values, gap.field.name, typed=gap.typed))
    return [filled(text, gap, offer)[0] for offer in offers(gap, vocabulary, values)]
