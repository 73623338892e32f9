"""What can be done with lines of sources, on the live tail and among search results."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from textual.binding import Binding

from socconsole.tui.console import console
from socconsole.tui.keymap import key
from socconsole.tui.reading.tail_reading import Asked
from socconsole.tui.tasks import task
from socconsole.tui.texts.event_text import event_lines
from socconsole.tui.verbs import tail_verbs
from socconsole.tui.verbs.value_filter import narrowed
from socconsole.tui.widgets.tail import TailLine

if TYPE_CHECKING:
    from textual.dom import DOMNode

    from socconsole.core.event import Event
    from socconsole.tui.console import Console

BINDINGS: tuple[Binding, ...] = (
    key("tail.jump", "at", "jump", "Jump to a time", hint="jump"),
    key("tail.value", "f", "value_filter", "Include, exclude, only, group by: the value here"),
    key("tail.hunt", "z", "hunt", "Hunt: one of its values over all sources"),
    key("tail.raw", "R,d", "event", "The event with all its fields"),
    key("tail.ticket", "t", "ticket", "Attach to a ticket, or to a new one", hint="ticket"),
    key("tail.incident", "i", "incident", "Attach to an incident"),
    key("tail.go_ticket", "T", "go_ticket", "Go to the ticket they went to"),
    key("tail.copy", "y", "copy", "Copy the lines"),
    key("tail.copy_value", "Y", "copy_value", "Choose a value of the line to copy"),
)
"""A screen with such lines has these; it answers with `jump` itself."""


class OnLines:
    """Mixed into a screen of lines: makes evidence of them, narrows and hunts by their values."""

    # What the screen says of itself.

    @property
    @abstractmethod
    def line_here(self) -> TailLine | None:
        """The line under the cursor."""

    @property
    @abstractmethod
    def lines_meant(self) -> Sequence[TailLine]:
        """The marked lines, else the one under the cursor."""

    @property
    @abstractmethod
    def asked(self) -> Asked:
        """Which events are shown."""

    @property
    @abstractmethod
    def typed_filter(self) -> str:
        """What was typed to narrow them."""

    @abstractmethod
    def take_filter(self, text: str) -> object:
        """Narrow by `text` from now on."""

    @abstractmethod
    def clear_marks(self) -> None:
        """Take every mark off."""

    # What all of them do.

    @property
    def _here(self) -> "Console":
        return console(cast("DOMNode", self))

    async def _event_here(self) -> "Event | None":
        """Return the event of the line here, read again; say so where it is gone."""
        line, app = self.line_here, self._here
        if line is None:
            app.say("There is no line here.")
            return None
        found = await app.store.with_events(lambda events: tail_verbs.lines_of(events, [line]))
        if not found:
            app.say("This line is past its retention.")
        return found[0].event if found else None

    @task
    async def action_event(self) -> None:
        """Show the event of the line here with all its fields."""
        from socconsole.tui.pages import TextPage

        event = await self._event_here()
        if event is not None:
            self._here.open(TextPage("Event", event_lines(event)))

    @task
    async def action_value_filter(self) -> None:
        """Narrow by a value of the line here."""
        event = await self._event_here()
        if event is None:
            return

        async def group() -> None:
            await tail_verbs.group_by(self._here, self.asked, self.typed_filter, self.take_filter)

        values = tail_verbs.values_of(event)
        text = await narrowed(self._here, self.typed_filter, values, group)
        if text is not None:
            self.take_filter(text)

    @task
    async def action_hunt(self) -> None:
        """Look for a value of the line here in everything that is retained."""
        event = await self._event_here()
        if event is None:
            return
        known = tail_verbs.values_of(event, entities_only=True)
        if not known:
            self._here.say("This line names no host, user or address.")
            return
        pressed = await self._here.choose("Hunt for", {k: v for k, (_, v) in known.items()})
        if pressed is not None:
            from socconsole.core.filter_edit import only

            self._here.search(only(*known[pressed]))

    @task
    async def action_copy_value(self) -> None:
        """Copy a value of the line here, defanged."""
        from socconsole.core.observable import defang

        event = await self._event_here()
        if event is not None:
            known = tail_verbs.values_of(event)
            offers = {pressed: f"{name} {value}" for pressed, (name, value) in known.items()}
            pressed = await self._here.choose("Copy", offers)
            if pressed is not None:
                self._here.copy(defang(known[pressed][1]))

    @task
    async def action_ticket(self) -> None:
        await self._hand_over(tail_verbs.attach_to_ticket)

    @task
    async def action_incident(self) -> None:
        await self._hand_over(tail_verbs.attach_to_incident)

    async def _hand_over(self, verb: tail_verbs.Verb) -> None:
        lines = self.lines_meant
        if not lines:
            self._here.say("There is no line here; Space marks lines.")
        elif await verb(self._here, lines):
            self.clear_marks()

    def action_go_ticket(self) -> None:
        self._here.open_ticket(None)

    @task
    async def action_copy(self) -> None:
        """Copy the lines as they were written, those past their retention as they are shown."""
        lines = self.lines_meant
        if lines:
            kept = await self._here.store.with_events(
                lambda events: tail_verbs.lines_of(events, lines)
            )
            whole = {(one.generation_id, one.offset): one.event.raw for one in kept}
            self._here.copy("\n".join(whole.get(line.key, line.text) for line in lines))
