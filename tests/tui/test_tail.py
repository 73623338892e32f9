"""The live tail follows, and stands still when it is asked to."""

from collections import deque

import pytest
from textual.app import ComposeResult
from textual.screen import Screen

from socconsole.tui.widgets.prompt import PromptLine
from socconsole.tui.widgets.sparkline import sparkline
from socconsole.tui.widgets.tail import KEPT_LINES, TailLine, TailView
from tests.conftest import NOON
from tests.tui.analyst import at_the_console


class Tailing(Screen[None]):
    def compose(self) -> ComposeResult:
        yield TailView(empty="No line yet.")
        yield PromptLine()

    def on_mount(self):
        self.query_one(TailView).focus()


def lines(low, high, style=""):
    return [TailLine((1, n), NOON, "auth", f"line {n}", style) for n in range(low, high)]


@pytest.fixture
async def tail(bare_setup):
    async with at_the_console(bare_setup) as analyst:
        analyst.app.open(Tailing())
        await analyst.settles()
        yield analyst, analyst.app.screen.query_one(TailView)


async def test_the_newest_lines_are_shown_and_what_was_skipped_is_counted(tail):
    analyst, view = tail
    view.extend(lines(0, 100))
    view.extend(lines(5000, 5020), skipped=4900)
    await analyst.settles()
    assert "line 5019" in analyst.lines[-3]
    assert "4,900 skipped" in analyst.screen
    assert "FOLLOWING" in analyst.screen


async def test_looking_closer_stops_following_and_nothing_moves_any_more(tail):
    analyst, view = tail
    view.extend(lines(0, KEPT_LINES))
    await analyst.presses("k", "k", "pageup")
    picked, seen = view.cursor_line, analyst.lines[:-2]
    view.extend(lines(KEPT_LINES, KEPT_LINES + 500))
    await analyst.settles()
    assert view.cursor_line == picked
    assert analyst.lines[:-2] == seen
    assert "STOPPED · 500 newer" in analyst.screen
    await analyst.presses("F")
    assert f"line {KEPT_LINES + 499}" in analyst.lines[-3]


async def test_e_goes_from_error_to_error(tail):
    analyst, view = tail
    view.extend([*lines(0, 10), *lines(10, 11, "bad"), *lines(11, 30), *lines(30, 31, "bad")])
    view.extend(lines(31, 40))
    await analyst.presses("E")
    assert view.cursor_line.text == "line 30"
    await analyst.presses("E")
    assert view.cursor_line.text == "line 10"
    await analyst.presses("e")
    assert view.cursor_line.text == "line 30"


async def test_marked_lines_are_handed_out_oldest_first(tail):
    analyst, view = tail
    view.extend(lines(0, 9))
    await analyst.presses("k", "space", "k", "k", "k", "space")
    assert [line.text for line in view.marked_lines] == ["line 5", "line 7"]


async def test_hostile_lines_are_shown_harmless(tail):
    analyst, view = tail
    view.extend([TailLine((1, 1), NOON, "a\x1b[2J", "x\x1b]52;c;eA==\x07[bold][/]\u202e", "")])
    await analyst.settles()
    assert "␛]52;c;eA==␇[bold][/]<U+202E>" in analyst.screen


@pytest.mark.parametrize(
    ("values", "width", "drawn"),
    [
        ([0, 1, 8], 10, "▁▂█"),
        ([0, 0], 5, "▁▁"),
        ([1, 1, 8, 8], 2, "▂█"),
        ([], 5, ""),
        ([1_000_000, 1], 5, "█▂"),
        (deque([1, 1, 8, 8], maxlen=60), 2, "▂█"),
    ],
)
def test_a_sparkline_never_hides_a_value(values, width, drawn):
    assert sparkline(values, width) == drawn
