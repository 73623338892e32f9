"""Connections to a server that is not waited for without end.

A server that was paused, or a network that was cut, says nothing at all: whoever only waits for an
answer learns of it in hours, and what was asked may be done long after it was given up.
"""

import logging
import time
from typing import Any, LiteralString, TypeVar

import psycopg
from psycopg.abc import PQGen
from sqlalchemy import URL

RV = TypeVar("RV")

logging.getLogger("psycopg").setLevel(logging.ERROR)  # what it warns of, an error of ours says

CONNECT_SECS = 5
"""A server that does not take a connection in this time counts as away."""
_LOST_SECS = 20
"""A host that does not even acknowledge what it was sent counts as away."""
_LOOK_EVERY = 0.1


def parameters(url: URL) -> dict[str, Any]:
    """Return how to notice that a server has gone, save what `url` says of it."""
    ours = {
        "connect_timeout": CONNECT_SECS,
        "keepalives_idle": _LOST_SECS // 2,
        "keepalives_interval": _LOST_SECS // 4,
        "keepalives_count": 2,
        "tcp_user_timeout": _LOST_SECS * 1000,
    }
    return {name: value for name, value in ours.items() if name not in url.query}


class PatientConnection(psycopg.Connection[Any]):
    """A connection that is given up when nothing has come for `patience_secs`."""

    patience_secs: float | None = None
    """None waits as long as the network holds."""
    is_bounded = False
    """Whether the server ends a transaction that takes long."""
    announces = True
    """Whether the server can tell others of a commit; some of PostgreSQL's relatives cannot."""

    def try_out(self, statement: LiteralString) -> bool:
        """Run a statement outside any transaction; return whether the server knows it."""
        try:
            self.execute(statement)
        except (psycopg.NotSupportedError, psycopg.ProgrammingError):
            return False
        return True

    def wait(
        self, gen: PQGen[RV], interval: float = _LOOK_EVERY, timeout: float | None = None
    ) -> RV:
        """Wait for what the server answers, though not for ever."""
        if self.patience_secs is not None:
            gen = self._hurried(gen, self.patience_secs)
        more = {} if timeout is None else {"timeout": timeout}
        return super().wait(gen, interval, **more)

    def _hurried(self, gen: PQGen[RV], secs: float) -> PQGen[RV]:
        """Do what `gen` does; whoever drives it looks in at intervals while nothing comes."""
        heard = time.monotonic()
        try:
            state = next(gen)
            while True:
                ready = yield state
                if ready:
                    heard = time.monotonic()
                elif time.monotonic() - heard > secs:
                    self.pgconn.finish()
                    raise psycopg.OperationalError(f"connection given up: silent for {secs:g} s")
                state = gen.send(ready)
        except StopIteration as done:
            result: RV = done.value
            return result


def listener(url: URL, patience_secs: float) -> PatientConnection:
    """Connect at once, for single statements outside any transaction."""
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    connection = PatientConnection.connect(address, autocommit=True, **parameters(url))
    connection.patience_secs = patience_secs
    return connection
