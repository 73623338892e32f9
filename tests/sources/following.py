"""A reader over the real tail engine whose store is a dictionary and whose clock is a number.

`kill` forgets everything that was not committed, as SIGKILL does.
"""

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from socconsole.sources import arrivals, files, roster, tail
from socconsole.sources.files import FileSource
from socconsole.sources.generation import Checkpoint
from socconsole.sources.notes import Note, NoteKind
from socconsole.sources.tail import Tail


class Reader:
    """Reads one source round by round; `lines` is what was committed, in order."""

    def __init__(self, path: Path | str, *, open_files: int = 500, **options):
        self.source = FileSource(name="test", path=str(path), **options)
        self.kept: dict[int, Checkpoint] = {}
        self.lines: list[tuple[int, int, bytes]] = []
        self.records: list = []
        self.notes: list[Note] = []
        self.now = 1000.0
        self.tail: Tail | None = None
        self.limit = 1000
        self._open_files = open_files
        self.start()

    def start(self):
        assert self.tail is None
        self.tail = Tail(self.source, self.kept.values(), now=self.now, open_files=self._open_files)

    def stop(self):
        if self.tail is not None:
            self.tail.close()
            self.tail = None

    close = stop

    @property
    def is_up(self) -> bool:
        return self.tail is not None

    def die_at_work(self, _chance: random.Random) -> None:
        self.round(commit=False)
        self.kill()

    def kill(self):
        """End as by SIGKILL, and start again."""
        self.stop()
        self.start()

    def round(self, *, commit: bool = True, scan: bool = True) -> bool:
        """Scan, sweep, read what is ready once, and commit; return whether more is ready."""
        tail = self.tail
        if scan or self.now >= tail.next_scan:
            tail.scan(self.now)
        tail.sweep(self.now)
        tail.expire(self.now)
        taken = []
        for portion in tail.take_final():
            taken += portion.lines
        for generation in tail.ready():
            portion = tail.read(generation, self.limit, self.now)
            taken += portion.lines
            tail.settle(generation, generation.offset + generation.delivered)
        if commit:
            self.commit(taken)
        return tail.has_ready

    def commit(self, taken):
        self.lines += [(line.generation, line.offset, line.data) for line in taken]
        self.records += taken
        self.kept.update({one.id: one for one in self.tail.take_checkpoints()})
        self.notes += self.tail.take_notes()

    def follow(self, seconds: float = 3.0, step: float = 0.25, *, scan: bool = True):
        """Read for a while of the reader's own clock; its steps cost no time."""
        end = self.now + seconds
        while self.now < end:
            while self.round(scan=scan):
                pass
            self.now += step

    def refuse(self, number: int) -> Callable[[], None]:
        """Let every opening and listing of files fail with this error; return what ends that."""

        def failing(path, *_rest, **_options):
            raise OSError(number, os.strerror(number), path)

        inner = pytest.MonkeyPatch()
        inner.setattr(roster, "open_regular", failing)
        inner.setattr(arrivals, "open_regular", failing)
        inner.setattr(files.os, "scandir", failing)
        return inner.undo

    @contextmanager
    def listing_badly(self) -> Iterator[None]:
        """Let every listing name files that are not there, and each file twice."""
        real = files.look

        def stale(source):
            listing = real(source)
            doubled = [(path + b".9", found) for path, found in listing.entries]
            listing.entries = doubled + listing.entries + doubled
            return listing

        with pytest.MonkeyPatch.context() as inner:
            inner.setattr(tail, "look", stale)
            yield

    @property
    def lag_bytes(self) -> int:
        return self.tail.lag_bytes

    @property
    def problems(self) -> dict[bytes, str]:
        return self.tail.problems

    @property
    def half_lines(self) -> list[bytes]:
        return [half for _, half in self.tail.half_lines(self.now)]

    @property
    def live_paths(self) -> list[bytes]:
        return [one.path for one in self.tail.live.values()]

    @property
    def open_files(self) -> list[str]:
        """The files of the source that are open, as the system names them."""
        folder = str(Path(self.source.path).parent) + "/"
        return [path for path in open_here() if path.startswith(folder)]

    @property
    def texts(self) -> list[bytes]:
        return [data for _, _, data in self.lines]

    def noted(self, kind: NoteKind) -> list[Note]:
        return [note for note in self.notes if note.kind is kind]


def open_here() -> list[str]:
    """What this process has open, as the system names it."""
    found = []
    for one in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the listing's own descriptor
            found.append(str(one.readlink()))
    return found


def numbered(first: int, last: int, width: int = 40) -> bytes:
    """Lines `first` to `last`, both included, each with its number."""
    return b"".join(b"%08d %s\n" % (n, b"x" * (n * 7 % width)) for n in range(first, last + 1))


def numbers(texts) -> list[int]:
    return [int(text[:8]) for text in texts]


def lost_and_doubled(texts, last: int) -> tuple[list[int], list[int]]:
    """Which of 1..last never came, and which came more than once."""
    seen = Counter(numbers(texts))
    return [n for n in range(1, last + 1) if n not in seen], [n for n, c in seen.items() if c > 1]
