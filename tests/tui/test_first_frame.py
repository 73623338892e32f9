"""The first frame is what Textual paints a moment later; the terminal is whole whatever comes."""

import os
import signal
import termios
import threading

import pyte
import pytest
from rich.cells import cell_len
from rich.style import Style

from socconsole.content import themes_folder
from socconsole.store.database import Database
from socconsole.store.glance import first_page
from socconsole.tui import themes
from socconsole.tui.app import ConsoleApp
from socconsole.tui.cells import fit_statements
from socconsole.tui.first_frame import color_system, first_frame, list_place
from socconsole.tui.lines import HeaderFacts, Pulse, header_line
from socconsole.tui.setup import Setup
from socconsole.tui.terminal.frames import brief
from tests.conftest import NOON
from tests.services.alert_making import bring, detection
from tests.terminal import Terminal, environment

SMALL, WIDE, HUGE = (80, 24), (130, 30), (201, 60)
TERMINALS = {
    "truecolor": ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, (SMALL, WIDE, HUGE)),
    "256": ({"TERM": "screen-256color"}, (SMALL,)),
    "16": ({"TERM": "xterm"}, (SMALL,)),
    "no colour": ({"TERM": "xterm-256color", "NO_COLOR": "1"}, (SMALL,)),
}
HOSTILE = "Web \x1b[2Jshell\x9b\u202e [/bold]"
TEXTUAL_STARTS = b"\x1b[?1004h"


@pytest.fixture
def db(db_path, database):
    bring(
        database,
        detection(HOSTILE, host="srv-\x1b]52;c;x\x07"),
        *(detection(f"Brute force {n}", host=f"h{n}") for n in range(30)),
    )
    return db_path


def cells(written, size):
    screen = pyte.Screen(*size)
    pyte.Stream(screen).feed(written)
    return [[seen(screen.buffer[y][x]) for x in range(size[0])] for y in range(size[1])]


def seen(cell):
    """Return what shows of a cell: a blank has no colour but its ground."""
    drawn_on = cell.reverse or cell.underscore or cell.strikethrough
    return cell if cell.data != " " or drawn_on else (" ", cell.bg)


def of_the_list(shown, size):
    """Return header, bar and list: what is painted at once."""
    place = list_place(*size)
    below = shown[2 : 2 + place.height]
    return [*shown[:2], *(line[place.x : place.x + place.width] for line in below)]


def painted_at_once(rows, environ, size):
    return first_frame(
        rows,
        HeaderFacts(login="mara", zone="UTC", now=NOON),
        theme=themes.suits(environ) or themes.DEFAULT,
        folders=(themes_folder(),),
        environ=environ,
        size=size,
    )


@pytest.mark.parametrize("name", TERMINALS)
async def test_it_is_cell_for_cell_what_textual_paints(name, db, tmp_path, monkeypatch):
    environ, sizes = TERMINALS[name]
    for kept in (Style.parse, Style._add):  # in the colours of another terminal
        kept.cache_clear()
    for each in ("TERM", "COLORTERM", "NO_COLOR"):
        monkeypatch.delenv(each, raising=False)
    for each, value in environ.items():
        monkeypatch.setenv(each, value)
    rows, opens = first_page(db, 2 * sizes[0][1]), threading.Event()

    def open_late():
        opens.wait(30)
        return Database(str(db))

    setup = Setup(
        login="mara",
        open_database=open_late,
        now=lambda: NOON,
        first_page=rows,
        config_folder=tmp_path / "config",
        state_folder=tmp_path / "state",
        theme=themes.suits(environ) or themes.DEFAULT,
    )
    app = ConsoleApp(setup)
    async with app.run_test(size=sizes[0]) as pilot:
        try:
            for size in sizes:
                await pilot.resize_terminal(*size)
                while app.screen._compositor.size != size:
                    await pilot.pause()
                full = brief(app.screen._compositor.render_full_update())
                proper = cells(full.render_segments(app.console), size)
                early = cells(painted_at_once(rows, environ, size), size)
                pairs = zip(of_the_list(early, size), of_the_list(proper, size), strict=True)
                for mine, textuals in pairs:
                    assert mine == textuals
        finally:
            opens.set()


