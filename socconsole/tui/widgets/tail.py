"""The live tail: the newest lines of the sources, followed until the analyst looks closer.

Textual's own Log stops painting once its buffer is full. This one keeps its place by sequence
number: while it is not following, nothing on screen moves, even when old lines are dropped.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.message import Message

from socconsole.core.occurrences import occurrences
from socconsole.core.safe_text import safe_text
from socconsole.tui.cells import clock, fit
from socconsole.tui.keymap import key
from socconsole.tui.tasks import task
from socconsole.tui.widgets.line_view import LineView
from socconsole.tui.widgets.moving import MOVING

KEPT_LINES = 20_000


@dataclass(frozen=True, slots=True)
class TailLine:
    """One line of a source as the tail shows it."""

    key: tuple[int, int]
    """Generation and offset: where the line is."""
    time: datetime | None
    source: str
    text: str
    style: str = ""
    """Name of a theme style: `bad` for an error, `warn` for a warning."""
    source_id: int = 0


class TailView(LineView):
    """Shows lines as they come; `j` and `k` pick one, which ends following."""

    class Chosen(Message):
        """Enter was pressed on a line."""

        def __init__(self, line: TailLine) -> None:
            super().__init__()
            self.line = line

    class Further(Message):
        """The cursor wants to go beyond the lines shown."""

        def __init__(self, step: int, *, errors: bool = False) -> None:
            super().__init__()
            self.step = step
            self.errors = errors
            """To the next error there is, however far."""

    class Moved(Message):
        """Another line is picked."""

    class Live(Message):
        """The newest lines are wanted again."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *MOVING,
        key("tail.first", "g,home", "first", "Oldest line shown"),
        key(
            "tail.follow",
            "F,G,end",
            "follow",
            "Follow the newest lines; again: stop",
            hint="follow",
        ),
        key("tail.error", "e", "find_bad(1)", "Next error", hint="error"),
        key("tail.error_back", "E", "find_bad(-1)", "Previous error"),
        key("tail.search", "asterisk", "search", "Find text in the lines shown"),
        key("tail.next", "n", "next_match(1)", "Next match"),
        key("tail.previous", "N", "next_match(-1)", "Previous match"),
        key("tail.columns", "number_sign", "toggle_columns", "Time and source columns on, off"),
    ]

    foot_height = 1

    def __init__(self, *, empty: str = "", id: str | None = None) -> None:  # noqa: A002 Textual's name
        super().__init__(id=id)
        self.empty = empty
        self.following = True
        self.past = False
        """Lines of some time ago: what comes in is only counted."""
        self.skipped = 0
        self.note = ""
        self.needle = ""
        self.marks: dict[tuple[int, int], TailLine] = {}
        self._hidden: set[tuple[int, int]] = set()
        self._columns = True
        self._lines: deque[TailLine] = deque(maxlen=KEPT_LINES)
        self._cursor = 0
        self._waiting = 0
        self._source_width = 8

    @property
    def line_count(self) -> int:
        return len(self._lines)

    @property
    def cursor_line(self) -> TailLine | None:
        """The line picked; the newest one while following."""
        if not self._lines:
            return None
        return self._lines[-1] if self.following else self._lines[self._cursor]

    @property
    def marked_lines(self) -> list[TailLine]:
        """The marked lines that the filter lets through; without marks the line picked."""
        marked = sorted(self.marks.keys() - self._hidden)
        here = self.cursor_line
        if self.marks or here is None:
            return [self.marks[key] for key in marked]
        return [here]

    def clear_marks(self) -> None:
        """Take every mark off."""
        self.marks.clear()
        self._hidden.clear()
        self.refresh()

    def clear(self) -> None:
        """Forget every line: the filter has changed. Marks stay, hidden until seen again."""
        self._lines.clear()
        self._hidden = set(self.marks)
        self.top = self._cursor = self._waiting = self.skipped = 0
        self.following = True
        self.past = False
        self.refresh()

    @property
    def lines(self) -> Sequence[TailLine]:
        """Every line there is to scroll over, oldest first."""
        return self._lines

    def show_past(self, lines: Sequence[TailLine], index: int) -> None:
        """Show lines of some time ago with the cursor on `index`; what comes in is counted."""
        self.clear()
        self.following, self.past = False, True
        self._lines.extend(lines)
        self._note_shown(lines)
        self._cursor = max(0, min(index, self.line_count - 1))
        self.top = max(0, min(self._cursor - self.page_height // 2, self.last_top))
        self.refresh()

    def add_past(self, lines: Sequence[TailLine], step: int) -> None:
        """Add lines before those shown, or behind them, and move one line on."""
        shown = {line.key for line in self._lines}
        fresh = [line for line in lines if line.key not in shown]
        self._note_shown(fresh)
        if step > 0:
            dropped = max(0, len(self._lines) + len(fresh) - KEPT_LINES)
            self._lines.extend(fresh)
            self._cursor, self.top = max(0, self._cursor - dropped), max(0, self.top - dropped)
        else:
            self._lines.extendleft(reversed(fresh))
            self._cursor, self.top = self._cursor + len(fresh), self.top + len(fresh)
            self.past = True
        self.refresh()
        self.action_move(step if fresh else 0)

    def pick_key(self, key: tuple[int, int]) -> None:
        """Put the cursor on the line with that key, where it is shown."""
        for index, line in enumerate(self._lines):
            if line.key == key:
                self._pick(index)
                return

    def count_newer(self, count: int) -> None:
        """Say how many lines have come in behind the ones shown."""
        if count != self._waiting:
            self._waiting = count
            self.refresh_foot()

    def _note_shown(self, lines: Sequence[TailLine]) -> None:
        if self._hidden:
            self._hidden.difference_update(line.key for line in lines)
        widest = max((len(line.source) for line in lines), default=0)
        if widest > self._source_width and self._source_width < 16:
            self._source_width = min(widest, 16)
            self.refresh_lines()

    def extend(self, lines: Sequence[TailLine], *, skipped: int = 0) -> None:
        """Add `lines`, newest last. Call it a few times a second, not once a line.

        Args:
            lines: No more than a screenful is worth handing over while following.
            skipped: How many older lines were left out before them.

        """
        self.skipped += skipped
        if not lines and not skipped:
            return
        dropped = max(0, len(self._lines) + len(lines) - KEPT_LINES)
        was_empty = not self._lines
        self._lines.extend(lines)
        self._note_shown(lines)
        if self.following:
            self._follow_on(len(lines), whole=was_empty or bool(skipped))
        else:
            self._stand_still(len(lines), dropped)
        self.refresh_foot()

    def _follow_on(self, added: int, *, whole: bool) -> None:
        before = self.line_count - added
        if whole or added >= self.page_height or before < self.page_height:
            self.top = self.last_top
            self.refresh_lines()
            return
        # The buffer may have dropped as many lines as came: what moves is the text, by `added`.
        self.top = max(0, self.last_top - added)
        self.scroll_top(self.last_top)

    def _stand_still(self, added: int, dropped: int) -> None:
        self._waiting += added
        if not dropped:
            if self.top + self.page_height > self.line_count - added:
                self.refresh_lines()
            return
        self._cursor = max(0, self._cursor - dropped)
        if self.top >= dropped:
            self.top -= dropped
        else:
            self.top = 0
            self.refresh_lines()

    # Moving.

    def action_move(self, by: int) -> None:
        here = self.line_count - 1 if self.following else self._cursor
        if by and here + by < 0 and here == 0:
            self.post_message(self.Further(-1))
        elif by and self.past and here + by >= self.line_count and here == self.line_count - 1:
            self.post_message(self.Further(1))
        else:
            self._pick(here + by)

    def action_page(self, by: int) -> None:
        self.action_move(by * self.page_height)

    def action_half_page(self, by: int) -> None:
        self.action_move(by * (self.page_height // 2))

    def action_first(self) -> None:
        self._pick(0)

    def action_follow(self) -> None:
        if self.past:
            self.post_message(self.Live())
            return
        if self.following and self._lines:
            self._pick(self.line_count - 1)
            return
        self.following = True
        self._waiting = 0
        self.top = self.last_top
        self.refresh()

    def action_choose(self) -> None:
        if (line := self.cursor_line) is not None:
            self.post_message(self.Chosen(line))

    def action_mark(self) -> None:
        if (line := self.cursor_line) is not None:
            if self.marks.pop(line.key, None) is None:
                self.marks[line.key] = line
            self.action_move(0 if self.following else 1)
            self.refresh_lines()

    def action_toggle_columns(self) -> None:
        self._columns = not self._columns
        self.refresh_lines()

    def action_find_bad(self, step: int) -> None:
        if not self._find(step, lambda line: line.style == "bad"):
            self.post_message(self.Further(step, errors=True))

    @task
    async def action_search(self) -> None:
        needle = await self.console_app.ask("Find", initial=self.needle)
        if needle is not None:
            self.needle = needle
            self.refresh_lines()
            self.action_next_match(-1)

    def action_next_match(self, step: int) -> None:
        folded = self.needle.casefold()
        if folded and not self._find(step, lambda line: folded in line.text.casefold()):
            self.console_app.say(f"No further {self.needle!r} in the lines shown.")

    def _find(self, step: int, fits: Callable[[TailLine], bool]) -> bool:
        # While following no line is picked: looking back begins with the newest one.
        newest = self.line_count if step < 0 else self.line_count - 1
        start = newest if self.following else self._cursor
        for index, line in self._walk(start + step, step):
            if fits(line):
                self._pick(index)
                return True
        return False

    def _walk(self, start: int, step: int) -> Iterator[tuple[int, TailLine]]:
        if step > 0:
            yield from enumerate(islice(self._lines, start, None), start)
        else:
            back = self.line_count - 1 - start
            for passed, line in enumerate(islice(reversed(self._lines), back, None)):
                yield start - passed, line

    def _pick(self, index: int) -> None:
        if not self._lines:
            return
        old = self._cursor
        left = self.following
        self.following = False
        self._cursor = max(0, min(index, self.line_count - 1))
        self.reveal(self._cursor)
        self.refresh_index(old)
        self.refresh_index(self._cursor)
        if left:
            self.refresh_lines()
        self.refresh_foot()
        if old != self._cursor:
            self.post_message(self.Moved())

    # Drawing.

    def draw_line(self, index: int, width: int) -> list[Segment]:
        line = self._lines[index]
        base = self.rich_style
        own = base + self.console_app.look[line.style] if line.style else base
        muted = self.look("muted")
        if not self.following and index == self._cursor:
            own = muted = self.look("cursor")
        elif line.key in self.marks:
            own = muted = self.look("marked")
        lead = "*" if line.key in self.marks else "!" if line.style == "bad" else " "
        head = f"{lead}"
        if self._columns:
            when = clock(line.time)[:8] if line.time else "--:--:--"
            head = f"{lead}{when} {fit(line.source, self._source_width)} "
        text = safe_text(line.text, limit=max(width * 2, 200))
        body = self._with_matches(text, own) if self.needle else [Segment(text, own)]
        return self.padded([Segment(head, muted), *body], width, own)

    def _with_matches(self, text: str, own: Style) -> list[Segment]:
        found, style = self.look("found"), own
        parts: list[Segment] = []
        at = 0
        for start, end in occurrences(text, self.needle):
            parts += [Segment(text[at:start], style), Segment(text[start:end], found)]
            at = end
        return [*parts, Segment(text[at:], style)]

    def draw_foot(self, width: int) -> list[Segment]:
        if not self._lines:
            return self.line_of("", width, self.look("muted"))
        if self.following:
            pill = Segment(" FOLLOWING ", self.look("pill"))
        else:
            word = "PAST" if self.past else "STOPPED"
            pill = Segment(f" {word} · {self._waiting:,} newer · F ", self.look("paused"))
        at = self.line_count if self.following else self._cursor + 1
        parts = [f"{at}/{self.line_count}"]
        if self.skipped:
            parts.append(f"{self.skipped:,} skipped")
        if self.marks:
            hidden = f", {len(self._hidden)} hidden" if self._hidden else ""
            parts.append(f"{len(self.marks) - len(self._hidden)} marked{hidden}")
        if self.note:
            parts.append(safe_text(self.note))
        right = " · ".join(parts)
        room = max(0, width - len(pill.text) - len(right))
        return [pill, Segment(" " * room, self.rich_style), Segment(right, self.look("muted"))]
