"""Console and collector are two processes: who starts whom, and who outlives whom."""

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from socconsole.services.leases import collector_alive
from socconsole.store.database import Database
from socconsole.store.tables import Node
from tests.terminal import Terminal, environment

LINGER_SECS = 2
SETTINGS = f"""
[[source]]
name = "auth"
path = "auth.log"

[collector]
linger_secs = {LINGER_SECS}
"""


@dataclass
class Place:
    """A folder with a log and settings, and its database."""

    folder: Path
    url: str


@pytest.fixture
def place(tmp_path, chosen_url):
    (tmp_path / "soc.toml").write_text(SETTINGS)
    return Place(tmp_path, chosen_url)


@pytest.fixture
def open_console(place):
    """Open a console in a terminal of its own."""
    opened = []

    def open_console():
        options = ["--config", str(place.folder / "soc.toml"), "--db", place.url]
        opened.append(Terminal(options, environment(place.folder), size=(120, 36)))
        return opened[-1]

    yield open_console
    for terminal in opened:
        terminal.close()
    for collector in processes(place, "collector"):  # two may have been started at once
        if collector.stopped_at is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(collector.pid, signal.SIGTERM)


def collector_pid(place):
    database = Database(place.url)
    try:
        database.create()
        with database.read() as session:
            holder = collector_alive(session, now=datetime.now(UTC))
            return holder.pid if holder else None
    finally:
        database.close()


def processes(place, kind):
    """The processes of a kind that have said that they are there."""
    database = Database(place.url)
    try:
        with database.read() as session:
            return session.scalars(select(Node).where(Node.kind == kind)).all()
    finally:
        database.close()


def until(question, seconds=60.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = question()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError("it never came")


def a_root_login(place, number):
    stamp = datetime.now(UTC).isoformat()
    line = f"{stamp} web-{number} sshd[7]: Accepted publickey for root from 192.0.2.7 port 4 ssh2"
    with (place.folder / "auth.log").open("a") as log:
        log.write(f"{line}\n")


def test_a_console_starts_one_collector_that_ends_after_the_last_console(place, open_console):
    first = open_console()
    first.waits_for("live")
    collector = until(lambda: collector_pid(place))
    a_root_login(place, 1)
    first.waits_for("SSH login as root")

    # A second analyst comes; there is still one collector.
    second = open_console()
    second.waits_for("SSH login as root")
    assert collector_pid(place) == collector

    # Both have said that they are there, and leave; the collector stays for as long as it was
    # told to, then goes by itself.
    until(lambda: len(processes(place, "console")) == 2)
    for console in (first, second):
        console.press(":q", "enter")
        assert console.ends() == 0
    until(lambda: collector_pid(place) is None)
    [ended] = [node.stopped_at for node in processes(place, "collector")]
    left = max(node.stopped_at for node in processes(place, "console"))
    assert ended - left >= timedelta(seconds=LINGER_SECS)


def test_a_killed_console_takes_nothing_with_it(place, open_console):
    console, other = open_console(), open_console()
    other.waits_for("live")
    collector = until(lambda: collector_pid(place))
    os.kill(console.pid, signal.SIGKILL)
    assert console.ends() == -signal.SIGKILL
    a_root_login(place, 1)
    other.waits_for("SSH login as root")
    assert collector_pid(place) == collector


def test_a_collector_that_was_killed_is_missed_at_once(place, open_console):
    console = open_console()
    console.waits_for("live")
    os.kill(until(lambda: collector_pid(place)), signal.SIGKILL)
    console.waits_for("no collector")
