"""The bottom line: hints while nobody types, else a question. There are no dialogs.

A dimming dialog costs 50 kB at 80×24 and hides what the question is about; this costs one line.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from rich.segment import Segment
from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input

from socconsole.tui.cells import fit
from socconsole.tui.keymap import key
from socconsole.tui.widgets.drawn import Drawn, Part

if TYPE_CHECKING:
    from socconsole.tui.app import ConsoleApp

Complete = Callable[[str], Awaitable[Sequence[str]]]
"""Text so far → whole texts it could become."""

_SAID_SECS = 6.0
_ERROR_SECS = 15.0
_DRAFT_SECS = 1.0


class HintLine(Widget):
    """The keys of the screen, or what the program has to say just now."""

    DEFAULT_CSS = "HintLine { height: 1; width: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self._said = ""
        self._tone = ""
        self._timer: Timer | None = None

    def say(self, text: str, tone: str) -> None:
        """Show `text` in the style `tone` for a few seconds."""
        self._said, self._tone = text, tone
        if self._timer is not None:
            self._timer.stop()
        secs = _ERROR_SECS if tone == "say-error" else _SAID_SECS
        self._timer = self.set_timer(secs, self._forget)
        self.refresh()

    @property
    def said(self) -> str:
        """What is being said; empty when hints are shown."""
        return self._said

    def _forget(self) -> None:
        self._said = ""
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        look = cast("ConsoleApp", self.app).look
        if self._said:
            strip = Strip([Segment(fit(self._said, width), self.rich_style + look[self._tone])])
        else:
            strip = Strip(self._hints(width))
        return strip.adjust_cell_length(width, self.rich_style)

    def _hints(self, width: int) -> list[Segment]:
        look = cast("ConsoleApp", self.app).look
        bold, plain = self.rich_style + look["key"], self.rich_style + look["muted"]
        segments: list[Segment] = []
        used = 0
        for pressed, word in self._words():
            needed = len(pressed) + len(word) + 2
            if used + needed > width + 1:
                break
            segments += [Segment(pressed, bold), Segment(f" {word} ", plain)]
            used += needed
        return segments

    def _words(self) -> list[tuple[str, str]]:
        """Return the keys with a hint: the screen's own first, each action once."""
        seen: dict[str, tuple[str, str]] = {}
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if binding.show and binding.id and binding.id not in seen:
                shown = self.app.get_key_display(binding)
                seen[binding.id] = (shown, binding.description)
        ranked = sorted(seen.items(), key=lambda item: item[0].split(".")[0] in ("app", "list"))
        return [words for _, words in ranked]


