"""What `[` and `]` walk through on the live tail: every source, and the saved views of lines."""

from functools import partial
from typing import TYPE_CHECKING

from socconsole.tui.lines import Part
from socconsole.tui.reading.tail_reading import count_views
from socconsole.tui.saved_views import ViewBar

if TYPE_CHECKING:
    from socconsole.tui.console import Console


class TailStops:
    """Where the tail stands: at a source, or at a view over all of them."""

    def __init__(self) -> None:
        self._views = ViewBar("tail")
        self._sources: dict[str, int] = {}
        self._source = ""

    @property
    def source_id(self) -> int | None:
        """The source chosen; None for all."""
        return self._sources.get(self._source)

    @property
    def source_names(self) -> list[str]:
        return sorted(self._sources)

    def narrowed(self, typed: str) -> str:
        """Return the filter of the view, narrowed by what was typed."""
        return self._views.narrowed(typed)

    def saved(self, typed: str) -> str:
        """Return the filter that finds what is shown, its source too."""
        from socconsole.core.filter_edit import both, only

        shown = self.narrowed(typed)
        return both(only("source", self._source), shown) if self._source else shown

    async def read_sources(self, app: "Console") -> None:
        from socconsole.store.queries.sources import sources

        rows = await app.store.read(sources, stopped=True)
        self._sources = {row.name: row.id for row in rows}

    async def read_views(self, app: "Console") -> None:
        """Read which saved views there are."""
        await self._views.read_names(app)

    async def count_views(self, app: "Console") -> None:
        """Read how many of the newest lines each view finds."""
        await self._views.count(app, partial(count_views, app))

    def parts(self) -> list[Part]:
        """Return the bar: all, the sources, the other views with their counts."""
        every, *others = self._views.parts()
        if self._source:
            every = (f" {self._views.current.name} ", "tab")
        names = [
            (f"[{name}]", "tab-active") if name == self._source else (f" {name} ", "tab")
            for name in self.source_names
        ]
        return [every, *names, *others]

    def step(self, by: int) -> None:
        """Go to the stop so many further on, round the end."""
        first, *others = (view.name for view in self._views.views)
        stops = [(first, ""), *((first, name) for name in self.source_names)]
        stops += [(name, "") for name in others]
        here = (self._views.current.name, self._source)
        at = stops.index(here) if here in stops else 0
        view, self._source = stops[(at + by) % len(stops)]
        self._views.take(view)

    def take(self, name: str) -> None:
        """Go to the view called `name`; raises UsageError."""
        self._views.take(name)
        self._source = ""

    def to_first(self) -> None:
        """Go to all lines."""
        self._source = ""
        self._views.step_to_first()
