"""Pictures of every screen as text and styles.

`TAKE_PICTURES=1 pytest -n0 tests/tui/test_pictures.py` takes new ones; read their diff.

A picture is what stands on the screen, then for each look the runs of styles of every line: `a12b3`
is twelve cells in style a and three in style b.
"""

import itertools
import os
from pathlib import Path

from rich.style import Style

from socconsole.errors import StoreError
from socconsole.tui.messages import StoreChanged
from socconsole.tui.reading.store_access import StoreAccess
from socconsole.tui.scopes import screen_classes
from socconsole.tui.screens.around import AroundScreen
from tests.conftest import NOON
from tests.tui.analyst import at_the_console
from tests.tui.test_reach import WAYS, named_everywhere

FOLDER = Path(__file__).with_name("pictures")
SIZES = ((80, 24), (200, 60))
HINT = "where that is meant, TAKE_PICTURES=1 takes new pictures; read their diff"


class Palette:
    """Names styles by letters, in the order they are met."""

    def __init__(self):
        self._names = {}

    def name(self, style):
        return self._names.setdefault(_words(style), _letter(len(self._names)))

    def legend(self):
        return [f"{name} {words}".rstrip() for words, name in self._names.items()]


def _letter(number):
    low, high = number % 26, number // 26
    return chr(ord("a") + low) + (str(high) if high else "")


ATTRIBUTES = ("bold", "dim", "italic", "underline", "strike", "reverse")


def _words(style):
    style = style or Style()
    assert not style.blink, "nothing blinks"
    said = [name for name in ATTRIBUTES if getattr(style, name)]
    for word, color in (("", style.color), ("on ", style.bgcolor)):
        if color is not None and not color.is_default:
            assert "NO_COLOR" not in os.environ
            said.append(word + color.name)
    return " ".join(said)


def strips_of(app):
    app.screen._compositor.update_widgets(set())
    return app.screen._compositor.render_strips()


def styles_of(strips):
    """Return the runs of every line, lines that are alike together, and what the letters mean."""
    palette = Palette()
    runs = []
    for strip in strips:
        cells = [(palette.name(part.style), part.cell_length) for part in strip]
        merged = itertools.groupby(cells, key=lambda cell: cell[0])
        runs.append("".join(f"{name}{sum(n for _, n in cells)}" for name, cells in merged))
    lines = []
    for run, alike in itertools.groupby(runs):
        count = len(list(alike))
        lines.append(run if count == 1 else f"{run} ×{count}")
    return [*lines, *palette.legend()]


async def drawn(analyst, looks):
    """Return the screen in front in both sizes and in every look."""
    app, lines = analyst.app, []
    for size in SIZES:
        await analyst.resizes(*size)
        lines += [f"== {size[0]}×{size[1]}", *(strip.text.rstrip() for strip in strips_of(app))]
        styles = {}
        for look in sorted(looks, key=lambda look: look != app.theme):  # each change is dear
            if app.theme != look:
                app.theme = look
                await analyst.settles()
            styles[look] = styles_of(strips_of(app))
        for look in looks:
            lines += [f"-- {look}", *styles[look]]
    return "\n".join(lines) + "\n"


EMPTY = {
    **{name: WAYS[name] for name in ("queue", "bookmarks", "actions", "tail", "results")},
    **{name: WAYS[name] for name in ("tickets", "incidents", "handoff", "sources", "rules")},
    **{name: WAYS[name] for name in ("suppressions", "metrics")},
}
"""The screens that can be reached where there is nothing yet."""
FILTERED = ("queue", "tail", "results", "tickets", "incidents", "actions", "sources", "rules")


class Album:
    """Pictures as they are and as they were taken; the walk takes new ones where that is asked."""

    def __init__(self, looks, kind):
        self._looks = looks
        self._kind = kind
        self._taking = bool(os.environ.get("TAKE_PICTURES"))
        self.differing = []

    async def compares(self, analyst, name):
        path = FOLDER / f"{name.replace(' ', '-')}{self._kind}.txt"
        shown = await drawn(analyst, self._looks)
        if self._taking:
            path.parent.mkdir(exist_ok=True)
            path.write_text(shown, encoding="utf-8")
        if shown != path.read_text(encoding="utf-8"):
            self.differing.append(name)


async def back_to_the_queue(analyst):
    while analyst.asked:
        await analyst.presses("ctrl+c")
    await analyst.presses(*["backspace"] * len(analyst.app.screen_stack[1:]), "1")


async def differing(setup, looks, kind=""):
    """Walk every screen and return those that do not look as in their picture.

    On the way their keys are looked for in help and palette.
    """
    album, reached = Album(looks, kind), set()
    async with at_the_console(setup, size=SIZES[0]) as analyst:
        await analyst.waits_until("no collector")
        for name, keys in {**WAYS, "around": ()}.items():
            await analyst.presses(*keys)
            if name == "around":  # only lines that a collector read have any
                analyst.app.open(AroundScreen("Around a line that is retained", 1, 1, 0))
                await analyst.settles()
            reached.add(type(analyst.app.screen))
            named_everywhere(analyst.app, name)
            await album.compares(analyst, name)
            await back_to_the_queue(analyst)
    assert reached == set(screen_classes().values())
    return album.differing


async def test_every_screen_dark_and_in_sixteen_colours(worked_setup):
    assert await differing(worked_setup, ("dark", "sixteen")) == [], HINT


async def test_every_screen_without_colours(worked_setup, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert await differing(worked_setup, ("sixteen",), ".plain") == [], HINT


async def test_every_screen_of_a_store_with_nothing_in_it(bare_setup):
    album = Album(("dark", "sixteen"), ".empty")
    async with at_the_console(bare_setup, size=SIZES[0]) as analyst:
        await analyst.waits_until("no collector")
        for name, keys in EMPTY.items():
            await analyst.presses(*keys)
            await album.compares(analyst, name)
            await back_to_the_queue(analyst)
    assert album.differing == [], HINT


async def test_every_screen_while_the_database_is_gone_and_a_filter_is_refused(
    worked_setup, monkeypatch
):
    gone = StoreError("The database is gone.", hint="Look at the disk.")

    def refuses(_):
        raise gone

    album = Album(("dark", "sixteen"), ".failing")
    async with at_the_console(worked_setup, size=SIZES[0]) as analyst:
        await analyst.waits_until("no collector")
        monkeypatch.setattr(StoreAccess, "_ready", refuses)
        analyst.app.lose_store(gone.what, NOON)
        for name, keys in EMPTY.items():
            await analyst.presses(*keys)
            if name in FILTERED:
                await analyst.presses("slash")
                await analyst.says("(web")
            await album.compares(analyst, name)
            await back_to_the_queue(analyst)
        await analyst.presses("9")
        monkeypatch.undo()
        analyst.app.regain_store()
        analyst.app.tell(StoreChanged())
        await analyst.waits_until("Time to detect")
    assert album.differing == [], HINT