class LineInput(Input):
    """One line of typing with history, completion and drafts."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("prompt.cancel", "escape,ctrl+c", "cancel", "Give up the question"),
        key("prompt.complete", "tab", "complete", "Complete what is typed"),
        key("prompt.older", "up", "older(1)", "Older entry"),
        key("prompt.newer", "down", "older(-1)", "Newer entry"),
        key("prompt.editor", "ctrl+e", "editor", "Edit the text in $EDITOR"),
    ]

    class Cancelled(Message):
        """The analyst gave up the question."""

    class CompletionAsked(Message):
        """Tab was pressed."""

    class EditorAsked(Message):
        """Ctrl-E was pressed."""

    cursor_blink = False

    def __init__(self) -> None:
        super().__init__(compact=True, select_on_focus=False)
        self.cursor_blink = False
        self.history: list[str] = []
        self._at = 0

    def begin(self, value: str, history: list[str]) -> None:
        self.history, self._at = history, 0
        self.value = value
        self.cursor_position = len(value)

    def action_cancel(self) -> None:
        self.post_message(self.Cancelled())

    def action_complete(self) -> None:
        self.post_message(self.CompletionAsked())

    def action_editor(self) -> None:
        self.post_message(self.EditorAsked())

    def action_older(self, by: int) -> None:
        at = self._at + by
        if 0 <= at <= len(self.history):
            self._at = at
            self.value = self.history[-at] if at else ""
            self.cursor_position = len(self.value)

    def action_delete_left(self) -> None:
        if self.value:
            super().action_delete_left()
        else:
            self.action_cancel()


class KeyChoice(Drawn, can_focus=True):
    """Waits for one key."""

    class Pressed(Message):
        """A key was pressed; None when the question was given up."""

        def __init__(self, pressed: str | None) -> None:
            super().__init__()
            self.pressed = pressed

    async def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        if event.key in ("escape", "ctrl+c", "backspace"):
            self.post_message(self.Pressed(None))
        else:
            self.post_message(self.Pressed(event.character or event.key))


class PromptLine(Vertical):
    """Asks on the bottom line. Every question returns None (or False) when it is given up.

    The `ask`, `confirm` and `choose` of the application end here; await them in a `task`, never in
    a message handler: the handler would wait for keys that only arrive once it has returned.
    """

    DEFAULT_CSS = """
    PromptLine { height: auto; max-height: 2; dock: bottom; background: $background; }
    PromptLine > Horizontal { height: 1; }
    PromptLine #prompt-others { display: none; }
    PromptLine LineInput {
        border: none; height: 1; width: 1fr; padding: 0; background: $background;
    }
    PromptLine LineInput:focus { border: none; background: $background; }
    PromptLine #prompt-question { display: none; }
    PromptLine.-asking #prompt-question { display: block; }
    PromptLine.-asking HintLine { display: none; }
    PromptLine.-choosing LineInput { display: none; }
    PromptLine.-typing #prompt-choice { display: none; }
    PromptLine.-completing #prompt-others { display: block; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._answer: asyncio.Future[str | None] | None = None
        self._return_to: Widget | None = None
        self._histories: dict[str, list[str]] = {}
        self._complete: Complete | None = None
        self._on_change: Callable[[str], None] | None = None
        self._draft = ""
        self._draft_timer: Timer | None = None

    def compose(self) -> ComposeResult:
        yield Drawn(id="prompt-others")
        yield HintLine()
        with Horizontal(id="prompt-question"):
            yield Drawn(id="prompt-label")
            yield KeyChoice(id="prompt-choice")
            yield LineInput()

    @property
    def hints(self) -> HintLine:
        """The line that is there while nothing is asked."""
        return self.query_one(HintLine)

    @property
    def asking(self) -> bool:
        """Whether a question is open."""
        return self._answer is not None and not self._answer.done()

    async def ask(
        self,
        label: str,
        *,
        initial: str = "",
        complete: Complete | None = None,
        on_change: Callable[[str], None] | None = None,
        draft: str = "",
    ) -> str | None:
        """Return the line typed after `label`.

        Args:
            label: Short, without a colon.
            initial: Text that stands there already.
            complete: What Tab offers.
            on_change: Called with the text at every keystroke.
            draft: A name under which unfinished text survives; empty for none.

        """
        app = self.console_app
        self._complete, self._on_change, self._draft = complete, on_change, draft
        kept = app.drafts.get(draft) if draft and not initial else None
        typed = self.query_one(LineInput)
        self._open(f"{label} ", "-typing", typed)
        with self.prevent(Input.Changed):
            typed.begin(initial or kept or "", self._histories.setdefault(label, []))
        if kept:
            app.say("Your draft is back · Ctrl-U empties it.")
        try:
            answer: str | None = await self._wait()
        finally:
            self._close(typed)
        if answer is not None:
            if answer.strip():
                self._histories[label].append(answer)
            if draft:
                app.drafts.drop(draft)
        return answer

    async def choose(self, label: str, choices: Mapping[str, str]) -> str | None:
        """Return the key of `choices` that was pressed; other keys change nothing."""
        choice = self.query_one(KeyChoice)
        parts: list[Part] = []
        for answer, meaning in choices.items():
            parts += [(answer, "key"), (f" {meaning}  ", "muted")]
        self._open(f"{label}: ", "-choosing", choice)
        choice.show(*parts)
        try:
            while (pressed := await self._wait()) is not None and pressed not in choices:
                self._answer = None
            return pressed
        finally:
            self._close(choice)

    async def confirm(self, question: str) -> bool:
        """Return whether `y` was pressed."""
        return await self.choose(question, {"y": "yes", "n": "no"}) == "y"

    def flush_draft(self) -> None:
        """Keep what is being typed, now: the terminal or the program may be about to go."""
        if self.asking and self._draft:
            self.console_app.drafts.put(self._draft, self.query_one(LineInput).value)

    @property
    def console_app(self) -> "ConsoleApp":
        return cast("ConsoleApp", self.app)

    async def _wait(self) -> str | None:
        if self._answer is None or self._answer.done():
            self._answer = asyncio.get_running_loop().create_future()
        return await self._answer

    def _open(self, label: str, mode: str, target: Widget) -> None:
        self._settle(None)
        self._answer = asyncio.get_running_loop().create_future()
        if not self.has_class("-asking"):
            self._return_to = self.screen.focused
        shown = self.query_one("#prompt-label", Drawn)
        shown.show((label, "prompt"))
        shown.fit_width()
        self.set_class(mode == "-typing", "-typing")
        self.set_class(mode == "-choosing", "-choosing")
        self.add_class("-asking")
        target.focus(scroll_visible=False)

    def _close(self, target: Widget) -> None:
        if self._answer is not None and not self._answer.done():
            return  # another question has taken the line
        self._answer = None
        self._complete = self._on_change = None
        self.remove_class("-asking", "-typing", "-choosing", "-completing")
        if self.screen.focused is target and self._return_to is not None:
            self._return_to.focus(scroll_visible=False)

    def _settle(self, answer: str | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)

    @on(Input.Submitted)
    def _submitted(self, message: Input.Submitted) -> None:
        message.stop()
        self._settle(message.value)

    @on(LineInput.Cancelled)
    def _cancelled(self, message: LineInput.Cancelled) -> None:
        message.stop()
        self._settle(None)

    @on(KeyChoice.Pressed)
    def _pressed(self, message: KeyChoice.Pressed) -> None:
        message.stop()
        self._settle(message.pressed)

    @on(Input.Changed)
    def _changed(self, message: Input.Changed) -> None:
        message.stop()
        self.remove_class("-completing")
        if self._on_change is not None:
            self._on_change(message.value)
        if self._draft:
            if self._draft_timer is not None:
                self._draft_timer.stop()
            self._draft_timer = self.set_timer(_DRAFT_SECS, self.flush_draft)

    @on(LineInput.CompletionAsked)
    async def _offer(self, message: LineInput.CompletionAsked) -> None:
        message.stop()
        if self._complete is None:
            return
        typed = self.query_one(LineInput)
        offers = list(await self._complete(typed.value))
        if not offers:
            return
        common = _common_start(offers)
        longer = offers[0] if len(offers) == 1 else common
        if len(longer) > len(typed.value):
            typed.value = longer
            typed.cursor_position = len(longer)
        if len(offers) > 1:
            words = "  ".join(offer[len(common.rpartition(" ")[0]) :].strip() for offer in offers)
            self.query_one("#prompt-others", Drawn).show((words, "muted"))
            self.add_class("-completing")

    @on(LineInput.EditorAsked)
    def _edit(self, message: LineInput.EditorAsked) -> None:
        message.stop()
        typed = self.query_one(LineInput)
        edited = self.console_app.edit_text(typed.value)
        if edited is not None:
            typed.value = " ".join(edited.split())
            typed.cursor_position = len(typed.value)


def _common_start(texts: Sequence[str]) -> str:
    low, high = min(texts), max(texts)
    for index, character in enumerate(low):
        if character != high[index]:
            return low[:index]
    return low
