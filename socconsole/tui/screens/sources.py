"""The log sources: how reading goes, what could not be read, what happened to the files."""

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from socconsole.tui.cells import clock, many, span, stamp
from socconsole.tui.console import console
from socconsole.tui.keymap import key
from socconsole.tui.lines import Line
from socconsole.tui.reading import column_filter
from socconsole.tui.reading.column_filter import ColumnFilter, rows_of
from socconsole.tui.reading.freshness import ReadsAgain
from socconsole.tui.reading.tail_reading import Asked, read_first
from socconsole.tui.screens.text import TextScreen
from socconsole.tui.tasks import task
from socconsole.tui.texts.source_text import bytes_of, source_lines, source_style
from socconsole.tui.verbs import row_order
from socconsole.tui.verbs.row_order import Ordered
from socconsole.tui.widgets.columns import Column
from socconsole.tui.widgets.drawn import Drawn
from socconsole.tui.widgets.frame import framed
from socconsole.tui.widgets.table import VirtualTable

if TYPE_CHECKING:
    from socconsole.store.queries.sources import SourceNoteRow, SourceRow

_UNPARSED_SHOWN = 200
_NOTES = 200

_EMPTY = (
    "No source is read yet.\n\n"
    "+  name a log file; its first lines are shown before anything is kept\n\n"
    "`socconsole demo` plays an attack on a small clinic instead.\n"
    ":manual formats says what can be read."
)


