"""The handoff: the draft of this shift, the one to accept, and the ones before."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from textwrap import wrap
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from socconsole.core import handoff as computing
from socconsole.core.handoff_item import Change
from socconsole.core.handoff_text import Entry, Paper, lines_of, moved
from socconsole.core.shift_facts import TITLES, WRITTEN, Section
from socconsole.tui.asking import read_first
from socconsole.tui.console import console
from socconsole.tui.keymap import key
from socconsole.tui.reading.freshness import ReadsAgain
from socconsole.tui.reading.store_access import AnySession
from socconsole.tui.tasks import task
from socconsole.tui.verbs.ask_number import ask_number
from socconsole.tui.verbs.ask_when import ask_when
from socconsole.tui.verbs.field_edit import settle
from socconsole.tui.verbs.open_ref import open_ref
from socconsole.tui.widgets.columns import Column
from socconsole.tui.widgets.drawn import Drawn
from socconsole.tui.widgets.frame import framed
from socconsole.tui.widgets.layout import Stands
from socconsole.tui.widgets.table import VirtualTable

if TYPE_CHECKING:
    from datetime import datetime

    from socconsole.core.policy import Settings

_MARKS = {Change.NEW: "+", Change.CHANGED: "~", Change.SAME: " ", Change.ENDED: "-"}
_CHANGE_STYLES = {
    Change.NEW: "good",
    Change.CHANGED: "warn",
    Change.SAME: "muted",
    Change.ENDED: "muted",
}
_STATES = {"accepted": "✓ yes", "refused": "✗ no", "pending": ""}


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: an item, or the heading of a section."""

    text: str
    entry: Entry | None = None
    detail: bool = False
    """A line that belongs to the item above it."""
    shown: str = ""
    """The first line of a text that goes on below; empty: all of it stands here."""

    @property
    def mark(self) -> str:
        return "" if self.entry is None or self.detail else _MARKS[self.entry.item.change]

    @property
    def stands(self) -> Stands:
        if self.detail:
            return Stands.BELOW
        return Stands.FIRST if self.entry is None else Stands.FREE

    @property
    def style(self) -> str:
        if self.detail:
            return "muted"
        return "heading" if self.entry is None else ""


def rows_of(paper: Paper, *, everything: bool, width: int = 0) -> Iterator[Row]:
    """Yield the rows of a handoff; what is the same as last time is folded unless `everything`.

    What is longer than `width` goes on in the next row: on paper nothing is cut off. 0: no limit.
    """
    for row in _rows(paper, everything=everything):
        yield from _wrapped(row, width)


def _wrapped(row: Row, width: int) -> Iterator[Row]:
    room = width - 2 if row.detail else width
    text = _text(row).strip()
    if not width or room < _NARROWEST or len(text) <= room:
        yield row
        return
    first, *rest = wrap(text, room, break_on_hyphens=False)
    yield replace(row, shown=first)
    yield from (Row(line, row.entry, detail=True) for line in rest)


_NARROWEST = 20


def _rows(paper: Paper, *, everything: bool) -> Iterator[Row]:
    for warning in paper.warnings:
        yield Row(f"! {warning}", detail=True)
    for section in Section:
        entries = paper.in_section(section)
        if not entries:
            continue
        fresh = [e for e in entries if e.item.change is not Change.SAME]
        shown = entries if everything else [*fresh, *_undecided_same(paper, entries)]
        folded = len(entries) - len(shown)
        more = f", {folded} the same as last time (d shows them)" if folded else ""
        yield Row(f"{TITLES[section]} ({len(entries)}{more})")
        for entry in shown:
            yield from _item_rows(entry)
    if paper.changed_since:
        yield Row(f"Changed since signing ({len(paper.changed_since)})")
        for item in paper.changed_since:
            yield Row("", Entry(item))
            yield from (Row(line, Entry(item), detail=True) for line in moved(item))
    for at, by, text in paper.amendments:
        yield Row(f"said after signing, {at:%d %b %H:%MZ} {by}: {text}", detail=True)


def _undecided_same(paper: Paper, entries: tuple[Entry, ...]) -> list[Entry]:
    """In a signed handoff whatever waits to be accepted is shown, changed or not."""
    if paper.state != "signed":
        return []
    return [e for e in entries if e.item.change is Change.SAME and e.state == "pending"]


