"""Starts a collector or a back-test as a subprocess; all that a console knows of them."""

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import TracebackType

from socconsole.errors import SocError
from socconsole.services import nodes
from socconsole.services.leases import collector_alive
from socconsole.store.database import Database


def collector_command(url: str | None, config: Path | None, *options: str) -> list[str]:
    """Return the command line of a collector on a database; None: $SOCCONSOLE_DB names it."""
    words = [sys.executable, "-m", "socconsole", *(("--db", url) if url is not None else ())]
    if config is not None:
        words += ["--config", str(config)]
    return [*words, "collect", *options]


def start_collector(
    database: Database, *, group: str, config: Path | None, log: Path, now: datetime
) -> str:
    """Start a collector where none reads `group`, and return in one phrase what was done.

    It is a process of its own that outlives this one, and ends by itself some time after the
    last console has gone. What it says goes to `log`. Where roles are in force, people's logins
    may not run one.
    """
    with database.read() as session:
        alive = collector_alive(session, now=now, group=group)
    if alive is not None:
        return f"collector {alive.pid} on {alive.host} is reading"
    if not database.may_write("lease"):
        return "no collector reads, and this login may not start one"
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Every account of the machine may read a command line: a password does not go there.
    environ = {**os.environ, "SOCCONSOLE_DB": database.url.render_as_string(hide_password=False)}
    told = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        started = subprocess.Popen(  # noqa: S603 - our own interpreter and words
            collector_command(None, config, "--attended"),
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=told,
            stderr=told,
            start_new_session=True,
            close_fds=True,
        )
    finally:
        os.close(told)
    return f"started collector {started.pid}"


class Attendance:
    """Says, in a thread of its own, that a console is there: collectors end without one."""

    def __init__(self, url: str, login: str, *, now: Callable[[], datetime]) -> None:
        self._url = url
        self._login = login
        self._now = now
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._attend, name="attendance", daemon=True)

    def __enter__(self) -> "Attendance":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2.0)

    def begin(self) -> None:
        """Start saying so."""
        if not self._thread.is_alive():
            self._thread.start()

    def _attend(self) -> None:
        database = Database(self._url)
        node = 0
        try:
            while not self._over.wait(nodes.BEAT_EVERY.total_seconds() if node else 0):
                # A beat that fails is made up for by the next one.
                with contextlib.suppress(SocError), database.begin() as session:
                    node = node or nodes.join(session, "console", self._login, now=self._now())
                    nodes.beat(session, node, now=self._now())
            with contextlib.suppress(SocError), database.begin() as session:
                nodes.leave(session, node, now=self._now())
        finally:
            database.close()
