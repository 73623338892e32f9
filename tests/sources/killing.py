"""Readers for the stage that are processes of their own and die by SIGKILL.

Each is the collector as it is, with its transactions, events and lease, over a database of the
run's engine; only its clock is a number, so that waiting costs nothing. It is forked from a warm
process: a start costs a few hundredths of a second.
"""

import multiprocessing
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from socconsole.core.event import Event, RawLine
from socconsole.core.policy import SourcePolicy
from socconsole.errors import StoreError
from socconsole.services import sources as kept_sources
from socconsole.sources.generation import Checkpoint
from socconsole.sources.notes import Note, NoteKind
from socconsole.store.database import Database
from socconsole.store.events import EventStore
from socconsole.store.queries.sources import sources
from socconsole.store.tables import SourceNote
from tests.sources import victim

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["pytest", "tests.sources.warm"])


class KilledReader:
    """A source that a collector reads which does not live long; see `following.Reader`."""

    def __init__(
        self,
        path: Path | str,
        url: str,
        folder: Path,
        *,
        also: tuple[SourcePolicy, ...] = (),
        **policy: Any,
    ) -> None:
        self.policy = SourcePolicy(**{"name": "test", "path": str(path), "format": "sshd"} | policy)
        self.also = also
        self.now = 1000.0
        self.kills = 0
        self.url = url
        self._folder = folder
        self.database = Database(self.url)
        self._process: Any = None
        self._line: Connection | None = None
        self.start()

    # Life and death --------------------------------------------------------------------------

    @property
    def pid(self) -> int:
        return int(self._process.pid)

    def start(self) -> None:
        assert self._process is None
        self._line, other = FORKS.Pipe()
        words = (other, str(self._folder), self.url, (self.policy, *self.also), self.now)
        self._process = FORKS.Process(target=victim.serve, args=words, daemon=True)
        self._process.start()
        other.close()

    def stop(self) -> None:
        """Let it die wherever it is."""
        if self._process is None:
            return
        self._process.kill()
        self._process.join()
        self._process.close()
        if self._line is not None:
            self._line.close()
        self._process = self._line = None
        self.kills += 1

    @property
    def is_up(self) -> bool:
        return self._process is not None

    def end(self) -> None:
        """Let it commit what it has and end by itself."""
        self._ask("close")
        self.stop()
        self.kills -= 1

    def kill(self) -> None:
        self.stop()
        self.start()

    def die_at_work(self, chance: random.Random, *, at_once: bool = False) -> None:
        """Kill it while it reads: at any instant, before the commit, or just after one.

        Args:
            chance: Says which.
            at_once: Its clock does not go on meanwhile.

        """
        how = chance.randrange(3)
        if how == 0:
            self._send("follow", 0.01 if at_once else 1.0, 0.25)
            time.sleep(chance.random() * 0.02)
        elif how == 1:
            self._ask("go_as_far_as_the_commit")
        else:
            self._ask("round")
        self.kill()

    def close(self) -> None:
        self.stop()
        self.database.close()

    # Reading ---------------------------------------------------------------------------------

    def _send(self, word: str, *rest: Any) -> None:
        assert self._line is not None
        self._line.send((self.now, word, *rest))

    def _ask(self, word: str, *rest: Any) -> Any:
        """Let it do one thing and wait for its answer."""
        self._send(word, *rest)
        assert self._line is not None
        assert self._line.poll(30), f"it does not come back from {word}"
        self.now, answer = self._line.recv()
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def round(self, *, commit: bool = True, scan: bool = True) -> bool:
        if not commit:
            return bool(self._ask("go_as_far_as_the_commit"))
        return bool(self._ask("round", scan))

    def follow(self, seconds: float = 3.0, step: float = 0.25) -> None:
        self._ask("follow", seconds, step)

    def tell_health(self) -> None:
        """Let it write down how its sources are, as it does every few seconds."""
        self._ask("tell_health")

    def block(self) -> None:
        """Let it read what is there while the database takes nothing."""
        self._ask("block")

    def unblock(self) -> None:
        self._ask("unblock")

    def refuse_reading(self) -> None:
        """Let it see files and read nothing of them."""
        self._ask("refuse_reading")

    def refuse(self, number: int) -> Callable[[], None]:
        """Let every opening and listing fail with this error; return what ends that."""
        self._ask("refuse", number)
        return lambda: self._ask("refuse", 0)

    @contextmanager
    def listing_badly(self) -> Iterator[None]:
        """Let every listing name files that are not there, and each file twice."""
        self._ask("list_badly", True)
        yield
        self._ask("list_badly", False)

    # What came of it -------------------------------------------------------------------------

    @property
    def events(self) -> list[Event]:
        """What the event files have, in the order it was stored."""
        store = EventStore(self.database)
        try:
            return [kept.event for kept in store.search()]
        finally:
            store.close()

    @property
    def records(self) -> list[RawLine]:
        found = []
        for event in self.events:
            assert event.line is not None
            if event.parse_error == "the line is unterminated":
                event.line.note = "unterminated"
            found.append(event.line)
        return found

    @property
    def lines(self) -> list[tuple[int, int, bytes]]:
        return [(line.generation, line.offset, line.data) for line in self.records]

    @property
    def texts(self) -> list[bytes]:
        return [line.data for line in self.records]

    @property
    def notes(self) -> list[Note]:
        with self.database.read() as session:
            rows = session.scalars(select(SourceNote).order_by(col(SourceNote.id)))
            return [
                Note(
                    source="test",
                    kind=NoteKind(row.kind),
                    text=row.detail,
                    path=row.path,
                    generation=row.generation_id or 0,
                    first=row.offset_from,
                    last=row.offset_to,
                )
                for row in rows
            ]

    def noted(self, kind: NoteKind) -> list[Note]:
        return [note for note in self.notes if note.kind is kind]

    @property
    def kept(self) -> dict[int, Checkpoint]:
        with self.database.read() as session:
            return {one.id: one for one in kept_sources.checkpoints(session, 1, "test")}

    @property
    def lag_bytes(self) -> int:
        return int(self._ask("look_up", "lag_bytes"))

    @property
    def lag_shown(self) -> int:
        """The lag as the database has it."""
        with self.database.read() as session:
            return sources(session)[0].lag_bytes

    @property
    def problems(self) -> dict[bytes, str]:
        return dict(self._ask("look_up", "problems"))

    @property
    def half_lines(self) -> list[bytes]:
        return list(self._ask("half_lines"))

    @property
    def live_paths(self) -> list[bytes]:
        return list(self._ask("live_paths"))

    @property
    def open_files(self) -> list[str]:
        """The regular files of the source that are open, as the system names them."""
        return list(self._ask("open_files"))

    @property
    def peak_bytes(self) -> int:
        """The most memory it has needed beyond what it began with."""
        return int(self._ask("peak_bytes"))


