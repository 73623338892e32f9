"""The room a change of thousands of rows gets in a file: pages in memory, and a log folded later.

A console keeps a few pages in memory. With those a change of ten thousand alerts, whose rows and
index entries lie on as many pages each, would write and read most of them several times.
"""

from typing import Any

from sqlmodel import Session

_ROOM = "socconsole.room"
_LONG = 500
"""Rows from which on it matters."""
_CACHE_KIB = 32_768


def make_room(session: Session, rows: int) -> None:
    """Let the transaction of this session change many rows of a file at less cost.

    It does not fold the write-ahead log into the file when it commits: who waits for the change
    need not wait for that. `Database.fold` does, or whoever commits next.
    """
    connection = session.connection()
    if rows < _LONG or connection.dialect.name != "sqlite" or connection.info.get(_ROOM):
        return
    connection.info[_ROOM] = True
    connection.exec_driver_sql(f"PRAGMA cache_size=-{_CACHE_KIB}")
    connection.exec_driver_sql("PRAGMA wal_autocheckpoint=0")


def take_room(info: dict[Any, Any]) -> bool:
    """Return, once, whether the connection with that `info` had room made."""
    return bool(info.pop(_ROOM, False))
