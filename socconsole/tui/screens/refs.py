"""The rows behind a number: alerts, tickets and incidents by name."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from socconsole.tui.console import console
from socconsole.tui.keymap import key
from socconsole.tui.reading.freshness import ReadsFirst
from socconsole.tui.reading.store_access import AnySession
from socconsole.tui.tasks import task
from socconsole.tui.verbs import row_order
from socconsole.tui.verbs.open_ref import open_ref
from socconsole.tui.verbs.row_order import Ordered
from socconsole.tui.widgets.columns import Column
from socconsole.tui.widgets.drawn import Drawn
from socconsole.tui.widgets.header import StatusHeader
from socconsole.tui.widgets.prompt import PromptLine
from socconsole.tui.widgets.table import VirtualTable

MOST = 2_000
"""Rows that are listed."""


@dataclass(frozen=True, slots=True)
class RefRow:
    """A thing a number was made of."""

    ref: str
    text: str
    state: str


def read_refs(session: AnySession, refs: Sequence[str]) -> list[RefRow]:
    """Return what each reference names; one that is gone says so."""
    from socconsole.store.queries.named import named

    found = named(session, refs)
    return [RefRow(ref, *found.get(ref, ("", "gone"))) for ref in refs]


_COLUMNS: tuple[Column[RefRow], ...] = (
    Column("ref", "What", 14, lambda row: row.ref, lambda _: "key"),
    Column("state", "State", 12, lambda row: row.state),
    Column("text", "Title", 20, lambda row: row.text, grow=1),
)


class RefsScreen(Ordered, ReadsFirst, Screen[None]):
    """Lists references; Enter opens one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *row_order.BINDINGS,
        key("refs.refresh", "r", "load", "Read again"),
    ]

    def __init__(self, title: str, refs: Sequence[str], number: int | None = None) -> None:
        """List the first of `refs`, of `number` that there are."""
        super().__init__()
        self.title = title
        self._refs = tuple(refs)[:MOST]
        self._left_out = (len(refs) if number is None else number) - len(self._refs)

    def compose(self) -> ComposeResult:
        yield StatusHeader()
        more = f"  and {self._left_out} more" if self._left_out else ""
        yield Drawn([(f" {self.title} ", "tab-active"), (more, "muted")], id="bar")
        yield VirtualTable(_COLUMNS, empty="Nothing is behind this number.")
        yield PromptLine()

    def on_mount(self) -> None:
        self.query_one(VirtualTable).focus()
        self.let_keys_in_after(self.action_load())

    def on_store_changed(self) -> None:
        if not self.query_one(VirtualTable).line_count:  # the store was away
            self.action_load()

    @task
    async def action_load(self) -> None:
        rows = await console(self).store.read(read_refs, self._refs)
        self.query_one(VirtualTable).show_rows(list(enumerate(rows, start=1)))

    def on_virtual_table_chosen(self, message: VirtualTable.Chosen) -> None:
        message.stop()
        self._open(self._refs[message.row_id - 1])

    @task
    async def _open(self, ref: str) -> None:
        await open_ref(console(self), ref)
