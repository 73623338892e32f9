"""What a list of rows is sorted by: one key on every screen that gives its rows to a table."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from string import ascii_lowercase
from typing import Any, cast

from textual.binding import Binding
from textual.dom import DOMNode

from socconsole.tui.console import console
from socconsole.tui.keymap import key, split_keys
from socconsole.tui.tasks import task
from socconsole.tui.widgets.columns import Column
from socconsole.tui.widgets.table import VirtualTable

BINDINGS: tuple[Binding, ...] = (
    key("list.sort", "o", "sort", "Sort by"),
    key("list.reverse", "O", "reverse", "Turn the order round"),
)
"""A screen that mixes in `Ordered` has these."""


def beside_order(bindings: Iterable[Binding]) -> list[Binding]:
    """Return those of `bindings` whose keys a list does not sort with."""
    taken = {pressed for one in BINDINGS for pressed in split_keys(one.key)}
    return [one for one in bindings if not taken.intersection(split_keys(one.key))]


class Ordered:
    """Mixed into a screen with a table of rows."""

    @property
    def _ordered(self) -> VirtualTable[Any]:
        return cast("DOMNode", self).query(VirtualTable).first()

    @task
    async def action_sort(self) -> None:
        """Ask by which column, and sort by it."""
        table = self._ordered
        by = letters(table.all_columns)
        said = {letter: column.name.replace("_", " ") for letter, column in by.items()}
        pressed = await console(table).choose("Sort by", said)
        if pressed is not None:
            table.set_arrangement(replace(table.arrangement, sort=by[pressed].name, reverse=False))

    def action_reverse(self) -> None:
        """Turn the order round; rows as they came are put in that of the first column."""
        table = self._ordered
        layout, first = table.arrangement, table.all_columns[0].name
        turned = bool(layout.sort) and not layout.reverse
        table.set_arrangement(replace(layout, sort=layout.sort or first, reverse=turned))


def letters(columns: Sequence[Column[Any]]) -> dict[str, Column[Any]]:
    """Return the key that sorts by each column: a letter of its name that none before it has."""
    found: dict[str, Column[Any]] = {}
    for column in columns:
        letter = next(
            each
            for each in (*column.name, *ascii_lowercase)
            if each.isalpha() and each not in found
        )
        found[letter] = column
    return found