def _item_rows(entry: Entry) -> Iterator[Row]:
    item = entry.item
    yield Row("", entry)
    if item.next_step:
        due = f" by {item.due_at:%d %b %H:%MZ}" if item.due_at else ""
        yield Row(f"next: {item.next_step}{due}", entry, detail=True)
    yield from (Row(line, entry, detail=True) for line in item.details)
    yield from (Row(f"was: {line}", entry, detail=True) for line in item.was)
    if item.gaps:
        yield Row(f"lacks {', '.join(item.gaps)}", entry, detail=True)
    if entry.reason:
        yield Row(f"refused by {entry.decided_by}: {entry.reason}", entry, detail=True)


@dataclass(frozen=True, slots=True)
class Seen:
    """The handoffs there are, the draft first, and the one that is read."""

    ids: tuple[int | None, ...]
    place: int
    paper: Paper


def read_handoffs(
    session: AnySession, place: int | None, login: str, now: "datetime", policy: "Settings"
) -> Seen:
    """Read the handoff at `place`; None: the one that waits for this analyst, else the draft."""
    from socconsole.store.queries.handoffs import handoffs

    signed = [row for row in handoffs(session) if row.state != "draft"]
    ids = (None, *(row.id for row in signed))
    if place is None:
        waits = bool(signed) and signed[0].state == "signed" and signed[0].signed_by != login
        place = int(waits)
    place = min(place, len(ids) - 1)
    return Seen(ids, place, read_paper(session, ids[place], now, policy))


def read_paper(
    session: AnySession, handoff_id: int | None, now: "datetime", policy: "Settings"
) -> Paper:
    """Return a handoff, or the draft for None."""
    from socconsole.services import handoff_paper

    if handoff_id is None:
        return handoff_paper.paper_of_draft(session, now=now, policy=policy)
    return handoff_paper.paper_of(session, handoff_id, now=now, policy=policy)


