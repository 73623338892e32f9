"""Finds the screen that shows a page; its module is loaded when it is asked for."""

from typing import Any

from textual.screen import Screen

from socconsole.tui import pages


def screen_of(page: pages.Page) -> Screen[Any]:
    """Return a new screen that shows `page`."""
    match page:
        case pages.AlertPage(ids, position):
            from socconsole.tui.screens.alert import AlertScreen

            return AlertScreen(ids, position)
        case pages.TicketPage(ids, position):
            from socconsole.tui.screens.ticket import TicketScreen

            return TicketScreen(ids, position)
        case pages.IncidentPage(ids, position):
            from socconsole.tui.screens.incident import IncidentScreen

            return IncidentScreen(ids, position)
        case pages.DeclarePage(cases, title):
            from socconsole.tui.screens.declare import DeclareScreen

            return DeclareScreen(cases, title)
    return _plain(page)


def _plain(
    page: pages.RefsPage | pages.TextPage | pages.ChoicePage | pages.ColumnsPage,
) -> Screen[Any]:
    """Return the screen of a page that is no case."""
    match page:
        case pages.RefsPage(title, refs):
            from socconsole.tui.screens.refs import RefsScreen

            return RefsScreen(title, refs)
        case pages.TextPage(title, lines):
            from socconsole.tui.screens.text import TextScreen

            return TextScreen(title, lines)
        case pages.ChoicePage(title, choices, heads, empty):
            from socconsole.tui.screens.pick import PickScreen

            return PickScreen(title, choices, heads=heads, empty=empty)
        case pages.ColumnsPage(table):
            from socconsole.tui.screens.columns import ColumnsScreen

            return ColumnsScreen(table)
