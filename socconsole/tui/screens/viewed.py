"""A list that saved views show and a filter narrows: tickets, incidents, actions, results."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Key
from textual.screen import Screen

from socconsole.tui.console import console
from socconsole.tui.keymap import key
from socconsole.tui.lines import Part
from socconsole.tui.reading import column_filter
from socconsole.tui.reading.freshness import ReadsAgain
from socconsole.tui.saved_views import Shown, ViewBar, fitting
from socconsole.tui.tasks import aside, background, task
from socconsole.tui.verbs import row_order
from socconsole.tui.verbs.filter_prompt import FilterPrompt, completed
from socconsole.tui.verbs.row_order import Ordered
from socconsole.tui.widgets.columns import Column
from socconsole.tui.widgets.drawn import Drawn
from socconsole.tui.widgets.frame import framed
from socconsole.tui.widgets.layout import TableLayout
from socconsole.tui.widgets.table import VirtualTable

if TYPE_CHECKING:
    from socconsole.core.filter_words import Vocabulary


class ViewedScreen(Ordered, ReadsAgain, Screen[None]):
    """Shows the rows of a view; a screen says which, in which columns, in which words."""

    LIST: ClassVar[str]
    """What saved views call the screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *column_filter.BINDINGS,
        *row_order.BINDINGS,
        key("rows.next_view", "right_square_bracket", "view(1)", "Next view"),
        key("rows.previous_view", "left_square_bracket", "view(-1)", "Previous view"),
        key("rows.refresh", "r", "load", "Read again"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._views = ViewBar(self.LIST)
        self._asked = self._answered = self._under_way = 0
        self._is_late = False
        self._gone: set[int] = set()
        self._is_touched = False
        self._filter = FilterPrompt(console(self), self.words, self.action_load)

    # What a screen of this kind says of itself.

    @abstractmethod
    def words(self) -> "Vocabulary":
        """Return the words of its filter."""

    @abstractmethod
    async def rows(self, filter_text: str) -> Sequence[Any]:
        """Return what the filter finds; every row has an `id`."""

    async def rows_again(self, ids: Sequence[int]) -> Sequence[Any]:
        """Return rows that the filter finds no more as they are now, those that still are."""
        del ids
        return ()

    def is_gone(self, row: Any) -> bool:  # noqa: ANN401 a row of the screen's own kind
        """Return whether a row is done with although the filter finds it."""
        del row
        return False

    @abstractmethod
    def columns(self) -> Sequence[Column[Any]]:
        """Return the columns of its table."""

    @abstractmethod
    def why_empty(self, view: str) -> str:
        """Return what an empty list says under the view called so."""

    def more_parts(self) -> Sequence[Part]:
        """Return what the bar says besides views and filter."""
        return ()

    def value_of(self, row: Any, name: str) -> object:  # noqa: ANN401 the same
        """Return what a row has in a field of the filter, for completion."""
        return getattr(row, name, None)

    # What all of them do.

    def compose(self) -> ComposeResult:
        gone = self._is_struck
        yield from framed(VirtualTable(self.columns(), empty="Loading …", gone=gone))

    @property
    def table(self) -> VirtualTable[Any]:
        return self.query_one(VirtualTable)

    def on_mount(self) -> None:
        self.table.focus()

    @task
    async def action_load(self, *, first: bool = False) -> None:
        """Show what is found now, in its order; the cursor stays on its row or goes `first`."""
        self._show_bar()
        self._asked = asked = self._asked + 1
        self._under_way += 1
        try:
            rows = await self.rows(self._whole_filter)
        finally:
            self._under_way -= 1
        if asked == self._asked:
            self._answered = asked
            self.show_found(rows, first=first)
            await self._views.read_names(console(self))
            self.count_views()
            if self._is_late:
                with aside():
                    self.look_again()

    @task
    async def look_again(self) -> None:
        """Bring the rows up to date where they stand; what else there is by now is counted."""
        if not self.may_look():
            return
        asked, shown = self._asked, set(self.table.ids)
        found = {row.id: row for row in await self.rows(self._whole_filter)}
        gone = shown - found.keys()
        again = await self.rows_again(sorted(gone)) if gone else ()
        if asked != self._asked:
            return
        news = len(found.keys() - shown)
        if news and self.may_fill:
            self.show_found(list(found.values()))
        else:
            self._strike(gone)
            again = [*(found[one] for one in shown & found.keys()), *again]
            self.table.take_rows({row.id: row for row in again})
            self.show_news(news)
        await self._views.read_names(console(self))
        self.count_views()

    def may_look(self) -> bool:
        """Return whether rows are shown; where they are not, read them, or look once they are."""
        self._is_late = self._under_way > 0
        if not self._under_way and self._asked != self._answered:  # the store was away
            self.action_load()
        return self._asked == self._answered

    def show_found(self, rows: Sequence[Any], *, first: bool = False) -> None:
        """Show these rows, none of them struck through."""
        self._gone = set()
        self.table.empty = self._why_empty()
        self.table.show_rows([(row.id, row) for row in rows], first=first)
        self.table.set_foot(pill="")

    def show_news(self, count: int) -> None:
        """Say below the list how many rows there are by now that it does not have."""
        self.table.set_foot(pill=f" ▲{count} new · g " if count else "")

    def _strike(self, gone: set[int]) -> None:
        if gone != self._gone:
            self._gone = gone
            self.table.refresh_lines()

    def _is_struck(self, row: Any) -> bool:  # noqa: ANN401 the same
        return row.id in self._gone or self.is_gone(row)

    @background
    async def count_views(self) -> None:
        """Read how much each view finds."""
        await self.count_found(self._views)
        self._show_bar()

    async def count_found(self, views: ViewBar) -> None:
        """Count what each of the views finds."""
        await views.count(console(self))

    def on_key(self, _event: Key) -> None:
        self._is_touched = True

    @property
    def may_fill(self) -> bool:
        """Whether new rows come without a key: into an empty list, or before the first key ever."""
        shown = self.table.line_count
        return not shown or (not self._is_touched and shown < self.table.page_height)

    def on_virtual_table_news_wanted(self, message: VirtualTable.NewsWanted) -> None:
        message.stop()
        self.action_load(first=True)

    def on_virtual_table_arranged(self, message: VirtualTable.Arranged) -> None:
        message.stop()
        if self._gone:
            self.action_load()

    def load_views(self) -> None:
        self.action_load()

    @property
    def _whole_filter(self) -> str:
        return self._views.narrowed(self._filter.text)

    @property
    def shown(self) -> Shown:
        """What `:view save` keeps."""
        return Shown(self.LIST, self._whole_filter, self.table.arrangement)

    def show_view(self, name: str) -> None:
        """Show the view called `name`; raises UsageError."""
        self._views.take(name)
        self._view_changed()

    def _view_changed(self) -> None:
        view = self._views.current
        self.table.set_arrangement(TableLayout.read(view.columns, view.sort))
        self.action_load()

    def _why_empty(self) -> str:
        name = self._views.current.name
        if self._filter.text:
            return f"Nothing in {name} has {self._filter.text} · \\ takes the filter off"
        return self.why_empty(name)

    def _show_bar(self) -> None:
        parts = [*self._views.parts(), *self._filter.parts, *self.more_parts()]
        self.query_one("#bar", Drawn).show(*fitting(parts, self.size.width))

    def on_resize(self) -> None:
        self._show_bar()

    def action_view(self, by: int) -> None:
        self._views.step(by)
        self._view_changed()

    @task
    async def action_filter(self) -> None:
        await self._filter.ask(self._complete)

    async def _complete(self, text: str) -> Sequence[str]:
        return await completed(console(self), text, self.words(), self._values)

    def _values(self, name: str) -> list[str]:
        """Return what the rows on the list have in a field that filters ask for by name."""
        values = {str(self.value_of(row, name) or "") for _, row in self.table.loaded}
        return sorted(values - {""})

    def action_clear_filter(self) -> None:
        self._filter.take("")
