"""One ticket, with everything that hangs on it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from socconsole.core.observable import defang
from socconsole.tui import ticket_verbs
from socconsole.tui.keymap import key
from socconsole.tui.open_ref import open_ref
from socconsole.tui.screens import console
from socconsole.tui.store_access import AnySession
from socconsole.tui.tasks import task
from socconsole.tui.ticket_text import ticket_lines
from socconsole.tui.ticket_verbs import Chosen
from socconsole.tui.widgets.drawn import Drawn
from socconsole.tui.widgets.header import StatusHeader
from socconsole.tui.widgets.prompt import PromptLine
from socconsole.tui.widgets.text_pane import TextPane

if TYPE_CHECKING:
    from socconsole.store.queries.casefile import Casefile
    from socconsole.store.queries.similar import Similar


def read_ticket(session: AnySession, ticket_id: int) -> "tuple[Casefile, tuple[Similar, ...]]":
    """Return all of a ticket, and closed ones like it, in one snapshot."""
    from socconsole.store.queries.casefile import casefile
    from socconsole.store.queries.similar import similar

    return casefile(session, ticket_id), similar(session, ticket_id)


class TicketScreen(Screen[None]):
    """A ticket of a list; J and K walk the list."""

    TITLE = "Ticket"
    BINDINGS: ClassVar[list[BindingType]] = [
        *ticket_verbs.BINDINGS,
        key("ticket.walk_next", "J", "walk(1)", "Next ticket", hint="next"),
        key("ticket.walk_previous", "K", "walk(-1)", "Previous ticket"),
        key("ticket.open", "enter,l,right", "open_one", "Open an alert, ticket or incident of it"),
        key("ticket.same", "D", "same", "Same as last time: resolve as the one like it was"),
        key("ticket.attach_file", "f", "attach_file", "Attach a file as evidence"),
        key("ticket.copy", "y", "copy", "Copy the text, defanged"),
        key("ticket.refresh", "r", "load", "Read again"),
    ]

    def __init__(self, ids: Sequence[int], position: int) -> None:
        super().__init__()
        self._ids = ids
        self._position = position
        self._file: Casefile | None = None
        self._similar: Sequence[Similar] = ()

    @property
    def ticket_id(self) -> int:
        """The ticket on screen."""
        return self._ids[self._position]

    def compose(self) -> ComposeResult:
        yield StatusHeader()
        yield Drawn(id="bar")
        yield TextPane()
        yield PromptLine()

    def on_mount(self) -> None:
        self.query_one(TextPane).focus()
        self.action_load()

    def on_store_changed(self) -> None:
        self.action_load()

    def on_screen_resume(self) -> None:
        self.action_load()

    @task
    async def action_load(self) -> None:
        wanted = self.ticket_id
        file, similar = await console(self).store.read(read_ticket, wanted)
        if wanted == self.ticket_id:
            fresh = self._file is None or self._file.detail.row.id != wanted
            self._file, self._similar = file, similar
            self._show(top=fresh)

    def _show(self, *, top: bool) -> None:
        file = self._file
        if file is None:
            return
        place = f"  {self._position + 1}/{len(self._ids)}  J next, K previous"
        self.query_one("#bar", Drawn).show(
            (f" {file.detail.row.human_id} ", "tab-active"),
            (place if len(self._ids) > 1 else "", "muted"),
        )
        lines = ticket_lines(file, self._similar, console(self).now())
        self.query_one(TextPane).show(lines, top=top)

    def action_walk(self, by: int) -> None:
        position = self._position + by
        if not 0 <= position < len(self._ids):
            console(self).say("There is no further ticket in this list.")
            return
        self._position = position
        self.action_load()

    @task
    async def action_verb(self, name: str) -> None:
        row = self._file.detail.row if self._file else None
        await ticket_verbs.VERBS[name](console(self), Chosen((self.ticket_id,), row))

    @task
    async def action_same(self) -> None:
        from socconsole.services import precedents

        if not self._similar:
            console(self).say("There is no closed ticket like it.")
            return
        like = self._similar[0]
        turned_out = (like.disposition or "").replace("_", " ")
        if await console(self).confirm(f"Resolve as {like.human_id} was: {turned_out}?"):
            await console(self).change(
                precedents.apply,
                self.ticket_id,
                like.id,
                policy=console(self).settings,
                done=f"Resolved as {like.human_id} was",
            )

    @task
    async def action_attach_file(self) -> None:
        from socconsole.services import evidence
        from socconsole.store.queries.subjects import Subject
        from socconsole.tui.editor import read_file

        if self._file is None:
            return
        path = await console(self).ask("Attach file")
        if not path:
            return
        content = await console(self).store.in_thread(lambda: read_file(path))
        about = Subject("ticket", self.ticket_id, self._file.detail.row.human_id)
        capture = evidence.file_capture(content, path)
        await console(self).change(evidence.attach, about, capture, done="Attached")

    @task
    async def action_open_one(self) -> None:
        """Open one of the things the ticket names."""
        if self._file is None:
            return
        detail = self._file.detail
        refs = [f"alert:{alert.id}" for alert in detail.alerts]
        refs += [link.human_id for link in detail.links]
        refs += [detail.row.incident] if detail.row.incident else []
        if not refs:
            console(self).say("It names no alert, ticket or incident.")
        elif len(refs) == 1:
            await open_ref(console(self), refs[0])
        else:
            from socconsole.tui.screens.refs import RefsScreen

            console(self).open(RefsScreen(f"In {detail.row.human_id}", refs))

    def action_copy(self) -> None:
        console(self).copy(defang(self.query_one(TextPane).text))

    @task
    async def action_undo(self) -> None:
        await console(self).undo_last()

    def action_actions(self) -> None:
        console(self).open_actions()
