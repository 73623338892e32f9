"""One ticket, with everything that hangs on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from socconsole.core.policy import CasesPolicy
from socconsole.errors import NotFoundError
from socconsole.tui.console import console
from socconsole.tui.keymap import key
from socconsole.tui.place import Place
from socconsole.tui.reading.freshness import ReadsAgain, leave_gone, say_unread
from socconsole.tui.reading.store_access import AnySession
from socconsole.tui.reading.watching import Watching
from socconsole.tui.tasks import task
from socconsole.tui.texts.ticket_text import refs_of, ticket_lines
from socconsole.tui.verbs import ticket_verbs
from socconsole.tui.verbs.ticket_verbs import Chosen
from socconsole.tui.verbs.whole_case import copy_marked, open_named, show_tasks
from socconsole.tui.widgets.drawn import Drawn
from socconsole.tui.widgets.frame import framed
from socconsole.tui.widgets.text_pane import TextPane

if TYPE_CHECKING:
    from socconsole.services.templates import Answer
    from socconsole.store.queries.casefile import Casefile
    from socconsole.store.queries.lessons import Lesson
    from socconsole.store.queries.similar import Similar


@dataclass(frozen=True, slots=True)
class SeenTicket:
    """A ticket with what earlier ones say about it."""

    file: "Casefile"
    similar: "tuple[Similar, ...]"
    lessons: "tuple[Lesson, ...]"
    answers: "tuple[Answer, ...]"
    """The fields its template adds."""


def read_ticket(session: AnySession, ticket_id: int, policy: CasesPolicy) -> SeenTicket:
    """Return all of a ticket, closed ones like it and lessons, in one snapshot."""
    from socconsole.services.templates import answers
    from socconsole.store.queries.casefile import casefile
    from socconsole.store.queries.lessons import lessons
    from socconsole.store.queries.similar import similar

    file = casefile(session, ticket_id)
    rules = sorted({alert.rule_id for alert in file.detail.alerts})
    return SeenTicket(
        file,
        similar(session, ticket_id),
        lessons(session, rules),
        answers(session, ticket_id, policy),
    )


class TicketScreen(ReadsAgain, Screen[None]):
    """A ticket of a list; J and K walk the list."""

    TITLE = "Ticket"
    BINDINGS: ClassVar[list[BindingType]] = [
        *ticket_verbs.BINDINGS,
        key("ticket.walk_next", "J", "walk(1)", "Next ticket", hint="next"),
        key("ticket.walk_previous", "K", "walk(-1)", "Previous ticket"),
        key(
            "ticket.open", "enter,l,right", "open_one", "Open an alert, ticket or whatever it names"
        ),
        key("ticket.same", "D", "same", "Same as last time: resolve as the one like it was"),
        key("ticket.tasks", "v", "tasks", "All tasks, with what they say"),
        key("ticket.where", "z", "where", "Where else a value of it occurs"),
        key("ticket.attach_file", "f", "attach_file", "Attach a file as evidence"),
        key("ticket.export", "E", "export", "Hand it out, cut to its readers"),
        key("ticket.copy", "y", "copy", "Copy the text, defanged"),
        key("ticket.refresh", "r", "load", "Read again"),
    ]

    def __init__(self, ids: Sequence[int], position: int) -> None:
        super().__init__()
        self._place = Place(ids, position)
        self._seen: SeenTicket | None = None
        self._watching = Watching("ticket")

    @property
    def ticket_id(self) -> int:
        """The ticket on screen."""
        return self._place.here

    def compose(self) -> ComposeResult:
        yield from framed(TextPane())

    def on_mount(self) -> None:
        self.query_one(TextPane).focus()

    @task
    async def action_load(self) -> None:
        wanted = self.ticket_id
        try:
            seen = await console(self).store.read(read_ticket, wanted, console(self).settings.cases)
        except NotFoundError:
            leave_gone(console(self), self)
            return
        if wanted == self.ticket_id:
            fresh = self._seen is None or self._seen.file.detail.row.id != wanted
            self._seen = seen
            self._show(top=fresh)
            if await self._watching.update(console(self), wanted) and wanted == self.ticket_id:
                self._show(top=False)

    def _show(self, *, top: bool) -> None:
        seen = self._seen
        if seen is None:
            return
        file = seen.file
        self.query_one("#bar", Drawn).show(
            (f" {file.detail.row.human_id} ", "tab-active"),
            (self._place.words, "muted"),
            (self._watching.words, "warn"),
        )
        lines = ticket_lines(file, seen.similar, seen.lessons, console(self).now(), seen.answers)
        self.query_one(TextPane).show(lines, top=top)

    def action_walk(self, by: int) -> None:
        if not self._place.step(by):
            console(self).say("There is no further ticket in this list.")
            return
        self.action_load()

    @task
    async def action_verb(self, name: str) -> None:
        if self._seen is None:
            say_unread(console(self))
            return
        row = self._seen.file.detail.row
        await ticket_verbs.VERBS[name](console(self), Chosen((self.ticket_id,), row))

    @task
    async def action_same(self) -> None:
        from socconsole.services import precedents

        if self._seen is None or not self._seen.similar:
            console(self).say("There is no closed ticket like it.")
            return
        like = self._seen.similar[0]
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
        from socconsole.tui.terminal.editor import read_file

        if self._seen is None:
            return
        path = await console(self).ask("Attach file")
        if not path:
            return
        content = await console(self).store.in_thread(
            lambda: read_file(path, evidence.LARGEST_BYTES + 1)
        )
        about = Subject("ticket", self.ticket_id, self._seen.file.detail.row.human_id)
        capture = evidence.file_capture(content, path)
        await console(self).change(evidence.attach, about, capture, done="Attached")

    @task
    async def action_open_one(self) -> None:
        """Open one of the things the ticket names."""
        if self._seen is None:
            return
        file = self._seen.file
        await open_named(console(self), file.detail.row.human_id, refs_of(file))

    def action_tasks(self) -> None:
        if self._seen is not None:
            detail = self._seen.file.detail
            show_tasks(console(self), detail.row.human_id, detail.tasks)

    @task
    async def action_where(self) -> None:
        """Show every alert, ticket and incident a value of this ticket occurs in."""
        from socconsole.store.queries.occurrences import occurrences
        from socconsole.tui.screens.refs import RefsScreen

        if self._seen is None:
            return
        seen = self._seen.file.observables
        value = await console(self).ask("Where else is", initial=seen[0].value if seen else "")
        if value:
            refs = await console(self).store.read(occurrences, value)
            console(self).open(RefsScreen(f"Where {value} occurs", refs))

    @task
    async def action_export(self) -> None:
        """Ask for audience and format and write the file."""
        from socconsole.tui.verbs.export_form import export

        if self._seen is not None:
            await export(console(self), "ticket", self._seen.file.detail.row)

    @task
    async def action_copy(self) -> None:
        text = self.query_one(TextPane).text
        await copy_marked(console(self), "ticket", self.ticket_id, text)
