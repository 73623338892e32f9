"""Gives many rows their new values: what they are now, as images, and the fewest statements.

Values are compared as the driver hands them out: thousands of rows are mostly alike, and turning
each of their times into an object and back costs more than writing them.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Connection,
    LargeBinary,
    Table,
    Update,
    bindparam,
    update,
)

from socconsole.store.bulk import among
from socconsole.store.images import UNRECORDED, Image, canonical, plain

CHUNK = 2_500
"""Rows that are read and then written: few enough for their pages to be still in memory."""
_MANY = 20
"""From so many rows with the same values on they are written in one statement."""

Values = Mapping[str, object]
Old = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What a row gets: the columns that change, as they were and as they will be."""

    before: Image
    after: Image


@dataclass(slots=True)
class Alike:
    """Rows that all get the same values."""

    values: Values
    images: tuple[object, ...]
    """The values as the audit keeps them."""
    known: dict[Old, Difference | None] = field(default_factory=dict)
    """What was found for rows that were alike before, too."""

    def difference(self, names: Sequence[str], old: Old) -> Difference | None:
        """Return what differs from `old`, or None; rows that were alike share the answer."""
        try:
            if old in self.known:
                return self.known[old]
        except TypeError:  # a document has no hash
            return _difference(names, old, self.images)
        found = self.known[old] = _difference(names, old, self.images)
        return found


def _difference(names: Sequence[str], old: Old, new: Sequence[object]) -> Difference | None:
    moved = [each for each in zip(names, old, new, strict=True) if each[1] != each[2]]
    if not moved:
        return None
    recorded = [each for each in moved if each[0] not in UNRECORDED]
    return Difference(
        {name: was for name, was, _ in recorded}, {name: now for name, _, now in recorded}
    )


def sorted_out(names: Sequence[str], rows: Sequence[Values]) -> dict[object, Alike]:
    """Return each row's id with the values it gets; rows that get the same share them."""
    groups: dict[Old, Alike] = {}
    found: dict[object, Alike] = {}
    for row in rows:
        key = tuple([row[name] for name in names])
        try:
            alike = groups.get(key)
        except TypeError:  # a document has no hash, and is seldom the same
            found[row["id"]] = _alike(names, row)
            continue
        if alike is None:
            alike = groups[key] = _alike(names, row)
        found[row["id"]] = alike
    return found


def _alike(names: Sequence[str], row: Values) -> Alike:
    return Alike(row, tuple([plain(row[name]) for name in names]))


def images(
    connection: Connection, table: Table, ids: Sequence[object], names: Sequence[str]
) -> Iterator[tuple[int, str, Old]]:
    """Yield id, uid and the named columns' images of rows, by id, locked until the commit."""
    sqlite = connection.dialect.name == "sqlite"
    listed = ", ".join(f'"{name}"' for name in ("id", "uid", *names))
    chosen, lock = "= ANY(%s)", " FOR UPDATE"
    asked: object = list(ids)
    if sqlite:
        chosen, lock = "IN (SELECT value FROM json_each(?))", ""
        asked = canonical(asked)
    query = f'SELECT {listed} FROM "{table.name}" WHERE id {chosen} ORDER BY id{lock}'
    turned = {
        place: turn
        for place, name in enumerate(names)
        if (turn := _turn(table, name, sqlite=sqlite)) is not None
    }
    for number, uid, *old in connection.exec_driver_sql(query, (asked,)).all():
        for place, turn in turned.items():
            if old[place] is not None:
                old[place] = turn(old[place])
        yield number, uid, tuple(old)


def _turn(table: Table, name: str, *, sqlite: bool) -> Callable[[Any], object] | None:
    """Return what makes an image of what the driver hands out, where that is something else."""
    kind = table.c[name].type
    if isinstance(kind, LargeBinary):
        return plain
    if sqlite and isinstance(kind, Boolean):
        return bool
    if sqlite and isinstance(kind, JSON):
        return json.loads
    return None


def write(
    connection: Connection,
    table: Table,
    names: Sequence[str],
    rows: Sequence[tuple[int, Alike]],
    *,
    now: datetime,
) -> None:
    """Give each row its values, and count its version up."""
    more = {"updated_at": now} if "updated_at" in table.c and "updated_at" not in names else {}
    given = (*names, *more)
    groups: dict[int, tuple[Alike, list[int]]] = {}
    for number, alike in rows:
        groups.setdefault(id(alike), (alike, []))[1].append(number)
    single: list[dict[str, object]] = []
    for alike, ids in groups.values():
        values = {**alike.values, **more}
        bound = {f"new_{name}": values[name] for name in given}
        if len(ids) < _MANY:
            single.extend({**bound, "row_id": number} for number in ids)
            continue
        # One statement for thousands of rows takes half the time of one each.
        chosen = among(connection, table.c.id, ids)
        connection.execute(_giving(table, given).where(chosen), bound)
    if single:
        connection.execute(_giving_one(table, given), single)


@lru_cache
def _giving_one(table: Table, names: tuple[str, ...]) -> Update:
    return _giving(table, names).where(table.c.id == bindparam("row_id"))


@lru_cache
def _giving(table: Table, names: tuple[str, ...]) -> Update:
    """Return what gives rows their values: to put it together takes longer than to run it."""
    values: dict[str, object] = {name: bindparam(f"new_{name}") for name in names}
    values["version"] = table.c.version + 1
    return update(table).values(values)