class HandoffScreen(ReadsAgain, Screen[None]):
    """Draft and sign the shift's handoff; accept the last one item by item."""

    TITLE = "Handoff"
    BINDINGS: ClassVar[list[BindingType]] = [
        key("handoff.accept", "y", "accept", "Accept the item", hint="accept"),
        key("handoff.refuse", "n", "refuse", "Refuse the item, with a reason", hint="refuse"),
        key("handoff.write", "e", "write", "What the next shift is walking into", hint="write"),
        key("handoff.line", "plus", "line", "Add to watch list, intelligence, …", hint="line"),
        key("handoff.sign", "greater_than_sign", "sign", "Sign it", hint="sign"),
        key("handoff.amend", "c", "amend", "Say something after signing"),
        key("handoff.all", "d", "everything", "What is the same as last time too"),
        key("handoff.older", "left_square_bracket", "walk(1)", "The one before"),
        key("handoff.newer", "right_square_bracket", "walk(-1)", "The one after; then the draft"),
        key("handoff.compare", "o", "compare", "Compare with another one"),
        key("handoff.copy", "Y", "copy", "Copy it as text"),
        key("handoff.refresh", "r", "load", "Compute again"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._paper: Paper | None = None
        self._ids: tuple[int | None, ...] = (None,)
        self._place = 0
        self._chosen = False
        """Whether the analyst picked this one; else the one that waits is shown."""
        self._everything = False

    def compose(self) -> ComposeResult:
        yield from framed(
            VirtualTable(
                _COLUMNS,
                empty="Nothing to hand over. e says so to the next shift.",
                stands=lambda row: row.stands,
            )
        )

    @property
    def table(self) -> "VirtualTable[Row]":
        return self.query_one(VirtualTable)

    def on_mount(self) -> None:
        self.table.focus()

    @task
    async def action_load(self) -> None:
        app = console(self)
        place = self._place if self._chosen else None
        seen = await app.store.read(read_handoffs, place, app.login, app.now(), app.settings)
        self._ids, self._place, self._paper = seen.ids, seen.place, seen.paper
        self._show()

    def on_resize(self) -> None:
        self._show()

    def _show(self) -> None:
        paper = self._paper
        if paper is None:
            return
        span = f"{paper.since:%d %b %H:%MZ} – {paper.until:%H:%MZ}"
        signed = f"  signed {paper.signed_by}" if paper.signed_by else ""
        accepted = f"  accepted {paper.accepted_by}" if paper.accepted_by else ""
        by_self = " (self)" if paper.self_accepted else ""
        name = f" Handoff {paper.id} " if paper.signed_by else " Draft "
        self.query_one("#bar", Drawn).show(
            (name, "tab-active"),
            (f" {paper.shift}  {span}{signed}{accepted}{by_self}", ""),
            (f"  {self._place + 1}/{len(self._ids)} [ ]", "muted"),
        )
        room = max(self.size.width - _OTHER_COLUMNS, 0)
        rows = list(rows_of(paper, everything=self._everything, width=room))
        self.table.show_rows(list(enumerate(rows, start=1)))

    def action_walk(self, by: int) -> None:
        place = self._place + by
        if not 0 <= place < len(self._ids):
            console(self).say("There is no further handoff.")
            return
        self._place, self._chosen = place, True
        self.action_load()

    def action_everything(self) -> None:
        self._everything = not self._everything
        self._show()

    # Writing and signing.

    @task
    async def action_write(self) -> None:
        from socconsole.services import handoffs
        from socconsole.store.queries.handoffs import open_draft

        app = console(self)
        draft = await read_first(app, open_draft)
        before, place = draft.paragraph if draft else "", "handoff:paragraph"
        begun, label = app.drafts.begun_from(place, before), "They walk into"
        text: object = await app.ask(label, initial=before, draft=place, lines=True)
        if text is not None and before and before not in (begun, text):
            text = await settle(app, (place, label), text, before, joint="\n")
        if text is not None:
            self._place, self._chosen = 0, True
            await app.change(handoffs.write, text, base=before, policy=app.settings, done="Written")

    @task
    async def action_line(self) -> None:
        from socconsole.services import handoffs

        app = console(self)
        keys = dict(zip("nwit", WRITTEN, strict=True))
        pressed = await app.choose("Add to", {k: TITLES[s] for k, s in keys.items()})
        if pressed is None:
            return
        text = await self._line(keys[pressed])
        if not text:
            return
        due = await ask_when(app, "By when (empty: no time)")
        if due is None:
            return
        line = handoffs.Line(section=keys[pressed], text=text, due_at=due.at)
        await app.change(handoffs.add_line, line, policy=app.settings, done="Added")

    async def _line(self, section: Section) -> str | None:
        """Ask for a line; one of the watch list says when, and what to do then."""
        app = console(self)
        place = f"handoff:line:{section.value}"
        if section is not Section.WATCH_LIST:
            return await app.ask(TITLES[section], draft=place)
        happens = await app.ask("If", draft=place)
        do = await app.ask(f"If {happens}, do", draft=f"{place}:do") if happens else None
        return computing.contingency(happens, do) if happens and do else None

    @task
    async def action_sign(self) -> None:
        from socconsole.services import handoffs

        app = console(self)
        self._place, self._chosen = 0, True
        paper = await read_first(app, read_paper, None, app.now(), app.settings)
        handoffs.require_complete([entry.item for entry in paper.entries])
        more = f" (1 of {len(paper.warnings)} warnings)" if len(paper.warnings) > 1 else ""
        pointed = f"{paper.warnings[0]}{more} " if paper.warnings else ""
        if not await app.confirm(f"{pointed}Sign the handoff?"):
            return
        row = await app.change(handoffs.sign, since=paper.since, policy=app.settings)
        if row is not None:
            self._place = 1
            app.say(f"Handoff {row.id} is signed; the next shift accepts it · u undoes")
            self.action_load()

    @task
    async def action_amend(self) -> None:
        from socconsole.services import handoffs

        app, paper = console(self), self._paper
        if paper is None or paper.id is None or paper.signed_by is None:
            app.say("Only a signed handoff is amended; e and + write the draft.")
            return
        text = await app.ask("Said after signing", draft=f"handoff:{paper.id}:amend", lines=True)
        if text:
            await app.change(handoffs.amend, paper.id, text, done="Amended")

    # Accepting.

    def _waiting(self) -> list[int]:
        """Return the undecided items that are marked, or the one under the cursor."""
        chosen = self.table.selection()
        rows = self.table.selected_rows() if chosen.marked else [self.table.cursor_row]
        found = {
            row.entry.id: None
            for row in rows
            if row is not None
            and row.entry is not None
            and row.entry.id is not None
            and row.entry.state == "pending"
        }
        return list(found)

    @task
    async def action_accept(self) -> None:
        from socconsole.services import handoff_items

        app, paper = console(self), self._paper
        if paper is None or paper.id is None or paper.signed_by is None:
            app.say("A draft is not accepted; > signs it.")
            return
        ids = self._waiting()
        if not ids:
            app.say("There is nothing to accept on this line.")
            return
        owned = [e for e in paper.in_section(Section.TICKETS) if e.id in ids]
        more = ", its ticket is yours" if len(owned) == 1 else ", their tickets are yours"
        said = f"Accepted {len(ids)} item{'s' if len(ids) > 1 else ''}{more if owned else ''}"
        result = await app.change(handoff_items.accept, paper.id, ids, done=said)
        if result is not None:
            self.table.clear_marks()
            self.table.advance(_is_undecided)

    @task
    async def action_refuse(self) -> None:
        from socconsole.services import handoff_items

        app = console(self)
        ids = self._waiting()
        if not ids:
            app.say("There is nothing to refuse on this line.")
            return
        if len(ids) > 1:
            app.say("Refuse them one by one: each goes back with its own reason.")
            return
        reason = await app.ask("Refuse because")
        if reason:
            await app.change(
                handoff_items.refuse, ids[0], reason, policy=app.settings, done="Refused, goes back"
            )

    # Looking.

    def on_virtual_table_chosen(self, message: VirtualTable.Chosen) -> None:
        message.stop()
        self._open()

    @task
    async def _open(self) -> None:
        row = self.table.cursor_row
        if row is None or row.entry is None:
            return
        refs = row.entry.item.rows or (row.entry.item.ref,)
        if len(refs) == 1:
            await open_ref(console(self), refs[0])
        else:
            from socconsole.tui.screens.refs import RefsScreen

            console(self).open(RefsScreen(row.entry.item.text, refs))

    @task
    async def action_compare(self) -> None:
        from socconsole.services import handoffs
        from socconsole.tui.screens.text import TextScreen

        app, paper = console(self), self._paper
        if paper is None or paper.id is None:
            app.say("The draft is compared with the last one already.")
            return
        other = await ask_number(app, f"Compare handoff {paper.id} with number")
        if other is not None:
            items = await app.store.read(handoffs.compare, other, paper.id)
            lines = [
                (
                    (f"{_MARKS[item.change]} {item.change.value:<8}", _CHANGE_STYLES[item.change]),
                    (f"{item.ref}  {item.text}", ""),
                )
                for item in items
            ]
            app.open(TextScreen(f"Handoff {other} to {paper.id}", lines))

    def action_copy(self) -> None:
        if self._paper is not None:
            console(self).copy("\n".join(lines_of(self._paper, everything=self._everything)))


def _is_undecided(row: Row) -> bool:
    return row.entry is not None and not row.detail and row.entry.state == "pending"


def _text(row: Row) -> str:
    if row.shown:
        return f"  {row.shown}" if row.detail else row.shown
    if row.entry is None or row.detail:
        return row.text if not row.detail else f"  {row.text}"
    item = row.entry.item
    name = f"{item.ref} " if item.ref.startswith(("SOC-", "INC-")) else ""
    return f"{name}{item.text}"


def _owner(row: Row) -> str:
    return "" if row.entry is None or row.detail else row.entry.item.owner or ""


def _state(row: Row) -> str:
    if row.entry is None or row.detail or row.entry.id is None:
        return ""
    return _STATES[row.entry.state]


_OTHER_COLUMNS = 20
"""What the columns beside the text take, with their spaces."""

_COLUMNS: tuple[Column[Row], ...] = (
    Column(
        "change",
        "",
        1,
        lambda row: row.mark,
        lambda row: _CHANGE_STYLES[row.entry.item.change] if row.entry else "",
    ),
    Column("text", "What", 30, _text, lambda row: row.style, grow=1),
    Column("owner", "Own", 8, _owner),
    Column("state", "Acc", 5, _state, lambda row: "bad" if _state(row) == "✗ no" else "good"),
)
