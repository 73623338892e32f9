"""Which rules of a partition an event leaves possible: its fields, asked one after the other."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from socconsole.core.event import Event
from socconsole.sigma.fields import value_of
from socconsole.sigma.table import FieldTable, Memory

_ALWAYS_ASKED = 3
"""Tables that are asked of every event: those that rule most out."""

_MAX_NEEDED = 4096

Sift = Callable[[Event], tuple[int, int]]
"""Event → rules that are still possible; rules whose wide gate is met."""

_Table = tuple[str, bool, bool, int, Memory]
"""Name, whether it is no plain one, whether booleans are told from numbers, what holds without."""


class _Needed(dict[int, tuple[_Table, ...]]):
    """Rules that are still possible → the tables that have anything to say about one of them."""

    def __init__(self, tables: Sequence[tuple[int, _Table]]) -> None:
        super().__init__()
        self._tables = tables

    def __missing__(self, possible: int) -> tuple[_Table, ...]:
        if len(self) >= _MAX_NEEDED:
            self.clear()
        found = tuple(table for about, table in self._tables if about & possible)
        self[possible] = found
        return found


def make_sift(order: Sequence[FieldTable], memories: Mapping[str, Memory], everything: int) -> Sift:
    """Return the function that asks the first tables, then those some possible rule needs.

    The first part is written out as code because a loop costs as much again. The text is built
    from numbers only: field names and masks are bound as values, so no rule can put words into it.
    """
    tables = [_table(table, memories[table.field], everything) for table in order]
    values: dict[str, Any] = {
        "everything": everything,
        "value_of": value_of,
        "needed": _Needed(
            [
                (table.asked | table.opens, told)
                for table, told in zip(order[_ALWAYS_ASKED:], tables[_ALWAYS_ASKED:], strict=True)
            ]
        ),
    }
    lines = ["def sift(event):", " m = everything; g = 0; get = event.fields.get"]
    for number, (table, told) in enumerate(zip(order[:_ALWAYS_ASKED], tables, strict=False)):
        name, nested, tells, absent, memory = told
        values |= {f"name{number}": name, f"absent{number}": absent, f"memory{number}": memory}
        lines += [" " + line for line in _asking(number, nested, tells, bool(table.opens))]
    if len(order) > _ALWAYS_ASKED:
        lines += [
            " for name, nested, tells, absent, memory in needed[m]:",
            "  v = value_of(event, name) if nested else get(name)",
            "  if v is None: m &= absent",
            "  else:",
            "   if tells and v.__class__ is bool: v = 'true' if v else 'false'",
            "   a, b = memory[v]; m &= a; g |= b",
        ]
    lines.append(" return m, g")
    exec("\n".join(lines), values)  # noqa: S102 - numbers and our own words only, see above
    sift: Sift = values["sift"]
    return sift


def _table(table: FieldTable, memory: Memory, everything: int) -> _Table:
    nested = "." in table.field or " " in table.field
    absent = everything & (~table.asked | table.absent)
    return table.field, nested, table.tells_booleans(), absent, memory


def _asking(number: int, nested: bool, tells: bool, opens: bool) -> list[str]:
    """Return the lines that ask one table."""
    lines = [f"v = value_of(event, name{number})" if nested else f"v = get(name{number})"]
    lines += [f"if v is None: m &= absent{number}", "else:"]
    if tells:
        lines.append(" if v.__class__ is bool: v = 'true' if v else 'false'")
    if opens:
        lines.append(f" a, b = memory{number}[v]; m &= a; g |= b")
    else:
        lines.append(f" m &= memory{number}[v][0]")
    return lines
