"""Starts a collector or a back-test as a subprocess; all that a console knows of them."""

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from socconsole.services.sources import collector_alive
from socconsole.store.database import Database


def collector_command(url: str, config: Path | None, *options: str) -> list[str]:
    """Return the command line of a collector on the database at `url`."""
    words = [sys.executable, "-m", "socconsole", "--db", url]
    if config is not None:
        words += ["--config", str(config)]
    return [*words, "collect", *options]


def start_collector(database: Database, *, config: Path | None, log: Path, now: datetime) -> str:
    """Start a collector where none is alive, and return in one phrase what was done.

    It is a process of its own that outlives this one, and ends by itself some time after the
    last console has gone. What it says goes to `log`.
    """
    with database.read() as session:
        alive = collector_alive(session, now=now)
    if alive is not None:
        return f"collector {alive.pid} on {alive.host} is reading"
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    url = database.url.render_as_string(hide_password=False)
    told = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        started = subprocess.Popen(  # noqa: S603 - our own interpreter and words
            collector_command(url, config, "--attended"),
            stdin=subprocess.DEVNULL,
            stdout=told,
            stderr=told,
            start_new_session=True,
            close_fds=True,
        )
    finally:
        os.close(told)
    return f"started collector {started.pid}"
