"""Which bindings are live together: what keys.toml is checked against."""

from collections.abc import Iterable
from typing import Any

from textual.binding import Binding
from textual.dom import DOMNode

from socconsole.tui.screens import SCREENS
from socconsole.tui.widgets.table import VirtualTable
from socconsole.tui.widgets.tail import TailView
from socconsole.tui.widgets.text_pane import TextPane

OTHER_SCREENS = (
    "socconsole.tui.screens.alert:AlertScreen",
    "socconsole.tui.screens.ticket:TicketScreen",
    "socconsole.tui.screens.incident:IncidentScreen",
    "socconsole.tui.screens.actions:ActionsScreen",
    "socconsole.tui.screens.results:ResultsScreen",
    "socconsole.tui.screens.declare:DeclareScreen",
    "socconsole.tui.screens.around:AroundScreen",
    "socconsole.tui.screens.columns:ColumnsScreen",
    "socconsole.tui.screens.refs:RefsScreen",
    "socconsole.tui.screens.text:TextScreen",
    "socconsole.tui.screens.pick:PickScreen",
)
"""Screens that only other screens open."""


def all_scopes(app: type[DOMNode]) -> dict[str, list[Binding]]:
    """Return screen name → the bindings live on it, nearest first. Imports every screen."""
    scopes: dict[str, list[Binding]] = {}
    for name, screen in screen_classes().items():
        for pane in (TailView,) if name == "tail" else (VirtualTable, TextPane):
            scopes[f"{name} ({pane.__name__})"] = _live((pane, screen, app))
    return scopes


def screen_classes() -> dict[str, type[Any]]:
    """Return every screen's class by name."""
    from socconsole.tui.screens import ScreenEntry

    named = {entry.name: entry.load() for entry in SCREENS}
    for target in OTHER_SCREENS:
        cls = ScreenEntry("", "", target).load()
        named[cls.__name__] = cls
    return named


def own_bindings(cls: type[DOMNode]) -> list[Binding]:
    """Return the bindings written in our own classes that `cls` is made of."""
    found: list[Binding] = []
    for part in cls.__mro__:
        if part.__module__.startswith("socconsole."):
            found += list(Binding.make_bindings(part.__dict__.get("BINDINGS", ())))
    return found


def _live(classes: Iterable[type[DOMNode]]) -> list[Binding]:
    """Return the bindings of `classes`; a key taken by a nearer one hides it further out."""
    taken: set[str] = set()
    live: list[Binding] = []
    for cls in classes:
        own = own_bindings(cls)
        live += [binding for binding in own if binding.key not in taken]
        taken |= {binding.key for binding in own}
    return live