class SourcesScreen(Ordered, ReadsAgain, Screen[None]):
    """Every source with its health, and what happened to it; Enter tells more."""

    TITLE = "Sources"
    BINDINGS: ClassVar[list[BindingType]] = [
        key("source.unparsed", "n", "unparsed", "Lines nobody could read", hint="unparsed"),
        key("source.add", "plus", "add_source", "Name one more source", hint="new source"),
        *column_filter.BINDINGS,
        *row_order.BINDINGS,
        key("source.refresh", "r", "load", "Read again"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._filter = ColumnFilter(
            console(self),
            "a source",
            self._columns(),
            self.action_load,
            more=lambda row: (row.path, row.error or ""),
        )

    def compose(self) -> ComposeResult:
        notes = VirtualTable(_NOTE_COLUMNS, empty="Nothing worth a remark.", id="notes")
        notes.can_focus = False
        yield from framed(
            VirtualTable(self._columns(), empty=_EMPTY, id="sources"),
            Drawn([("What happened to it", "heading")], id="happened"),
            notes,
        )

    @property
    def table(self) -> "VirtualTable[SourceRow]":
        return self.query_one("#sources", VirtualTable)

    def on_mount(self) -> None:
        self.table.focus()

    @task
    async def action_load(self) -> None:
        from socconsole.store.queries.sources import sources

        rows = await console(self).store.read(sources, stopped=True)
        self.table.empty = _EMPTY
        if self._filter.text:
            self.table.empty = f"No source here has {self._filter.text} · \\ takes the filter off"
        self.table.show_rows([(row.id, row) for row in self._filter.kept(rows)])
        self._show_notes()
        troubled = sum(bool(row.error) for row in rows)
        unparsed = sum(row.unparsed for row in rows)
        self.query_one("#bar", Drawn).show(
            (" Sources ", "tab-active"),
            *self._filter.parts,
            (f"  {many(len(rows), 'source')}", "muted"),
            (f"  {troubled} in trouble" if troubled else "", "bad"),
            (f"  {many(unparsed, 'line')} unparsed" if unparsed else "", "warn"),
        )

    @task
    async def action_filter(self) -> None:
        await self._filter.ask(lambda: rows_of(self.table))

    def action_clear_filter(self) -> None:
        self._filter.clear()

    def on_virtual_table_highlighted(self, message: VirtualTable.Highlighted) -> None:
        message.stop()
        if message.table is self.table:
            self._show_notes()

    @task
    async def _show_notes(self) -> None:
        from socconsole.store.queries.sources import source_notes

        row = self.table.cursor_row
        notes: tuple[SourceNoteRow, ...] = ()
        if row is not None:
            notes = await console(self).store.read(source_notes, source_id=row.id, limit=_NOTES)
        for part in ("#happened", "#notes"):
            self.query_one(part).display = row is not None
        self.query_one("#notes", VirtualTable).show_rows([(note.id, note) for note in notes])

    def on_virtual_table_chosen(self, message: VirtualTable.Chosen) -> None:
        message.stop()
        self._open_notes()

    @task
    async def _open_notes(self) -> None:
        from socconsole.store.queries.sources import source_notes

        row = self.table.cursor_row
        if row is not None:
            notes = await console(self).store.read(source_notes, source_id=row.id)
            console(self).open(TextScreen(f"Source {row.name}", source_lines(row, notes)))

    @task
    async def action_add_source(self) -> None:
        """Lead to one more source that is read."""
        from socconsole.tui.verbs.first_source import name_source

        if await name_source(console(self)):
            self.action_load()

    @task
    async def action_unparsed(self) -> None:
        """Show the newest lines of the source that no parser reads."""
        row = self.table.cursor_row
        if row is None:
            return
        asked = Asked(row.id, lambda event: event.format == "unparsed")
        _, found = await console(self).store.with_events(
            lambda events: read_first(events, asked, _UNPARSED_SHOWN)
        )
        lines: list[Line] = [((kept.event.raw, ""),) for kept in found.events]
        if not found.complete:
            lines.append((("Looked for two seconds; older lines may be unparsed too.", "warn"),))
        nothing: list[Line] = [(("Every line kept of it was read.", "good"),)]
        console(self).open(TextScreen(f"Unparsed lines of {row.name}", lines or nothing))

    def _columns(self) -> "list[Column[SourceRow]]":
        return [
            Column("state", "", 2, _mark, source_style),
            Column("name", "Source", 12, lambda row: row.name),
            Column("state_word", "State", 9, lambda row: row.state, source_style),
            Column("last", "Last", 4, self._last, right=True, value=_read_ago),
            Column("lines", "Lines", 9, lambda row: f"{row.lines:,}", right=True),
            Column("unparsed", "Unparsed", 8, lambda row: f"{row.unparsed:,}", _unread, right=True),
            Column("lag", "Lag B", 8, lambda row: f"{row.lag_bytes:,}", right=True, least=90),
            Column("hits", "Hits", 6, lambda row: f"{row.detections:,}", right=True),
            Column("files", "Files", 5, lambda row: str(row.files), right=True, least=90),
            Column("format", "Read as", 20, lambda row: ", ".join(row.formats), least=110, grow=1),
            Column("path", "Path", 24, lambda row: row.path, lambda _: "muted", least=140, grow=2),
            Column("error", "Trouble", 10, _trouble, lambda _: "bad", grow=2),
        ]

    def _last(self, row: "SourceRow") -> str:
        now: datetime = console(self).now()
        return span(now - row.last_read_at) if row.last_read_at else "–"


def _read_ago(row: "SourceRow") -> object:
    return -row.last_read_at.timestamp() if row.last_read_at else ""


def _trouble(row: "SourceRow") -> str:
    if row.error or not row.half_line:
        return row.error or ""
    return f"half a line: {row.half_line}"


def _mark(row: "SourceRow") -> str:
    if row.error:
        return "!"
    return "●" if row.enabled else "○"


def _unread(row: "SourceRow") -> str:
    return "warn" if row.unparsed else "muted"


_NOTE_COLUMNS: "list[Column[SourceNoteRow]]" = [
    Column("at", "When", 15, lambda note: f"{stamp(note.at)[5:10]} {clock(note.at)}"),
    Column("kind", "What", 12, lambda note: note.kind, lambda _: "warn"),
    Column("bytes", "Where", 30, bytes_of, least=120),
    Column("file", "File", 12, lambda note: note.path.rpartition("/")[2], grow=1),
    Column("text", "Remark", 24, lambda note: note.text, grow=4),
]
