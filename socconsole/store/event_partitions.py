"""Blocks of events in day partitions of a PostgreSQL server, in the transaction of their batch."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from socconsole.errors import StoreError
from socconsole.store.bulk import copy
from socconsole.store.changes import announce
from socconsole.store.database import Database
from socconsole.store.event_blocks import Edge, Place, Stored, Wanted
from socconsole.store.event_codec import Block
from socconsole.store.event_compact import WORTH_IT, merged

_FOUND = "id, source_id, generation_id, off_lo, off_hi, ts_min, ts_max, n, payload"
_COLUMNS = (
    "day", "source_id", "generation_id", "off_lo", "off_hi", "ts_min", "ts_max", "n", "payload",
    "tokens", "compacted",
)  # fmt: skip
_TYPES = (
    "date", "int8", "int8", "int8", "int8", "int8", "int8", "int4", "bytea", "text[]", "bool",
)  # fmt: skip
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(20536, 1)"
_PATIENCE = "2s"
_PAGE = 256
_LATEST = 512
"""Numbers below the newest block's among which one may still be on its way."""


def _values(block: Block) -> tuple[object, ...]:
    return (
        block.source_id, block.generation_id, block.offset_from, block.offset_to,
        block.time_from, block.time_to, block.events, block.payload, block.tokens.split(),
    )  # fmt: skip


def _partition(day: str) -> str:
    return f"event_block_{day.replace('-', '')}"


def _make(connection: Connection, table: str) -> None:
    connection.execute(
        text(
            f"CREATE TABLE {table} (LIKE event_block INCLUDING DEFAULTS INCLUDING CONSTRAINTS"
            " INCLUDING INDEXES INCLUDING STORAGE)"
        )
    )


def _attach(connection: Connection, table: str, day: str) -> None:
    """Make a table the day's partition, which every collector may drop and compact."""
    start = date.fromisoformat(day)
    connection.execute(
        text(
            f"ALTER TABLE event_block ATTACH PARTITION {table}"
            f" FOR VALUES FROM ('{start}') TO ('{start + timedelta(days=1)}')"
        )
    )
    connection.execute(
        text(
            "DO $$ BEGIN IF pg_has_role('soc_collector', 'MEMBER') THEN"
            f" ALTER TABLE {table} OWNER TO soc_collector; END IF;"
            " EXCEPTION WHEN undefined_object OR insufficient_privilege THEN NULL; END $$"
        )
    )


def _leave(connection: Connection, day: str) -> None:
    """Take a day for compacted."""
    connection.execute(
        text("UPDATE event_block SET compacted = true WHERE day = CAST(:day AS date)"),
        {"day": day},
    )


