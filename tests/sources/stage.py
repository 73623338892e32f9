"""A stage for scenarios: what happens to files, and how the reader fares meanwhile.

The oracle: every line has a number; when all is settled each number has come exactly once.
"""

import random
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path

import pytest

from socconsole.sources.generation import Generation
from socconsole.sources.notes import NoteKind
from socconsole.sources.watch import Watch
from tests.engines import Engine
from tests.sources.following import Reader, lost_and_doubled, numbered
from tests.sources.killing import FreeReader, KilledReader

LIVE, KILLED = "live", "killed"
STOPPED, WATCHED, SWEPT, DROPPED = "stopped", "watched", "swept", "dropped"
MATRIX = (STOPPED, WATCHED, SWEPT, DROPPED)
MODES = (LIVE, KILLED, *MATRIX)


class Stage:
    """A folder, a reader and a count of the lines written so far.

    Modes: the reader runs (live), is a process that is killed with SIGKILL at every turn (killed),
    is not there while things happen (stopped), looks only where notifications point (watched) or
    only when it is time to (swept), or forgets uncommitted lines at every turn (dropped).
    """

    def __init__(self, folder: Path, mode: str, engine: Engine):
        self.folder = folder / "logs"
        self.folder.mkdir()
        self.home = folder / "home"
        self.home.mkdir()
        self.engine = engine
        self.mode = mode
        self.last = 0
        self.gone: set[int] = set()
        self.reader: Reader | KilledReader | FreeReader | None = None
        self.chance = random.Random(7)
        self.watch: Watch | None = None
        self._databases = ExitStack()

    @cached_property
    def url(self) -> str:
        """The database of the readers that have one."""
        return self._databases.enter_context(self.engine.fresh_database(self.home))

    def start(self, pattern: str = "app.log*", *, apart: bool = False, **options) -> Reader:
        """Read from now on; `apart`: in a process of its own even where nobody kills it."""
        path = self.folder / pattern
        if self.mode == KILLED or apart:
            self.reader = KilledReader(path, self.url, self.home, **options)
        else:
            self.reader = Reader(path, **options)
        if self.mode == WATCHED:
            self.watch = Watch()
        self.settle()
        return self.reader

    def run(self, pattern: str = "app.log*", *, url: str = "", **options) -> FreeReader:
        """Let a collector read that goes by itself, by the real clock."""
        self.reader = FreeReader(self.folder / pattern, url or self.url, self.home, **options)
        return self.reader

    def close(self):
        if self.reader is not None:
            self.reader.close()
        if self.watch is not None:
            self.watch.close()
        self._databases.close()

    @contextmanager
    def act_unseen(self) -> Iterator[bool]:
        """What happens inside finds a reader that is dead or stopped; yield whether it does."""
        reader = self.reader
        if self.mode not in {KILLED, STOPPED}:
            yield False
            return
        reader.stop()
        yield True
        reader.now += 60
        reader.start()

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
            self.reader.die_at_work(self.chance)
        elif self.mode == DROPPED:
            for _ in range(self.chance.randint(0, 2)):
                self.reader.round(commit=False)
            self.reader.kill()
        elif self.mode == WATCHED:
            self._look_where_told()
        elif self.mode == SWEPT:
            self.reader.round(scan=False)
        elif self.mode == LIVE:
            self.reader.round()

    def _look_where_told(self):
        reader = self.reader
        self.watch.follow(reader.tail.folders)
        reader.tail.hint(self.watch.wait(0.1), reader.now)
        reader.round(scan=False)

    def settle(self, seconds: float = 3.0):
        """Let the reader do all it can in so many seconds of its own clock."""
        reader = self.reader
        if self.mode == KILLED and (not reader.kills or self.chance.random() < 0.2):
            reader.die_at_work(self.chance)
        elif self.mode == DROPPED and self.chance.random() < 0.5:
            reader.round(commit=False)
            reader.kill()
        elif self.mode == WATCHED:
            self._look_where_told()
        if self.mode == SWEPT:
            reader.follow(seconds + 5.0, scan=False)
        else:
            reader.follow(seconds)

    def expect_all(self, besides: Callable[[bytes], bool] | None = None):
        """Every line written came exactly once, and nothing else came."""
        lines = self.reader.lines
        texts = [text for _, _, text in lines if besides is None or not besides(text)]
        wanted = [n for n in range(1, self.last + 1) if n not in self.gone]
        lost, doubled = lost_and_doubled(texts, self.last)
        assert ([n for n in lost if n in wanted], doubled) == ([], [])
        assert all(text[:8].isdigit() for text in texts)
        if self.mode == KILLED:
            assert self.reader.kills, "nobody was killed"
        expect_order(lines)

    def notes(self, kind: NoteKind):
        return self.reader.noted(kind)

    def live(self) -> list[Generation]:
        return list(self.reader.tail.live.values())


def places(notes) -> list[tuple[str, int | None, int | None]]:
    """Which file and which bytes the notes are about."""
    return [(note.path, note.first, note.last) for note in notes]


def expect_order(lines):
    """Within a generation, lines came in the order of the file, none at the same place."""
    places: dict[int, int] = {}
    for generation, offset, _ in lines:
        assert offset > places.get(generation, -1)
        places[generation] = offset


def covers(number: int, *forms: str, without: Mapping[str, str] | None = None):
    """Count a test that bears its row's number and title in its name as the row's forms."""

    def decorate(test):
        _count(number, forms, without or {}, test.__name__)
        return test

    return decorate


def _count(number: int, forms: Iterable[str], left_out: Mapping[str, str], name: str):
    row = ROWS.setdefault(number, {})
    row |= dict.fromkeys(forms, name)
    for form, why in left_out.items():
        row.setdefault(form, f"not: {why}")


ROWS: dict[int, dict[str, str]] = {}
"""Row → form → the test that has it by default, or `not: ` and why it says nothing there."""


def scenario(
    number: int, title: str, without: Mapping[str, str] | None = None, *, matrix: bool = True
):
    """Name a test by its number and title, and run it in every mode.

    Args:
        number: The row.
        title: What happens.
        without: Live or killed → why it says nothing about this row.
        matrix: Run it in the other modes too, where they are asked for.

    """
    left_out = without or {}
    forms = [mode for mode in (LIVE, KILLED) if mode not in left_out]
    modes = [*forms, *(pytest.param(one, marks=pytest.mark.matrix) for one in MATRIX if matrix)]

    def decorate(test):
        _count(number, forms, left_out, test.__name__)
        with_row = pytest.mark.parametrize("row", [number], ids=[f"{number:02d} {title}"])(test)
        return pytest.mark.parametrize("mode", modes)(with_row)

    return decorate