@pytest.mark.parametrize(
    ("environ", "theme", "count"),
    [({}, "dark", 0), ({}, "my own", 1), ({"NO_COLOR": "1"}, "light", 1),
     ({"TEXTUAL_COLOR_SYSTEM": "256"}, "dark", 1)],
)  # fmt: skip
def test_where_anything_is_unusual_textual_paints_alone(environ, theme, count, db):
    shown = first_frame(
        first_page(db, count) if count else (),
        HeaderFacts(login="mara", zone="UTC", now=NOON),
        theme=theme,
        folders=(themes_folder(),),
        environ=environ,
        size=SMALL,
    )
    assert shown == ""


@pytest.mark.parametrize("term", ["xterm", "tmux-256color", "xterm-kitty", "kitty", "vt-x"])
def test_colours_are_the_ones_rich_finds(term):
    from rich.console import Console

    environ = {"TERM": term}
    known = Console(force_terminal=True, _environ=environ)._color_system
    assert color_system(environ) is known


def test_keys_typed_at_once_count_and_the_terminal_comes_back_as_it_was(db, tmp_path):
    with Terminal(["--db", str(db)], environment(tmp_path)) as terminal:
        before = termios.tcgetattr(terminal.fd)
        terminal.read(until=lambda: b"Brute force" in terminal.raw)
        assert TEXTUAL_STARTS not in terminal.raw
        terminal.press("j", "c", *"typed early")
        terminal.waits_for("2/31")
        terminal.waits_for("typed early")
        assert "Note on alert" in terminal.screen
        terminal.press("escape")
        terminal.read(until=lambda: "Note on alert" not in terminal.screen)
        assert terminal.raw.count(b"\x1b[?1049h") == 1
        terminal.press("q")
        terminal.waits_for("Quit socconsole?")
        terminal.press("y")
        assert terminal.ends() == 0
        assert termios.tcgetattr(terminal.fd) == before
        assert terminal.raw.count(b"\x1b[?1049l") == 1


def test_a_signal_that_comes_before_textual_gives_the_terminal_back(db, tmp_path):
    with Terminal(["--db", str(db)], environment(tmp_path)) as terminal:
        before = termios.tcgetattr(terminal.fd)
        terminal.read(until=lambda: b"Brute force" in terminal.raw)
        os.kill(terminal.pid, signal.SIGTERM)
        assert terminal.ends() == 128 + signal.SIGTERM
        assert TEXTUAL_STARTS not in terminal.raw
        assert terminal.raw.endswith(b"\x1b[?1049l\x1b[?25h")
        assert termios.tcgetattr(terminal.fd) == before


def test_what_an_incident_owes_is_never_cut_for_how_fast_events_come():
    pulse = Pulse(
        new=34,
        critical=2,
        events_per_second=27,
        lag_bytes=2000,
        collector="live",
        urgent="INC-001 ask late 5m",
    )
    facts = HeaderFacts(login="mara", zone="Europe/Berlin", now=NOON)
    line = "".join(part.text for part in header_line(pulse, facts, 80, lambda _: Style()))
    assert len(line) == 80
    assert "INC-001 ask late 5m" in line
    assert line.endswith("● live  13:00 12:00Z ")
    wide = "".join(part.text for part in header_line(pulse, facts, 120, lambda _: Style()))
    assert "27 eps  lag 2kB  ● live" in wide


def test_a_clock_that_does_not_fit_the_foot_is_left_out_not_cut():
    assert fit_statements("oldest 24m · INC-001 update due in 54m · SOC-014 due", 40) == (
        "oldest 24m · INC-001 update due in 54m"
    )
    assert cell_len(fit_statements("oldest 24m", 6)) == 6
