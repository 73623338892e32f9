"""The bottom line: hints while nobody is asked, else a question. There are no dialogs.

A dimming dialog costs 50 kB at 80×24 and hides what the question is about; this is one widget that
repaints itself and moves nothing.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from socconsole.core.safe_text import safe_text
from socconsole.tui.cells import fit, wrap
from socconsole.tui.console import console
from socconsole.tui.line_edit import LineEdit
from socconsole.tui.question import Complete
from socconsole.tui.read_only import is_change

if TYPE_CHECKING:
    from socconsole.tui.console import Console

_SAID_SECS = 6.0
_ERROR_SECS = 15.0
_DRAFT_SECS = 1.0
_PROGRESS_CELLS = 20
_MOST_LINES = 3
"""What is said takes no more; the rest is cut."""
_ROOM_TO_TYPE = 30
"""Cells; a label that leaves less gets a line of its own."""
_EVERYWHERE = ("app", "list", "rows")
"""What the ids of keys begin with that many screens have; their hints come last."""
_GIVE_UP = ("escape", "ctrl+c")


@dataclass
class _Question:
    """What is being asked; `choices` where one key answers."""

    label: str
    answer: "asyncio.Future[str | None]"
    choices: Mapping[str, str] | None = None
    complete: Complete | None = None
    on_change: Callable[[str], None] | None = None
    draft: str = ""
    lines: bool = False
    """Whether the text may have several lines, from a paste or the editor."""
    initial: str = ""
    release: Callable[[], None] = lambda: None
    """Lets the keys go on that wait for whoever asked."""
    warning: str = ""
    """Said before the label once a key was pressed that answers nothing."""


class PromptLine(Widget):
    """Asks on the bottom line. Every question returns None (or False) when it is given up.

    The `ask`, `confirm` and `choose` of the application end here; await them in a `task`, never in
    a message handler: the handler would wait for keys that only arrive once it has returned.
    """

    DEFAULT_CSS = """
    PromptLine { height: 1; width: 1fr; dock: bottom; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.said = ""
        """What the program is saying just now; empty when the hints are shown."""
        self._tone = ""
        self._said_timer: Timer | None = None
        self._question: _Question | None = None
        self._edit = LineEdit()
        self._offers: Sequence[str] = ()
        self._histories: dict[str, list[str]] = {}
        self._history_at = 0
        self._draft_timer: Timer | None = None

    # Asking.

    @property
    def console_app(self) -> "Console":
        """The running application, with its own type."""
        return console(self)

    @property
    def asking(self) -> bool:
        """Whether a question is open; one that was answered takes no more keys."""
        return self._question is not None and not self._question.answer.done()

    @property
    def typed(self) -> str:
        """What has been typed so far."""
        return self._edit.text

    async def ask(
        self,
        label: str,
        *,
        initial: str = "",
        complete: Complete | None = None,
        on_change: Callable[[str], None] | None = None,
        draft: str = "",
        lines: bool = False,
    ) -> str | None:
        """Return the line typed after `label`.

        Args:
            label: Short, without a colon.
            initial: Text that stands there already.
            complete: What Tab offers.
            on_change: Called with the text at every keystroke.
            draft: A name under which the text survives until a change is committed; empty for none.
            lines: Keep the line breaks of a paste and of the editor.

        """
        drafts = self.console_app.drafts
        kept = drafts.get(draft) if draft else None
        self._edit.set(kept or initial)
        self._history_at = 0
        # An older text must not pass for what stands there now.
        shown = f"{label} (unfinished)" if kept and initial and kept != initial else label
        question = _Question(shown, _future(), None, complete, on_change, draft, lines, initial)
        answer = await self._put(question)
        if answer is not None:
            if answer.strip():
                self._histories.setdefault(label, []).append(answer)
            if draft:
                drafts.answer(draft, answer, initial)
        return answer

    async def choose(self, label: str, choices: Mapping[str, str]) -> str | None:
        """Return the key of `choices` that was pressed; another key is answered with a hint."""
        return await self._put(_Question(label, _future(), choices))

    async def confirm(self, question: str) -> bool:
        """Return whether `y` was pressed."""
        return await self.choose(question, {"y": "yes", "n": "no"}) == "y"

    async def _put(self, question: _Question) -> str | None:
        self._settle(None)
        self._question = question
        self._offers = ()
        self._make_room()
        self.refresh()
        try:
            return await question.answer
        finally:
            question.release()
            if self._question is question:
                self._question = None
                self._make_room()
                self.refresh()

    def on_resize(self) -> None:
        """Take the lines that are needed now; what is typed stays in sight."""
        self._make_room()

    def _make_room(self) -> None:
        """Take a line for each choice that does not fit beside the others, and for what is said."""
        rows = 1
        width = self.size.width or self.app.size.width  # a new screen has none yet
        if self._question is not None and self._question.choices is None:
            rows = len(self._draw_asking(self._question, width))
        elif self._question is not None:
            segments = self._draw_question(self._question)
            if sum(segment.cell_length for segment in segments) > width:
                rows += len(self._question.choices or ())
        elif self.said:
            rows = len(self._said_lines(width))
        self.styles.height = rows  # the size follows later, so it can't say what was asked for

    def _settle(self, answer: str | None) -> None:
        question = self._question
        if question is not None and not question.answer.done():
            # Keys typed behind the answer are for whoever asked to use, who comes next.
            question.release = self.console_app.hold_keys()
            question.answer.set_result(answer)

    def on_unmount(self) -> None:
        self.flush_draft()
        self._settle(None)

    def flush_draft(self) -> None:
        """Keep what is being typed, now: the terminal or the program may be about to go."""
        self._draft_timer = None
        question = self._question
        if question is not None and question.draft:
            is_new = self._edit.text != question.initial
            text = self._edit.text if is_new else ""
            self.console_app.drafts.put(question.draft, text, question.initial)

    # Keys.

    async def take(self, event: events.Key | events.Paste) -> None:
        """Use a key or a paste that the application hands over while a question is open.

        The focus stays where it is: moving it would repaint the screen twice a question.
        """
        question = self._question
        if question is None:
            return
        if isinstance(event, events.Paste):
            if question.choices is None:
                self._edit.insert(_as_asked(event.text, question))
                self._changed(question)
        elif event.key in _GIVE_UP:
            self._give_up()
        elif question.choices is not None:
            self._choose(event, question.choices)
        else:
            await self._type(event, question)

    def _give_up(self) -> None:
        """Leave the question; what was typed, for it and for the ones before, is kept."""
        self.flush_draft()
        self.console_app.drafts.put_off()
        self._settle(None)

    def _choose(self, event: events.Key, choices: Mapping[str, str]) -> None:
        pressed = event.key if event.key in choices else event.character or event.key
        if pressed in choices:
            self._settle(pressed)
        elif event.key in ("q", "backspace"):
            self._give_up()
        elif self._question is not None:
            self._question.warning = "These, or Esc: "
            self._make_room()
            self.refresh()

    async def _type(self, event: events.Key, question: _Question) -> None:
        if event.key == "enter":
            self._settle(self._edit.text)
        elif event.key == "backspace" and not self._edit.text:
            self._give_up()
        elif event.key == "tab":
            await self._offer(question)
        elif event.key in ("up", "down"):
            self._recall(1 if event.key == "up" else -1)
        elif event.key == "ctrl+e":
            self._edit_outside(question)
        elif self._edit.press(event.key, event.character):
            self._changed(question)

    def _changed(self, question: _Question) -> None:
        self._offers = ()
        self.refresh()
        if question.on_change is not None:
            question.on_change(self._edit.text)
        if question.draft and self._draft_timer is None:
            # Not put off by the next key: who types on and on would never be saved.
            self._draft_timer = self.set_timer(_DRAFT_SECS, self.flush_draft)

    def _recall(self, by: int) -> None:
        label = self._question.label if self._question else ""
        history = self._histories.get(label, [])
        at = self._history_at + by
        if 0 <= at <= len(history):
            self._history_at = at
            self._edit.set(history[-at] if at else "")
            self.refresh()

    async def _offer(self, question: _Question) -> None:
        if question.complete is None:
            return
        offers = list(await question.complete(self._edit.text))
        longer = _common_start(offers) if offers else ""
        if len(longer) > len(self._edit.text):
            self._edit.set(longer)
            self._changed(question)
        start = len(self._edit.text.rpartition(" ")[0])
        self._offers = [offer[start:].strip() for offer in offers] if len(offers) > 1 else ()
        self.refresh()

    def _edit_outside(self, question: _Question) -> None:
        edited = self.console_app.edit_text(self._edit.text, draft=question.draft)
        if edited is not None:
            self._edit.set(_as_asked(edited, question))
            self._changed(question)

    # Saying.

    def say(self, text: str, tone: str = "say") -> None:
        """Show `text` in the style `tone` for a few seconds."""
        self.said, self._tone = text, tone
        if self._said_timer is not None:
            self._said_timer.stop()
        secs = _ERROR_SECS if tone == "say-error" else _SAID_SECS
        self._said_timer = self.set_timer(secs, self.hush)
        self._make_room()
        self.refresh()

    def show_progress(self, share: float) -> None:
        """Show how much of a long change is done, until something else is said."""
        done = round(max(0.0, min(share, 1.0)) * _PROGRESS_CELLS)
        bar = "█" * done + "░" * (_PROGRESS_CELLS - done)
        text = f"Working {bar} {share:4.0%} · keys work meanwhile"
        if text != self.said:
            self.say(text, "prompt")

    def hush(self) -> None:
        """Show the hints again."""
        if self.said:
            self.said = ""
            self._make_room()
            self.refresh()

    def _said_lines(self, width: int) -> list[str]:
        text = safe_text(self.said)
        return [text[start:end] for start, end in wrap(text, width)][:_MOST_LINES] or [""]

    # Drawing.

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        rows = self._draw_rows(width)
        # The height is that of what stood here before, until the next layout.
        segments = rows[y] if y < len(rows) else []
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _draw_rows(self, width: int) -> list[list[Segment]]:
        if self._question is not None:
            return self._draw_asking(self._question, width)
        if self.said:
            style = self._look(self._tone)
            return [[Segment(fit(line, width), style)] for line in self._said_lines(width)]
        return [self._draw_hints(width)]

    def _look(self, name: str) -> Style:
        return self.rich_style + self.console_app.look[name]

    def _draw_asking(self, question: _Question, width: int) -> list[list[Segment]]:
        if question.choices is None:
            label = Segment(_led(safe_text(question.label)), self._look("prompt"))
            room = width - label.cell_length
            if room < _ROOM_TO_TYPE:
                return [[label], self._draw_typing(width)]
            return [[label, *self._draw_typing(room)]]
        asked = self._draw_question(question)
        if self.size.height == 1:
            return [asked]
        choices = question.choices.items()
        return [asked[:1], *(self._draw_choice(f"  {key}", meaning) for key, meaning in choices)]

    def _draw_question(self, question: _Question) -> list[Segment]:
        """Return the label and every choice, as one line."""
        label = _led(safe_text(question.warning + question.label))
        segments = [Segment(label, self._look("prompt"))]
        for pressed, meaning in (question.choices or {}).items():
            segments += self._draw_choice(pressed, meaning)
        return segments

    def _draw_choice(self, pressed: str, meaning: str) -> list[Segment]:
        return [
            Segment(pressed, self._look("key")),
            Segment(f" {safe_text(meaning)}  ", self._look("muted")),
        ]

    def _draw_typing(self, room: int) -> list[Segment]:
        cursor = self._edit.cursor
        before = safe_text(self._edit.text[:cursor])
        while before and cell_len(before) > room - 2:
            before = before[1:]
        under = safe_text(self._edit.text[cursor : cursor + 1]) or " "
        after = safe_text(self._edit.text[cursor + 1 :])
        segments = [
            Segment(before, self.rich_style),
            Segment(under, self.rich_style + Style(reverse=True)),
            Segment(after, self.rich_style),
        ]
        if self._offers:
            offers = safe_text("  ".join(self._offers))
            segments.append(Segment(f"  {offers}", self._look("muted")))
        return segments

    def _draw_hints(self, width: int) -> list[Segment]:
        segments: list[Segment] = []
        *hints, last = self._hints() or [("", "")]
        room = width + 1 - _cells(last)  # the way to the help is never left out
        for hint in hints:
            room -= _cells(hint)
            if room < 0:
                break
            segments += self._draw_hint(*hint)
        return [*segments, *self._draw_hint(*last)]

    def _draw_hint(self, pressed: str, word: str) -> list[Segment]:
        return [Segment(pressed, self._look("key")), Segment(f" {word} ", self._look("muted"))]

    def _hints(self) -> list[tuple[str, str]]:
        """Return the keys with a hint, each action once, the screen's own first."""
        seen: dict[str, tuple[str, str]] = {}
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if self.console_app.read_only and is_change(binding.action):
                continue
            if binding.show and binding.id and binding.id not in seen:
                seen[binding.id] = (self.app.get_key_display(binding), binding.description)
        ranked = sorted(seen.items(), key=_rank_of)
        return [words for _, words in ranked]


def _rank_of(hint: tuple[str, tuple[str, str]]) -> int:
    if hint[0] == "app.help":
        return 2
    return int(hint[0].split(".")[0] in _EVERYWHERE)


def _cells(hint: tuple[str, str]) -> int:
    return cell_len(hint[0]) + len(hint[1]) + 2


def _led(label: str) -> str:
    """Return a label apart from what follows it, without colours too."""
    return f"{label} " if label.endswith(("?", ".", "/", ":")) else f"{label}: "


def _as_asked(text: str, question: _Question) -> str:
    """Return pasted or edited text, on one line where the question wants one."""
    return text.rstrip("\n") if question.lines else " ".join(text.split())


def _future() -> "asyncio.Future[str | None]":
    return asyncio.get_running_loop().create_future()


def _common_start(texts: Sequence[str]) -> str:
    low, high = min(texts), max(texts)
    for index, character in enumerate(low):
        if index >= len(high) or character != high[index]:
            return low[:index]
    return low
