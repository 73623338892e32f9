"""One incident: where it stands, its clocks, what is done about it, its timeline."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from socconsole.errors import NotFoundError
from socconsole.tui.console import console
from socconsole.tui.keymap import key
from socconsole.tui.place import Place
from socconsole.tui.reading.freshness import ReadsAgain, leave_gone, say_unread
from socconsole.tui.tasks import task
from socconsole.tui.texts.incident_text import incident_lines, refs_of_incident
from socconsole.tui.verbs import incident_verbs
from socconsole.tui.verbs.incident_course import Chosen
from socconsole.tui.verbs.whole_case import copy_marked, open_named, show_tasks
from socconsole.tui.widgets.drawn import Drawn
from socconsole.tui.widgets.frame import framed
from socconsole.tui.widgets.text_pane import TextPane

if TYPE_CHECKING:
    from socconsole.store.queries.incident_file import IncidentFile

_TIMELINES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("everything", ()),
    ("what happened", ("alert", "event", "evidence")),
    ("what we did", ("action", "countermeasure", "decision", "message", "phase")),
    ("what we decided", ("decision",)),
    ("what we told", ("message",)),
    ("what we wrote", ("note", "finding")),
)


class IncidentScreen(ReadsAgain, Screen[None]):
    """An incident of a list; J and K walk the list."""

    TITLE = "Incident"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(one for one in incident_verbs.BINDINGS if one.id != "incident.task"),
        key("incident.tasks", "T", "verb('task')", "Add a task, finish one, cancel one"),
        key("incident.all_tasks", "v", "all_tasks", "All tasks, with what they say"),
        key("incident.review", "w", "review", "The review after it"),
        key("incident.export", "E", "export", "Hand it out, cut to its readers"),
        key("incident.walk_next", "J", "walk(1)", "Next incident"),
        key("incident.walk_previous", "K", "walk(-1)", "Previous incident"),
        key(
            "incident.open",
            "enter,l,right",
            "open_one",
            "Open an alert, ticket or whatever it names",
        ),
        key("incident.timeline", "right_square_bracket", "timeline", "Timeline: which entries"),
        key("incident.copy", "y", "copy", "Copy the text, defanged"),
        key("incident.refresh", "r", "load", "Read again"),
    ]

    def __init__(self, ids: Sequence[int], position: int) -> None:
        super().__init__()
        self._place = Place(ids, position)
        self._file: IncidentFile | None = None
        self._kinds = 0

    @property
    def incident_id(self) -> int:
        """The incident on screen."""
        return self._place.here

    def compose(self) -> ComposeResult:
        yield from framed(TextPane())

    def on_mount(self) -> None:
        self.query_one(TextPane).focus()

    @task
    async def action_load(self) -> None:
        from socconsole.store.queries.incident_file import incident_file

        wanted = self.incident_id
        try:
            file = await console(self).store.read(incident_file, wanted)
        except NotFoundError:
            leave_gone(console(self), self)
            return
        if wanted == self.incident_id:
            fresh = self._file is None or self._file.detail.row.id != wanted
            self._file = file
            self._show(top=fresh)

    def _show(self, *, top: bool) -> None:
        file = self._file
        if file is None:
            return
        name, kinds = _TIMELINES[self._kinds]
        self.query_one("#bar", Drawn).show(
            (f" {file.detail.row.human_id} ", "tab-active"),
            (f"{self._place.words}  timeline: {name} ]", "muted"),
        )
        self.query_one(TextPane).show(incident_lines(file, console(self).now(), kinds), top=top)

    def action_timeline(self) -> None:
        self._kinds = (self._kinds + 1) % len(_TIMELINES)
        self._show(top=False)

    def action_walk(self, by: int) -> None:
        if not self._place.step(by):
            console(self).say("There is no further incident in this list.")
            return
        self.action_load()

    @task
    async def action_verb(self, name: str) -> None:
        if self._file is None:
            say_unread(console(self))
            return
        await incident_verbs.VERBS[name](console(self), Chosen(self._file.detail.row))

    @task
    async def action_open_one(self) -> None:
        """Open one of the alerts and tickets of the incident."""
        if self._file is None:
            say_unread(console(self))
            return
        file = self._file
        await open_named(console(self), file.detail.row.human_id, refs_of_incident(file))

    def action_all_tasks(self) -> None:
        if self._file is not None:
            show_tasks(console(self), self._file.detail.row.human_id, self._file.tasks)

    @task
    async def action_review(self) -> None:
        """Show the review; write a section, add a lesson or an action, or finish it."""
        from socconsole.tui.verbs.review_form import review

        if self._file is not None:
            await review(console(self), self._file.detail.row)

    @task
    async def action_export(self) -> None:
        """Ask for audience and format and write the file."""
        from socconsole.tui.verbs.export_form import export

        if self._file is not None:
            await export(console(self), "incident", self._file.detail.row)

    @task
    async def action_copy(self) -> None:
        text = self.query_one(TextPane).text
        await copy_marked(console(self), "incident", self.incident_id, text)
