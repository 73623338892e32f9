"""Whatever can be done has a key, stands in `?` and stands in the palette: on every screen."""

import ast
import functools
import importlib
import inspect
import pkgutil
import textwrap

import pytest
from textual.dom import DOMNode
from textual.screen import Screen

from socconsole import tui
from socconsole.tui import screens
from socconsole.tui.app import ConsoleApp
from socconsole.tui.commands import COMMANDS
from socconsole.tui.keymap import split_keys
from socconsole.tui.scopes import all_scopes, screen_classes
from socconsole.tui.screens.pick import PickScreen, help_of, palette
from socconsole.tui.widgets.prompt import PromptLine
from tests.tui.analyst import at_the_console

WAYS = {
    "queue": (),
    "alert": ("enter",),
    "raw line": ("enter", "R"),
    "values of a field": ("f", "g", "h"),
    "columns": ("W",),
    "bookmarks": ("apostrophe",),
    "actions": ("U",),
    "tail": ("3",),
    "event": ("3", "enter"),
    "results": ("3", "o"),
    "tickets": ("4",),
    "ticket": ("4", "enter"),
    "tasks of a ticket": ("4", "enter", "v"),
    "incidents": ("5",),
    "incident": ("5", "enter"),
    "handoff": ("6",),
    "sources": ("7",),
    "source": ("7", "enter"),
    "rules": ("8",),
    "suppressions": ("8", "right_square_bracket"),
    "metrics": ("9",),
    "rows of a figure": ("9", "enter"),
    "help": ("question_mark",),
    "palette": ("ctrl+p", "escape"),
    "declare": ("I",),
}
"""How each screen is reached from the queue."""

EVERYWHERE = (
    *("1", "2", "3", "4", "5", "6", "7", "8", "9", "H", "q", "backspace", "escape", "h", "left"),
    *("colon", "ctrl+p", "question_mark", "f1", "equals_sign", "ctrl+l", "ctrl+z"),
    *("tab", "shift+tab", "j", "k", "down", "up", "g", "G"),
    *("ctrl+d", "ctrl+u", "pagedown", "pageup"),
)
LIST = ("enter", "l", "right", "space", "v", "shift+down", "asterisk")
FILTERED = ("slash", "backslash")
ORDER = ("o", "O", "W")
UNDO = ("u", "U")
CASE = ("a", "A", "x", "c", "C", "i", "P", "e", "greater_than_sign", "less_than_sign", *UNDO)
ALERT = (
    *("a", "A", "x", "X", "c", "C", "t", "T", "i", "I", "s", "S", "plus", "underscore", "D"),
    *("full_stop", "z", "b", "m", "apostrophe", "y", "Y", "vertical_line", "d", "R", "r", *UNDO),
)
KEYMAP = {
    "queue": (
        *(*LIST, *FILTERED, *ALERT, "2", "left_square_bracket", "right_square_bracket", "minus"),
        *("w", "n", "e", "E", "f", "p", "P", "o", "O", "W"),
    ),
    "AlertScreen": ("J", "K", "slash", "n", "N", "number_sign", "e", *ALERT),
    "tail": (
        *("slash", "ampersand", "backslash", "n", "N", "number_sign", "F", "e", "E", "d", "R"),
        *("f", "z", "t", "T", "i", "y", "space", "o", "W", *UNDO),
    ),
    "ResultsScreen": (
        *(*LIST, *FILTERED, "left_square_bracket", "right_square_bracket", "f", "z", "t", "T"),
        *("i", "y", "e", "E", "d", "R", "r", "at", "F", "n", "o", "O", "W", *UNDO),
    ),
    "tickets": (*LIST, *FILTERED, *ORDER, *CASE, "I", "plus"),
    "TicketScreen": ("J", "K", *CASE, "I"),
    "incidents": (*LIST, *FILTERED, *ORDER, *CASE, "plus"),
    "IncidentScreen": ("J", "K", *CASE, "y"),
    "handoff": ("y", "n", "greater_than_sign", "u"),
    "sources": (*LIST, *FILTERED, *ORDER),
    "rules": (*LIST, *FILTERED, *ORDER, "X", "u"),
    "metrics": LIST,
    "ActionsScreen": ("u", *FILTERED, *ORDER),
}
"""Keys that mean something on a screen, besides those that mean the same everywhere."""

