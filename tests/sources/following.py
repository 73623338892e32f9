"""A reader over the real tail engine whose store is a dictionary and whose clock is a number.

`kill` forgets everything that was not committed, as SIGKILL does.
"""

from collections import Counter
from pathlib import Path

from socconsole.sources.files import FileSource
from socconsole.sources.generation import Checkpoint
from socconsole.sources.notes import Note, NoteKind
from socconsole.sources.tail import Tail


class Reader:
    """Reads one source round by round; `lines` is what was committed, in order."""

    def __init__(self, path: Path | str, **options):
        self.source = FileSource(name="test", path=str(path), **options)
        self.kept: dict[int, Checkpoint] = {}
        self.lines: list[tuple[int, int, bytes]] = []
        self.records: list = []
        self.notes: list[Note] = []
        self.now = 1000.0
        self.tail: Tail | None = None
        self.limit = 1000
        self.start()

    def start(self):
        assert self.tail is None
        self.tail = Tail(self.source, self.kept.values(), now=self.now)

    def stop(self):
        if self.tail is not None:
            self.tail.close()
            self.tail = None

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

    def follow(self, seconds: float = 3.0, step: float = 0.25):
        """Read for a while of the reader's own clock; its steps cost no time."""
        end = self.now + seconds
        while self.now < end:
            while self.round():
                pass
            self.now += step

    @property
    def texts(self) -> list[bytes]:
        return [data for _, _, data in self.lines]

    def noted(self, kind: NoteKind) -> list[Note]:
        return [note for note in self.notes if note.kind is kind]


def numbered(first: int, last: int, width: int = 40) -> bytes:
    """Lines `first` to `last`, both included, each with its number."""
    return b"".join(b"%08d %s\n" % (n, b"x" * (n * 7 % width)) for n in range(first, last + 1))


def numbers(texts) -> list[int]:
    return [int(text[:8]) for text in texts]


def lost_and_doubled(texts, last: int) -> tuple[list[int], list[int]]:
    """Which of 1..last never came, and which came more than once."""
    seen = Counter(numbers(texts))
    return [n for n in range(1, last + 1) if n not in seen], [n for n, c in seen.items() if c > 1]
