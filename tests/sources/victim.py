"""The process that `killing` starts: a collector that goes one step when it is told to."""

import errno
import os
import re
import signal
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NoReturn

import watchfiles

import socconsole.collector
import socconsole.store.database
import socconsole.store.turns
from socconsole.collector import Collector
from socconsole.core.policy import Settings, SourcePolicy
from socconsole.sigma.match import Matcher
from socconsole.sigma.rules import load_rules
from socconsole.sources import arrivals, files, generation, roster, tail
from socconsole.store.database import Database
from socconsole.store.events import EventStore
from socconsole.store.turns import Turns
from tests.sources.following import open_here

MATCHER = Matcher(load_rules([]))
# The system outlives the process and has what it wrote: no disk need be waited for.
socconsole.store.database.PRAGMAS = (*socconsole.store.database.PRAGMAS, "synchronous=OFF")
_WARM = Database("sqlite:///soc.db")
"""Its statements are compiled before the fork."""


def database_here() -> Database:
    """Return the warm database, moved to the working folder."""
    _WARM.url = _WARM.url.set(database=str(Path("soc.db").absolute()))
    _WARM._turns = Turns(_WARM.path)
    return _WARM


class Clock:
    """What the collector takes for `time`: it stands still until it is moved."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, _seconds: float) -> None:
        """Nobody waits here."""


class Victim:
    """A collector with sources open, and the words it is moved by."""

    def __init__(self, policies: tuple[SourcePolicy, ...], now: float, database: Database) -> None:
        self.clock = Clock()
        self.clock.now = now
        socconsole.collector.time = self.clock
        settings = Settings(source=policies)
        self.database = database
        self.store = EventStore(database)
        self.collector = Collector(
            database, settings, MATCHER, self.store, login="test", say=lambda _text: None
        )
        self.collector._watch.follow = lambda _folders: (
            None
        )  # notifications have tests of their own
        self.collector._lease.join()
        assert self.collector._lease.take() is None, "the one before is dead"
        self.collector._open_sources()
        self.followed = self.collector._followed[0]
        self.real = files.look, roster.open_regular, files.os.scandir
        self.began_with = _memory("VmRSS")

    def close(self) -> None:
        self.collector._end()
        self.store.close()
        self.database.close()

    @property
    def tail(self) -> Any:
        return self.followed.tail

    # Words -----------------------------------------------------------------------------------

    def round(self, scan: bool = True) -> bool:
        for one in self.collector._followed:
            one.tail.next_sweep = self.clock.now
            if scan:
                one.tail.next_scan = self.clock.now
        return self.collector._round()

    def follow(self, seconds: float, step: float) -> None:
        end = self.clock.now + seconds
        while self.clock.now < end:
            while self.round():
                pass
            self.clock.now += step

    def go_as_far_as_the_commit(self, line: Connection) -> bool:
        """Write the next batch and stop before it is committed, for ever where there is one."""
        write = self.collector._write

        def wait_for_the_end(*what: Any) -> NoReturn:
            write(*what)
            what[0].flush()
            line.send((self.clock.now, True))
            threading.Event().wait()
            raise AssertionError

        self.collector._write = wait_for_the_end
        self.round()
        self.collector._write = write
        return False

    def tell_health(self) -> None:
        self.collector._beat()

    def block(self) -> None:
        """Read the next batch, and look on while it cannot be stored."""
        self.round_with(self._keep)

    def _keep(self, batch: Any) -> None:
        self.kept = batch
        for _ in range(20):
            self.clock.now += 0.25
            self.collector._keep_sight()

    def unblock(self) -> None:
        self.collector._commit(self.kept)

    def round_with(self, commit: Any) -> None:
        before, self.collector._commit = self.collector._commit, commit
        self.round()
        self.collector._commit = before

    def refuse_reading(self) -> None:
        def failing(_generation: Any) -> NoReturn:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

        generation.Generation.fill = failing

    def refuse(self, number: int) -> None:
        def failing(path: Any, *_rest: Any, **_options: Any) -> NoReturn:
            raise OSError(number, os.strerror(number), path)

        _, opening, scanning = self.real
        roster.open_regular = arrivals.open_regular = failing if number else opening
        files.os.scandir = failing if number else scanning

    def list_badly(self, on: bool) -> None:
        """Let every listing name files that are not there, and each file twice."""
        real = self.real[0]

        def stale(source: Any) -> Any:
            listing = real(source)
            doubled = [(path + b".9", found) for path, found in listing.entries]
            listing.entries = doubled + listing.entries + doubled
            return listing

        tail.look = stale if on else real

    def look_up(self, name: str) -> Any:
        return getattr(self.tail, name)

    def half_lines(self) -> list[bytes]:
        return [half for _, half in self.tail.half_lines(self.clock.now)]

    def live_paths(self) -> list[bytes]:
        return [one.path for one in self.tail.live.values()]

    def open_files(self) -> list[str]:
        folder = f"{Path(self.followed.policy.path).parent}/"
        return [path for path in open_here() if path.startswith(folder)]

    def peak_bytes(self) -> int:
        return _memory("VmHWM") - self.began_with


def _memory(name: str) -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    found = re.search(rf"{name}:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1024


def serve(
    line: Connection, folder: str, url: str, policies: tuple[SourcePolicy, ...], now: float
) -> None:
    """Do what comes through `line` until somebody ends it."""
    _live_in(folder)
    is_here = url == f"sqlite:///{folder}/soc.db"
    victim = Victim(policies, now, database_here() if is_here else Database(url))
    while True:
        try:
            victim.clock.now, word, *rest = line.recv()
        except EOFError:
            os._exit(0)
        if word == "go_as_far_as_the_commit":
            rest = [line]
        answer: Any
        try:
            answer = getattr(victim, word)(*rest)
        except Exception as error:  # noqa: BLE001 - whoever asked wants to know
            answer = AssertionError(f"{word}: {type(error).__name__}: {error}")
        line.send((victim.clock.now, answer))


def _live_in(folder: str) -> None:
    os.chdir(folder)
    os.environ["XDG_STATE_HOME"] = folder


def run(line: Connection, folder: str, url: str, policy: SourcePolicy, unwatched: bool) -> None:
    """Be a collector like any other until somebody ends it; say to `line` what it says."""
    _live_in(folder)
    socconsole.collector.time = time
    if unwatched:
        watchfiles.watch = _refuse_to_watch
    socconsole.store.turns.LOCK_WAIT = 0.2  # a wait that is as patient teaches nothing more
    database = Database(url)
    store = EventStore(database)
    settings = Settings(source=(policy,))
    collector = Collector(database, settings, MATCHER, store, login="test", say=line.send)
    signal.signal(signal.SIGTERM, lambda _number, _frame: collector.stop())
    collector.run()
    store.close()
    database.close()


def _refuse_to_watch(*_folders: object, **_options: object) -> NoReturn:
    raise OSError("OS file watch limit reached. about ['/logs']")
