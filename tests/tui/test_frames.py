"""A frame said briefly paints the same cells as Textual's own, in fewer bytes."""

import random
from datetime import UTC, datetime
from functools import partial

import pyte
import pytest
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, Compositor, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from socconsole.tui.lines import changed_cells
from socconsole.tui.messages import StoreChanged
from socconsole.tui.terminal.frames import BriefUpdate, ShiftedUpdate, brief
from tests.store.rows import a_ticket, an_alert
from tests.tui.analyst import at_the_console

CONSOLE = Console(color_system="truecolor", force_terminal=True)
WIDTH, HEIGHT = 40, 8
STYLES = [
    None,
    Style.parse("#d0d4da on #14171c"),
    Style.parse("bold #ffffff on #14171c"),
    Style.parse("bold dim #ffffff on #2b4a6b"),
    Style.parse("underline red"),
    Style.parse("reverse"),
    Style.parse("strike color(9) on color(200)"),
    Style.parse("italic bright_blue on bright_black"),
]
TEXTS = ("web-1", "   ", "█C", "日本", "e\u0301", " ", "100/200 · range")


def strip(chance, width):
    segments, used = [], 0
    while used < width:
        segment = Segment(chance.choice(TEXTS), chance.choice(STYLES))
        segments.append(segment)
        used += segment.cell_length
    return Strip(segments).adjust_cell_length(width)


def painted(*written):
    screen = pyte.Screen(WIDTH, HEIGHT)
    stream = pyte.Stream(screen)
    stream.feed("\x1b[?7l\x1b[41m\x1b[2J\x1b[0m")  # no wrapping, as Textual sets it
    for each in written:
        stream.feed(each.replace("\n", "\r\n"))
    return [[seen(screen.buffer[y][x]) for x in range(WIDTH)] for y in range(HEIGHT)]


def seen(cell):
    if cell.data == " " and not (cell.underscore or cell.reverse or cell.strikethrough):
        return (" ", cell.bg)
    return tuple(cell)


def whole_screen(chance):
    return LayoutUpdate(
        [[strip(chance, 25), strip(chance, WIDTH - 25)] for _ in range(HEIGHT)],
        Region(0, 0, WIDTH, HEIGHT),
    )


def change(chance):
    chops = [{0: strip(chance, 25), 25: strip(chance, WIDTH - 25)} for _ in range(HEIGHT)]
    spans = [(y, *sorted(chance.sample(range(WIDTH + 1), 2))) for y in chance.sample(range(8), 4)]
    return ChopsUpdate(chops, sorted(spans), [[25, WIDTH]] * HEIGHT), chops


@pytest.mark.parametrize("seed", range(12))
def test_a_whole_frame_paints_the_same_cells(seed):
    frame = whole_screen(random.Random(seed))
    long, short = (each.render_segments(CONSOLE) for each in (frame, brief(frame)))
    assert painted(short) == painted(long)
    assert len(short) < len(long)


@pytest.mark.parametrize("seed", range(20))
def test_a_change_paints_the_same_cells_over_the_same_lines(seed):
    update, chops = change(random.Random(seed))
    before = LayoutUpdate([list(line.values()) for line in chops], Region(0, 0, WIDTH, HEIGHT))
    first = before.render_segments(CONSOLE)
    short = brief(update).render_segments(CONSOLE)
    assert painted(first, short) == painted(first)


def test_lines_are_shifted_in_one_piece_with_what_fills_their_place():
    screen = pyte.Screen(WIDTH, HEIGHT)
    stream = pyte.Stream(screen)
    stream.feed("one\r\ntwo\r\nthree")
    filled = BriefUpdate([(0, 2, Strip([Segment("four")]))])
    sent = ShiftedUpdate("\x1b[1;3r\x1b[3;1H\n\x1b[r", filled).render_segments(CONSOLE)
    stream.feed(sent)
    assert [line.rstrip() for line in screen.display[:3]] == ["two", "three", "four"]


def test_what_did_not_change_on_a_line_is_not_sent():
    line = Strip([Segment(" " * 30, STYLES[1]), Segment("3/200".rjust(10), STYLES[2])])
    update = ChopsUpdate([{0: line}], [(0, 35, WIDTH)], [[WIDTH]])
    assert brief(update).render_segments(CONSOLE).count(" ") == 0


def test_nothing_is_left_switched_on_after_a_frame():
    frame = LayoutUpdate([[Strip([Segment("x", STYLES[3])])]], Region(0, 0, 1, 1))
    assert brief(frame).render_segments(CONSOLE).endswith("\x1b[0m")


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [("crit 12 mine", "crit 13 mine", (6, 7)), ("crit 9", "crit 10", (0, 7)),
     ("same", "same", (0, 0)), ("日 1", "日 2", (0, 4)), ("e\u0301 1", "e\u0301 2", (0, 3))],
)  # fmt: skip
def test_of_the_header_only_the_cells_that_differ_are_painted(before, after, changed):
    assert changed_cells([Segment(before)], [Segment(after)]) == changed


def test_a_style_that_differs_is_painted_too():
    red, plain = Segment("live", STYLES[4]), Segment("live")
    assert changed_cells([Segment("1 eps "), plain], [Segment("1 eps "), red]) == (6, 10)


def is_painted(screen, painted):
    waits = screen._layout_required or screen._repaint_required or screen._dirty_widgets
    return bool(painted) and not (waits or screen._compositor._dirty_regions)


async def test_an_alert_that_comes_paints_nothing_on_screens_that_do_not_show_it(
    bare_setup, database, monkeypatch
):
    with database.begin() as session:
        an_alert(session, datetime.now(UTC), fingerprint="first")
        a_ticket(session, datetime.now(UTC))
    painted: list[set[Region]] = []
    paint = Compositor.render_update

    def watched(compositor, **options):
        painted.append(set(compositor._dirty_regions))
        return paint(compositor, **options)

    async with at_the_console(bare_setup) as analyst:
        for screen in ("enter", "4", "5"):
            with monkeypatch.context() as patched:
                patched.setattr(Compositor, "render_update", watched)
                await analyst.presses(screen)
                await analyst.waits_for(partial(is_painted, analyst.app.screen, painted))
                painted.clear()
                with database.begin() as session:
                    an_alert(session, datetime.now(UTC), fingerprint=screen)
                analyst.app.tell(StoreChanged())
                await analyst.settles()
            below = {part for regions in painted for part in regions if part.bottom > 1}
            # The text of an alert names its relatives; a list of other things stays as it is.
            assert all(part.height == 1 for part in below)
            assert screen == "enter" or not below
            painted.clear()
