"""A stage for scenarios: what happens to files, and how the reader fares meanwhile.

The oracle: every line has a number; when all is settled each number has come exactly once.
"""

import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from socconsole.sources.generation import Generation
from socconsole.sources.notes import NoteKind
from socconsole.sources.watch import Watch
from tests.sources.following import Reader, lost_and_doubled, numbered

LIVE, KILLED, STOPPED, WATCHED = "live", "killed", "stopped", "watched"
MODES = [
    LIVE,
    KILLED,
    *(pytest.param(mode, marks=pytest.mark.matrix) for mode in (STOPPED, WATCHED)),
]


class Stage:
    """A folder, a reader and a count of the lines written so far.

    Modes: the reader runs (live), is killed with uncommitted lines at every turn (killed), is not
    there while things happen (stopped), or looks only where notifications point (watched).
    """

    def __init__(self, folder: Path, mode: str):
        self.folder = folder
        self.mode = mode
        self.last = 0
        self.gone: set[int] = set()
        self.reader: Reader | None = None
        self.chance = random.Random(7)
        self.watch: Watch | None = None

    def start(self, pattern: str = "app.log*", **options) -> Reader:
        self.reader = Reader(self.folder / pattern, **options)
        if self.mode == WATCHED:
            self.watch = Watch()
        self.settle()
        return self.reader

    def close(self):
        if self.reader is not None:
            self.reader.stop()
        if self.watch is not None:
            self.watch.close()

    def path(self, name: str = "app.log") -> Path:
        return self.folder / name

    def lines(self, count: int = 20) -> bytes:
        """The next `count` numbered lines."""
        first, self.last = self.last + 1, self.last + count
        return numbered(first, self.last)

    def append(self, path: Path | None = None, count: int = 20):
        with (path or self.path()).open("ab") as writer:
            writer.write(self.lines(count))

    def rewrite(self, path: Path | None = None, count: int = 20, *, before: bytes = b""):
        """Replace a file's content in place, as `>` in a shell does."""
        with (path or self.path()).open("r+b") as writer:
            writer.truncate(0)
            writer.write(before + self.lines(count))

    def copy(self, source: Path, target: Path):
        shutil.copyfile(source, target)

    @contextmanager
    def act(self) -> Iterator[None]:
        """What happens inside happens under the reader's eyes, or behind its back."""
        reader = self.reader
        if self.mode == STOPPED:
            reader.stop()
            yield
            reader.now += 60
            reader.start()
            return
        yield
        self.glance()

    def glance(self):
        """One look in the middle of things."""
        if self.mode == KILLED:
            for _ in range(self.chance.randint(0, 2)):
                self.reader.round(commit=False)
            self.reader.kill()
        elif self.mode != STOPPED:
            self.reader.round()

    def settle(self, seconds: float = 3.0):
        """Let the reader do all it can in so many seconds of its own clock."""
        reader = self.reader
        if self.mode == KILLED and self.chance.random() < 0.5:
            reader.round(commit=False)
            reader.kill()
        if self.watch is not None:
            self.watch.follow(reader.tail.folders)
            self.watch.wait(0.1)
        reader.follow(seconds)

    def expect_all(self, besides: Callable[[bytes], bool] | None = None):
        """Every line written came exactly once, and nothing else came."""
        texts = [one for one in self.reader.texts if besides is None or not besides(one)]
        wanted = [n for n in range(1, self.last + 1) if n not in self.gone]
        lost, doubled = lost_and_doubled(texts, self.last)
        assert ([n for n in lost if n in wanted], doubled) == ([], [])
        assert all(text[:8].isdigit() for text in texts)
        self.expect_order()

    def expect_order(self):
        """Within a generation, lines came in the order of the file, none at the same place."""
        places: dict[int, int] = {}
        for generation, offset, _ in self.reader.lines:
            assert offset > places.get(generation, -1)
            places[generation] = offset

    def notes(self, kind: NoteKind):
        return self.reader.noted(kind)

    def live(self) -> list[Generation]:
        return list(self.reader.tail.live.values())


def scenario(number: int, title: str, modes=MODES):
    """Name a test by its number and title, and run it in every mode."""

    def decorate(test):
        ids = [f"{number:02d} {title}"]
        with_row = pytest.mark.parametrize("row", [number], ids=ids)(test)
        return pytest.mark.parametrize("mode", modes)(with_row)

    return decorate