class FreeReader(KilledReader):
    """A collector that runs by itself, by the real clock and by notifications, and says nothing."""

    def __init__(
        self,
        path: Path | str,
        url: str,
        folder: Path,
        *,
        unwatched: bool = False,
        **policy: Any,
    ) -> None:
        self._unwatched = unwatched
        super().__init__(path, url, folder, **policy)

    def start(self) -> None:
        assert self._process is None
        self._line, other = FORKS.Pipe(duplex=False)
        words = (other, str(self._folder), self.url, self.policy, self._unwatched)
        self._process = FORKS.Process(target=victim.run, args=words, daemon=True)
        self._process.start()
        other.close()

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.is_alive()

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    @property
    def count(self) -> int:
        """How many lines the figures say it has read; -1 while nobody can be asked."""
        try:
            with self.database.read() as session:
                return sum(row.lines for row in sources(session))
        except StoreError:
            return -1

    def says(self, words: str, seconds: float = 30.0) -> None:
        """Wait until it says these words to whoever started it."""
        assert self._line is not None
        deadline = time.monotonic() + seconds
        while self._line.poll(max(0.0, deadline - time.monotonic())):
            if words in self._line.recv():
                return
        raise AssertionError(f"it never said {words!r}")

    def reads(self, lines: int, seconds: float = 30.0) -> None:
        """Wait until so many lines were read."""
        until(lambda: self.count >= lines, seconds)


def until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait until `condition` holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)