TEXTUALS_OWN = {"super+c"}
"""Copies what the mouse selected; nothing can be selected here."""


def named_everywhere(app, name):
    """Assert that help and palette have every key of the screen in front."""
    live = {
        pressed: active.binding
        for pressed, active in app.screen.active_bindings.items()
        if pressed not in TEXTUALS_OWN
    }
    nameless = [pressed for pressed, binding in live.items() if not binding.id]
    assert nameless == [], f"{name}: {nameless} stand in no help"
    shown = {choice.group: choice for choice in help_of(app, app.screen)._choices}
    in_palette = {choice.group for choice in palette(app)._choices}
    for binding in live.values():
        display = app.get_key_display(binding)
        assert display in shown[binding.id].key.split(), f"{name}: {binding.id} {display}"
        assert shown[binding.id].text == binding.tooltip
        assert binding.id in in_palette, name


def test_every_screen_there_is_has_its_keys_checked():
    found = set()
    for module in pkgutil.iter_modules(screens.__path__, f"{screens.__name__}."):
        for one in vars(importlib.import_module(module.name)).values():
            if isinstance(one, type) and issubclass(one, Screen) and one is not Screen:
                found.add(one)
    shown = {one for one in found if not found & set(one.__subclasses__())}
    assert shown == set(screen_classes().values())


@pytest.mark.parametrize("screen", KEYMAP)
def test_the_keymap_is_kept(screen):
    bound = {
        pressed
        for name, bindings in all_scopes(ConsoleApp).items()
        if name.startswith(f"{screen} (")
        for binding in bindings
        for pressed in split_keys(binding.key)
    }
    missing = [pressed for pressed in (*EVERYWHERE, *KEYMAP[screen]) if pressed not in bound]
    assert missing == []


async def test_no_action_is_reached_only_by_knowing_a_command(bare_setup):
    async with at_the_console(bare_setup) as analyst:
        await analyst.presses("ctrl+p", "escape")
        listed = {choice.key for choice in analyst.app.screen._choices}
        assert {f":{word}" for word in COMMANDS} <= listed
        await analyst.presses("escape", "ctrl+p")
        await analyst.types("colours theme", then="enter")
        assert not isinstance(analyst.app.screen, PickScreen)
        assert analyst.app.screen.query_one(PromptLine).typed == "theme "
        await analyst.types("light")
        assert analyst.app.theme == "light"


def test_nothing_listens_to_a_click():
    """A click would be an action that only a mouse reaches; wheels move what keys move."""
    handlers = {
        attribute
        for cls in screen_classes().values()
        for attribute in dir(cls)
        if attribute.startswith(("on_click", "on_mouse_down", "on_mouse_up"))
    }
    assert handlers == set()


_TEXTUALS_OWN = {"_background_screens", "_display", "_fatal_error", "_handle_exception", "_modes"}
"""Private names of Textual's that are taken over knowingly."""


@functools.cache
def private_names(part):
    """Return the private names a class gives itself, in its body and on `self`."""
    if part.__module__ in ("builtins", "typing"):
        return set()
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(part))).body
    methods = (ast.FunctionDef, ast.AsyncFunctionDef)
    found = {node.name for node in body.body if isinstance(node, methods)}
    for node in ast.walk(body):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            found.add(node.attr)
    return {name for name in found if name.startswith("_") and not name.startswith("__")}


def test_nothing_on_screen_takes_a_private_name_of_textuals():
    # A list that called its view `_closed` answered no key any more: so Textual calls an end.
    for module in pkgutil.walk_packages(tui.__path__, f"{tui.__name__}."):
        for one in vars(importlib.import_module(module.name)).values():
            if isinstance(one, type) and issubclass(one, DOMNode):
                names = {"socconsole": set(), "textual": set()}
                for part in one.__mro__:
                    names.get(part.__module__.split(".")[0], set()).update(private_names(part))
                assert names["socconsole"] & names["textual"] <= _TEXTUALS_OWN, one.__name__
