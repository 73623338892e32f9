"""Column types that mean the same on SQLite and PostgreSQL, and the ids rows are born with."""

import json
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    DateTime,
    Dialect,
    Float,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    TypeDecorator,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import TypeEngine

from socconsole.core.severity import Severity
from socconsole.errors import StoreError

_Value = TypeVar("_Value")
Reads = Callable[[Any], _Value | None]
"""What makes a value of a column's."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(moment: datetime) -> int:
    """Return `moment` as microseconds since 1970 UTC; raises ValueError on a naive datetime."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone")
    return (moment - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """Return the aware UTC datetime `micros` microseconds after 1970."""
    return _EPOCH + timedelta(microseconds=micros)


def _damaged(value: object) -> StoreError:
    return StoreError(
        f"The database is damaged: it holds {str(value)[:40]!r} where that cannot be.",
        hint="See `socconsole db verify`; restore a backup with `socconsole db restore`.",
    )


def _moment(micros: int | None) -> datetime | None:
    try:
        return None if micros is None else _EPOCH + timedelta(0, 0, micros)
    except OverflowError:
        raise _damaged(micros) from None


class _Severities(dict[int | None, Severity | None]):
    """Number → severity."""

    def __missing__(self, number: int | None) -> None:
        raise _damaged(number)


_SEVERITIES = _Severities({int(each): each for each in Severity})
_SEVERITIES[None] = None
_severity = _SEVERITIES.__getitem__
_decode = msgspec.json.Decoder().decode


def read_document(text: str | bytes) -> object:
    """Return a JSON value; it may hold what JSON itself does not know, as Python writes it."""
    try:
        return _decode(text)
    except msgspec.MsgspecError:  # half a character, or a number that is none
        try:
            return json.loads(text)
        except ValueError:
            raise _damaged(text) from None


def new_uid() -> str:
    """Return a fresh UUIDv7 as text: unique without a server, and it sorts by time."""
    milliseconds = time.time_ns() // 1_000_000
    number = (milliseconds & ((1 << 48) - 1)) << 80 | int.from_bytes(os.urandom(10), "big")
    number = number & ~(0xF000 << 64) | 0x7000 << 64
    number = number & ~(0xC000 << 48) | 0x8000 << 48
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


class Micros(TypeDecorator[datetime]):
    """An aware datetime stored as a 64-bit count of microseconds since 1970 UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else to_micros(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Reads[datetime]:
        return _moment  # itself: SQLAlchemy's own way to it takes longer than the datetime


class SeverityNumber(TypeDecorator[Severity]):
    """A severity stored as its number, 0 to 4."""

    impl = SmallInteger
    cache_ok = True

    def process_bind_param(self, value: Severity | None, dialect: Dialect) -> int | None:
        return None if value is None else int(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Reads[Severity]:
        return _severity


class Word(TypeDecorator[str]):
    """A word out of a fixed list, such as a status; a StrEnum is stored by its value."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else str(value)


class _Jsonb(TypeDecorator[Any]):
    """PostgreSQL's binary JSON; its dialect is loaded only where there is such a server."""

    impl = JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        from sqlalchemy.dialects.postgresql import JSONB

        return dialect.type_descriptor(JSONB())


Document = JSON().with_variant(_Jsonb(), "postgresql")
"""A JSON value. Assign a new one: a change inside it is not noticed."""


def _sqlite_name(kind: type, name: str) -> None:
    """Make SQLite's STRICT tables, which know five type names only, accept `kind`."""
    compiles(kind, "sqlite")(lambda _type, _compiler, **_options: name)


for _kind, _name in (
    (String, "TEXT"),
    (Text, "TEXT"),
    (JSON, "TEXT"),
    (DateTime, "TEXT"),
    (Boolean, "INTEGER"),
    (Integer, "INTEGER"),
    (SmallInteger, "INTEGER"),
    (BigInteger, "INTEGER"),
    (Float, "REAL"),
    (LargeBinary, "BLOB"),
):
    _sqlite_name(_kind, _name)