class EventPartitions:
    """The blocks of a PostgreSQL installation."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reader = database.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._writer = database.engine.execution_options(soc_write=True)
        self._known: set[str] = set()

    def insert(self, session: Session, blocks: Sequence[Block], day: str) -> None:
        self._make_partition(day)
        session.connection().execute(
            text("DELETE FROM event_block WHERE generation_id = :g AND off_lo >= :o"),
            {"g": blocks[0].generation_id, "o": blocks[0].offset_from},
        )
        self.add(session, blocks, day)
        announce(session.connection())

    def add(self, session: Session, blocks: Sequence[Block], day: str) -> None:
        self._make_partition(day)
        date_ = date.fromisoformat(day)
        rows = [(date_, *_values(block), False) for block in blocks]
        copy(session.connection(), "event_block", _COLUMNS, rows, types=_TYPES)

    def rewrite(self, day: str, blocks: Mapping[int, Block]) -> bool:
        with self._work() as connection:
            for number, block in blocks.items():
                done = connection.execute(
                    text(
                        "UPDATE event_block SET payload = :p, tokens = :tokens"
                        " WHERE day = CAST(:day AS date) AND id = :id"
                        " AND generation_id = :g AND off_lo = :lo AND n = :n"
                    ),
                    {
                        "day": day, "id": number, "p": block.payload,
                        "tokens": block.tokens.split(), "g": block.generation_id,
                        "lo": block.offset_from, "n": block.events,
                    },
                )  # fmt: skip
                if not done.rowcount:
                    connection.rollback()
                    return False
        return True

    def _make_partition(self, day: str) -> None:
        """Make the day's partition in a transaction of its own, which nobody has to wait for."""
        if day in self._known:
            return
        with self._work() as connection:
            connection.execute(text(f"SET LOCAL lock_timeout = '{_PATIENCE}'"))
            point = connection.begin_nested()
            try:
                connection.execute(text(_ONE_AT_A_TIME))
            except DBAPIError:  # everybody may take that lock: who keeps it must not stop us
                point.rollback()
            name = _partition(day)
            if connection.execute(text("SELECT to_regclass(:name)"), {"name": name}).scalar():
                self._known.add(day)
                return
            _make(connection, name)
            _attach(connection, name, day)
        self._known.add(day)

    def remove_beyond(self, session: Session, checkpoints: Mapping[int, int]) -> int:
        """Do nothing: blocks and checkpoint commit together here."""
        return 0

    def days(self) -> list[str]:
        found = self._rows(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " JOIN pg_class p ON p.oid = i.inhparent WHERE p.relname = 'event_block' ORDER BY 1"
        )
        names = [name.removeprefix("event_block_") for (name,) in found]
        return [f"{name[:4]}-{name[4:6]}-{name[6:]}" for name in names]

    def after(self, place: Place, wanted: Wanted, limit: int) -> Sequence[Stored]:
        where, values = _conditions(wanted)
        return self._select(
            place.day,
            f"id > %(id)s{where} ORDER BY id LIMIT %(limit)s",
            {"id": place.id, "limit": limit, **values},
        )

    def before(self, place: Place, wanted: Wanted, limit: int) -> Sequence[Stored]:
        where, values = _conditions(wanted)
        return self._select(
            place.day,
            f"id < %(id)s{where} ORDER BY id DESC LIMIT %(limit)s",
            {"id": place.id, "limit": limit, **values},
        )

    def chosen(self, day: str, ids: Iterable[int], wanted: Wanted) -> Sequence[Stored]:
        where, values = _conditions(wanted)
        rows = self._rows(
            f"SELECT CAST(day AS text), {_FOUND} FROM event_block WHERE day IN"
            " (CAST(%(day)s AS date), CAST(%(day)s AS date) - 1)"
            f" AND id = ANY(%(ids)s) AND NOT compacted{where} ORDER BY id",
            {"day": day, "ids": list(ids), **values},
        )
        return [Stored(Place(row[0], row[1]), *row[2:]) for row in rows]

    def edge(self, day: str) -> Edge:
        """Return the highest number, and the gaps below: commits come in another order."""
        rows = self._rows(
            "SELECT id FROM event_block WHERE day IN"
            " (CAST(%(day)s AS date), CAST(%(day)s AS date) - 1)"
            " ORDER BY id DESC LIMIT %(back)s",
            {"day": day, "back": _LATEST},
        )
        if not rows:
            return Edge(0)
        there = {number for (number,) in rows}
        lowest = max(min(there), max(there) - _LATEST)
        return Edge(max(there), frozenset(range(lowest, max(there))) - there)

    def count_after(self, place: Place, wanted: Wanted, top: int) -> int:
        where, values = _conditions(wanted)
        rows = self._rows(
            "SELECT coalesce(sum(n), 0) FROM event_block WHERE day = CAST(%(day)s AS date)"
            f" AND id > %(id)s AND id <= %(top)s{where}",
            {"day": place.day, "id": place.id, "top": top, **values},
        )
        return int(rows[0][0])

    def beside(
        self, day: str, generation_id: int, offset: int, limit: int, *, forward: bool
    ) -> Sequence[Stored]:
        order = (
            "off_lo > %(o)s ORDER BY off_lo" if forward else "off_lo <= %(o)s ORDER BY off_lo DESC"
        )
        return self._select(
            day,
            f"generation_id = %(g)s AND {order} LIMIT %(limit)s",
            {"g": generation_id, "o": offset, "limit": limit},
        )

    def _select(self, day: str, rest: str, values: Mapping[str, object]) -> list[Stored]:
        rows = self._rows(
            f"SELECT {_FOUND} FROM event_block WHERE day = CAST(%(day)s AS date) AND {rest}",
            {"day": day, **values},
        )
        return [Stored(Place(day, row[0]), *row[1:]) for row in rows]

    def size(self, day: str) -> int:
        rows = self._rows(
            "SELECT coalesce(pg_total_relation_size(to_regclass(%(name)s)), 0)",
            {"name": _partition(day)},
        )
        return int(rows[0][0])

    def _rows(
        self, query: str, values: Mapping[str, object] | None = None
    ) -> Sequence[tuple[Any, ...]]:
        """Return what one statement finds, in one exchange with the server.

        It needs no transaction around it, and a payload comes as bytes instead of as digits.
        """
        with self._database.explaining(), self._reader.connect() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None
            try:
                found: Sequence[tuple[Any, ...]] = raw.execute(
                    query, values, binary=True
                ).fetchall()
            finally:
                if raw.closed:
                    connection.invalidate()
            return found

    @contextmanager
    def _work(self) -> Iterator[Connection]:
        """Open a transaction beside the unit of work, committed at the end."""
        with self._database.explaining(), self._writer.begin() as connection:
            yield connection

    def drop(self, day: str) -> None:
        with self._work() as connection:
            connection.execute(text("SET LOCAL lock_timeout = '2s'"))
            connection.execute(text(f"DROP TABLE IF EXISTS {_partition(day)}"))
        self._known.discard(day)

    def tidy(self, days: Sequence[str]) -> None:
        for day in days:
            with self._work() as connection:
                if not self._is_loose(connection, day):
                    continue
                point = connection.begin_nested()
                try:
                    self._compact(connection, day)
                except StoreError:  # a damaged block: reading says so, the rest stays as it is
                    point.rollback()
                    _leave(connection, day)
                return

    def _is_loose(self, connection: Connection, day: str) -> bool:
        """Tell whether a day has small blocks that nobody put together yet."""
        connection.execute(text("SET LOCAL lock_timeout = '2s'"))
        connection.execute(text(_ONE_AT_A_TIME))
        fresh, blocks, events = connection.execute(
            text(
                "SELECT count(*) FILTER (WHERE NOT compacted), count(*), coalesce(sum(n), 0)"
                " FROM event_block WHERE day = CAST(:day AS date)"
            ),
            {"day": day},
        ).one()
        return bool(fresh and events / blocks < WORTH_IT)

    def _compact(self, connection: Connection, day: str) -> None:
        """Write the day into a new partition and put it in the old one's place, in one go."""
        raw: Any = connection.connection.driver_connection
        if raw.is_bounded:
            connection.execute(text("SET LOCAL transaction_timeout = 0"))  # a large day takes long
        old, new = _partition(day), f"{_partition(day)}_new"
        connection.execute(text(f"LOCK TABLE {old} IN SHARE MODE"))
        _make(connection, new)
        first = connection.execute(text(f"SELECT coalesce(min(id), 1) FROM {old}")).scalar_one()
        start = date.fromisoformat(day)
        with connection.execute(
            text(f"SELECT source_id, generation_id, ts_max, payload FROM {old} ORDER BY id"),
            execution_options={"stream_results": True, "yield_per": 64},
        ) as rows:
            copied = (
                (start, *_values(block), True, first + number)
                for number, block in enumerate(merged(rows))
            )
            while page := list(islice(copied, _PAGE)):
                copy(connection, new, (*_COLUMNS, "id"), page, types=(*_TYPES, "int8"))
        connection.execute(text(f"DROP TABLE {old}"))
        connection.execute(text(f"ALTER TABLE {new} RENAME TO {old}"))
        _attach(connection, old, day)

    def close(self) -> None:
        """Nothing of its own is open."""


def _conditions(wanted: Wanted) -> tuple[str, dict[str, object]]:
    clauses: list[str] = []
    values: dict[str, object] = {}
    for name, clause, value in (
        ("source", "source_id = %(source)s", wanted.source_id),
        ("since", "ts_max >= %(since)s", wanted.since),
        ("until", "ts_min < %(until)s", wanted.until),
    ):
        if value is not None:
            clauses.append(clause)
            values[name] = value
    exact = [each for each in wanted.tokens if not each.endswith("*")]
    if exact:
        clauses.append("tokens @> CAST(%(tokens)s AS text[])")
        values["tokens"] = exact
    for number, each in enumerate(each for each in wanted.tokens if each.endswith("*")):
        clauses.append(
            f"EXISTS (SELECT 1 FROM unnest(tokens) t WHERE starts_with(t, %(p{number})s))"
        )
        values[f"p{number}"] = each[:-1]
    return "".join(f" AND {clause}" for clause in clauses), values
