"""The table of every list: rows drawn on demand from a vector of ids and a cache of pages.

A million rows are ready at once, a cursor move costs two painted rows, and new rows never move
what the analyst looks at: the cursor is bound to an id, the order changes only on request.
"""

from array import array
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, TypeVar

from textual import events
from textual.binding import BindingType

from socconsole.errors import SocError
from socconsole.tui.keymap import key
from socconsole.tui.messages import IdsFailed, IdsLoaded, RowsFailed, RowsLoaded
from socconsole.tui.widgets.awaited import Awaited
from socconsole.tui.widgets.columns import Column
from socconsole.tui.widgets.drawn_rows import DrawnRows
from socconsole.tui.widgets.layout import Stands, TableLayout
from socconsole.tui.widgets.loaded_rows import PAGE, position_in
from socconsole.tui.widgets.moving import MOVING
from socconsole.tui.widgets.of_table import OfTable
from socconsole.tui.widgets.row_source import RowSource
from socconsole.tui.widgets.selection import Selection

RowT = TypeVar("RowT")

_LOADING = "Loading …"


class VirtualTable(DrawnRows[RowT]):
    """Shows `columns` of the rows of `source`; keeps cursor, marks and position.

    Give it rows with `show_rows` (a few, all at once) or a `source` and `reload` (any number).
    `empty` is drawn when there is no row: say why, and which key changes that. `gone` tells which
    rows no longer belong to the view: they stay, struck through, until the next load. `stands` ties
    rows to headings and to each other when they are sorted.
    """

    class Loaded(OfTable):
        """A `reload` is on screen."""

    class Highlighted(OfTable):
        """The cursor is on another row, or on none."""

        def __init__(self, table: "VirtualTable[Any]", row_id: int | None) -> None:
            super().__init__(table)
            self.row_id = row_id

    class Arranged(OfTable):
        """The analyst wants another layout."""

    class NewsWanted(OfTable):
        """The rows that the pill tells of are wanted; only rows that were given are asked for."""

    class Chosen(OfTable):
        """Enter was pressed on a row."""

        def __init__(self, table: "VirtualTable[Any]", row_id: int) -> None:
            super().__init__(table)
            self.row_id = row_id

    BINDINGS: ClassVar[list[BindingType]] = [
        *MOVING,
        key("list.first", "g,home", "first", "First row; loads what is new"),
        key("list.last", "G,end", "last", "Last row"),
        key("list.range", "v", "toggle_range", "Start or end a range of marks"),
        key("list.range_down", "shift+down", "extend(1)", "Extend the range down"),
        key("list.range_up", "shift+up", "extend(-1)", "Extend the range up"),
        key("list.columns", "W", "arrange", "Columns: which, how wide, which one sorts"),
        key("list.all", "asterisk", "mark_all", "Mark all rows of the view; again: none"),
    ]

    def __init__(
        self,
        columns: Sequence[Column[RowT]],
        *,
        source: RowSource[RowT] | None = None,
        empty: str = "Nothing here.",
        gone: Callable[[RowT], bool] | None = None,
        stands: Callable[[RowT], Stands] = lambda _: Stands.FREE,
        id: str | None = None,  # noqa: A002 Textual's name
    ) -> None:
        super().__init__(columns, gone=gone, id=id)
        self.source = source
        self.empty, self._why_empty = _LOADING, empty
        self._stands = stands
        self.has_failed = False
        """Whether the last order asked for never came."""
        self._given: Sequence[tuple[int, RowT]] = ()
        self._generation = self._settled_generation = 0
        self._order, self._goal_row, self._fresh = Awaited(self), Awaited(self), Awaited(self)
        self._refreshed: Sequence[int] = ()
        self._goal: int | None = None
        self._has_moved = False

    def show_rows(self, rows: Sequence[tuple[int, RowT]], *, first: bool = False) -> None:
        """Show these rows, given with their ids; the cursor stays on its id, or goes `first`."""
        self._given = rows
        rows = self.arrangement.sorted(rows, self.all_columns, self._stands)
        ids = array("q", (row_id for row_id, _ in rows))
        position = 0 if first else position_in(ids, self.cursor_id, self.cursor)
        hidden = self.marks.count_hidden(ids)
        self._take(IdsLoaded(self._generation, ids, position, dict(rows), hidden))

    def show_first(self, ids: Sequence[int], rows: Mapping[int, RowT]) -> None:
        """Show a first page before the whole order is known."""
        self._take(IdsLoaded(self._generation, ids, 0, rows, 0))

    def reload(self, *, first: bool = False) -> None:
        """Ask the source for the order and the rows on screen again.

        Keys wait for them where a key has caused it.

        Args:
            first: Put the cursor on the first row instead of keeping it on its id.

        """
        if self.source is None:
            return
        self._generation += 1
        self._has_moved = False
        self._order.hold_keys()
        wanted = None if first else self.cursor_id
        work = partial(self._load_ids, self.source, self._generation, wanted, first=first)
        self.run_worker(work, thread=True, group="ids")

    def refresh_rows(self) -> None:
        """Read the rows on screen again and repaint those that changed; the order stays.

        Keys that do more than move wait for them where a key has caused it.
        """
        if self.source is not None and self.ids:
            self._refreshed = self.ids[self.top : self.top + self.page_height]
            self._fresh.hold_keys(moves_pass=True)
            self._fetch(self._refreshed)

    def _load_ids(
        self, source: RowSource[RowT], generation: int, wanted: int | None, *, first: bool
    ) -> None:
        try:
            ids = source.ids()
            position = 0 if first else position_in(ids, wanted, self.cursor)
            low = max(0, position - PAGE)
            rows = source.rows(ids[low : position + PAGE])
        except SocError as error:
            self.has_failed = True
            self.console_app.complain(error)
            self.post_message(IdsFailed(generation))
            return
        self.has_failed = False
        hidden = self.marks.count_hidden(ids)
        self.post_message(IdsLoaded(generation, ids, position, rows, hidden))

    def on_ids_loaded(self, message: IdsLoaded) -> None:
        message.stop()
        if message.generation == self._generation:
            if self._has_moved:  # while the order was on its way
                message.position = position_in(message.ids, self.cursor_id, self.cursor)
            self._take(message)
            self._settled_generation = message.generation
            if self.ids and self.cursor_row is None:
                self._want(self.cursor)
            self._order.arrived()
            self.post_message(self.Loaded(self))

    def on_ids_failed(self, message: IdsFailed) -> None:
        message.stop()
        if message.generation == self._generation:
            self._settled_generation = message.generation
            self._order.given_up()

    def on_unmount(self) -> None:
        self._order.given_up()
        self._goal_row.given_up()
        self._fresh.given_up()

    def _once_ordered(self, work: Callable[[], None]) -> None:
        """Do what is about all rows: at once, or when the order that was asked for is here."""
        if self._settled_generation == self._generation:
            work()
        else:
            self._order.put_off(work)

    def _take(self, loaded: IdsLoaded) -> None:
        before = self.cursor_id
        offset = self.cursor - self.top
        self.marks.reload(self.ids, loaded.ids, loaded.hidden)
        self._rows.reorder(loaded.ids, loaded.rows)
        if self.empty == _LOADING:
            self.empty = self._why_empty
        self._give_up_goal()
        self.cursor = loaded.position
        self.top = max(0, min(self.cursor - offset, self.last_top, self.cursor))
        if self.cursor >= self.top + self.page_height:
            self.top = self.cursor - self.page_height + 1
        self.refresh_changed()
        if before != self.cursor_id or before is None:
            self.post_message(self.Highlighted(self, self.cursor_id))

    def _fetch(self, ids: Sequence[int]) -> None:
        if self.source is None or not ids:
            return
        work = partial(self._load_rows, self.source, ids)
        self.run_worker(work, thread=True, group="rows")

    def _load_rows(self, source: RowSource[RowT], ids: Sequence[int]) -> None:
        try:
            rows = source.rows(ids)
        except SocError as error:
            self.console_app.complain(error)
            self.post_message(RowsFailed())
            return
        self.post_message(RowsLoaded(ids, rows))

    def on_rows_loaded(self, message: RowsLoaded) -> None:
        message.stop()
        self.take_rows(message.rows)
        if message.asked is self._refreshed:
            self._fresh.arrived()
        if self._goal is not None and self.ids[self._goal] in message.asked:
            self._put_cursor(self._goal)  # a row that is gone by now can be stood on all the same
            self._give_up_goal()

    def on_rows_failed(self, message: RowsFailed) -> None:
        message.stop()
        self._rows.ask_again()
        self._fresh.given_up()
        self._give_up_goal()

    async def read_row(self, row_id: int | None) -> RowT | None:
        """Return the row with that id; read it where it is not here."""
        row = None if row_id is None else self._rows.get(row_id)
        if row is None and row_id is not None and self.source is not None:
            read = partial(self.source.rows, (row_id,))
            self.take_rows(await self.console_app.store.in_thread(read))
            row = self._rows.get(row_id)
        return row

    def take_rows(self, rows: Mapping[int, RowT]) -> None:
        """Repaint the rows on screen that changed; the order stays."""
        changed = self._rows.differing(rows)
        self._rows.keep(rows)
        for index in range(self.top, min(self.top + self.page_height, len(self.ids))):
            if self.ids[index] in changed:
                self.refresh_if_changed(index)
        if self._goal is not None and self.row_at(self._goal) is not None:
            self._put_cursor(self._goal)
            self._give_up_goal()
        elif self.cursor_id in changed:
            self.post_message(self.Highlighted(self, self.cursor_id))

    def _want(self, index: int) -> bool:
        """Return whether the rows around `index` are here; ask for them where not."""
        ready = self.row_at(index) is not None
        for ids in self._rows.to_ask(index):
            self._fetch(ids)
        if not ready and self._rows.was_asked(index) and self._goal is None:
            # The page was here and has been dropped from the cache.
            self._fetch(self.ids[index : index + self.page_height])
        return ready

    # The cursor.

    def move_to(self, index: int) -> None:
        """Put the cursor on row `index`, as soon as that row is here."""
        index = max(0, min(index, len(self.ids) - 1))
        if not self.ids:
            return
        if self._want(index) or self.source is None:
            self._put_cursor(index)
            self._give_up_goal()
        else:
            self._goal = index
            self._goal_row.hold_keys(moves_pass=True)

    def _give_up_goal(self) -> None:
        self._goal = None
        self._goal_row.given_up()

    def move_to_id(self, row_id: int) -> bool:
        """Put the cursor on the row with that id and return whether the view has it."""
        try:
            index = self.ids.index(row_id)
        except ValueError:
            return False
        self.move_to(index)
        return True

    def advance(self, fits: Callable[[RowT], bool] | None = None, *, step: int = 1) -> bool:
        """Move to the nearest row in the direction of `step` that `fits` and return True, or stay.

        Rows that are not loaded yet are taken as fitting.
        """
        end = len(self.ids) if step > 0 else -1
        for index in range(self.cursor + step, end, step):
            row = self.row_at(index)
            if row is None or fits is None or fits(row):
                self.move_to(index)
                return True
        return False

    def _put_cursor(self, index: int) -> None:
        place = len(self._position_text())
        old, self.cursor = self.cursor, index
        self._has_moved = True
        self.reveal(index)
        if self.marks.anchor is not None:
            for passed in range(min(old, index), max(old, index) + 1):
                self.refresh_index(passed)
        elif old != index:
            self.refresh_index(old)
            self.refresh_index(index)
        if old != index:
            same = place == len(self._position_text())  # else what stands before it moves too
            self.refresh_foot(max(0, self.size.width - place - 1) if same else 0)
            self.post_message(self.Highlighted(self, self.cursor_id))

    @property
    def _from(self) -> int:
        return self.cursor if self._goal is None else self._goal

    def action_move(self, by: int) -> None:
        self.move_to(self._from + by)

    def action_page(self, by: int) -> None:
        self.move_to(self._from + by * self.page_height)

    def action_half_page(self, by: int) -> None:
        self.move_to(self._from + by * (self.page_height // 2))

    def action_first(self) -> None:
        if not self.pill:
            self.move_to(0)
        elif self.source is None:
            self.post_message(self.NewsWanted(self))
        else:
            self.pill = ""
            self.reload(first=True)

    def action_last(self) -> None:
        self._once_ordered(lambda: self.move_to(len(self.ids) - 1))

    def action_choose(self) -> None:
        if self.cursor_id is not None:
            self.post_message(self.Chosen(self, self.cursor_id))

    def selection(self) -> Selection:
        """Return the marked rows of this view, or else the row under the cursor."""
        return self.marks.select(self.ids, self.cursor, self.cursor_id)

    def selected_rows(self) -> list[RowT]:
        """Return the loaded rows among the selection."""
        return [row for each in self.selection().ids if (row := self._rows.get(each)) is not None]

    async def read_meant(self) -> RowT | None:
        """Of the rows a verb acts on return the one under the cursor, else one that is loaded."""
        chosen = self.selection()
        if not chosen.marked or self.cursor_id in chosen.ids:
            return await self.read_row(self.cursor_id)
        loaded = (row for each in chosen.ids if (row := self._rows.get(each)) is not None)
        return next(loaded, None) or await self.read_row(next(iter(chosen.ids), None))

    def clear_marks(self) -> None:
        self.marks.clear()
        self.refresh_lines()
        self.refresh_foot()

    def action_mark(self) -> None:
        if self.cursor_id is None:
            return
        self.marks.toggle(self.cursor_id)
        self.refresh_index(self.cursor)
        self.refresh_foot()
        self.move_to(self.cursor + 1)

    def action_toggle_range(self) -> None:
        self._once_ordered(self._toggle_range)

    def _toggle_range(self) -> None:
        self.marks.toggle_range(self.ids, self.cursor)
        self.refresh_index(self.cursor)
        self.refresh_foot()

    def action_extend(self, by: int) -> None:
        if self.marks.anchor is None:
            self.marks.anchor = self.cursor
        self.move_to(self.cursor + by)

    def action_mark_all(self) -> None:
        self._once_ordered(self._mark_all)

    def _mark_all(self) -> None:
        self.marks.toggle_all()
        self.refresh_lines()
        self.refresh_foot()

    def set_columns(self, columns: Sequence[Column[RowT]]) -> None:
        self.all_columns = tuple(columns)
        self.set_arrangement(self.arrangement)

    def set_arrangement(self, layout: TableLayout) -> None:
        """Show the columns, and the rows in the order, that `layout` wants."""
        is_resorted = layout.order != self.arrangement.order
        self.arrangement = layout
        self.columns = tuple(layout.arranged(self.all_columns))
        self._layout_of = (-1, [])
        if is_resorted and self.source is None and self._given:
            latest = dict(self.loaded)
            self.show_rows([(each, latest.get(each, row)) for each, row in self._given])
        elif (
            is_resorted
            and self.source is not None
            and self.source.take_order(layout.sort, reverse=layout.reverse)
        ):
            self.reload(first=True)
        self.refresh()
        if self.is_attached:
            self.post_message(self.Arranged(self))

    def may_sort_by(self, name: str) -> bool:
        """Return whether the rows can be sorted by that column."""
        return self.source is None or name in self.source.sorts

    def action_arrange(self) -> None:
        from socconsole.tui.pages import ColumnsPage

        self.console_app.open(ColumnsPage(self))

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        if self.ids:
            self.reveal(self.cursor)
            self._want(self.cursor)
