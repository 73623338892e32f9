"""Tells whether a file that turned up is new, or repeats one that is known.

copytruncate makes a copy and empties the original; the copy must be read from where the original
was left, and must not be judged while it is still being written.
"""

import os
from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from socconsole.sources.generation import (
    CHUNK_BYTES,
    HEAD_BYTES,
    MARKER_BYTES,
    Generation,
)

SURE_BYTES = 128
"""Equal beginnings shorter than this say little."""
SETTLE_SECS = 1.0
"""A suspected copy whose size stays the same this long is complete."""


class Verdict(Enum):
    """What to do with a file that turned up."""

    NEW = "new"
    HOLD = "hold"
    """Look again at the next scan."""
    REPEATS = "repeats"
    """It repeats a live file so far: hold it until it differs."""
    ADOPT = "adopt"
    """Go on from another generation's offset."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with what it is about."""

    verdict: Verdict
    of: Generation | None = None
    offset: int = 0
    shares: bool = False
    """`of` is still there beside it, and is followed too."""


@dataclass(slots=True)
class Candidate:
    """A file that turned up and has no generation yet."""

    path: bytes
    fd: int
    dev: int
    ino: int
    size: int
    head: bytes
    changed_at: float = 0.0
    """When its size was last seen to change; monotonic."""
    repeated: int = 0
    """How much of it was seen to repeat a live file."""
    of: Generation | None = None
    least: int = 0
    """What a copy of `of` has at least: its size before this file turned up."""
    generation: Generation | None = None
    """What the database keeps of it while it is held."""

    @property
    def key(self) -> tuple[int, int]:
        """Device and inode."""
        return self.dev, self.ino


def related(one: bytes, other: bytes) -> int:
    """Return how many bytes two beginnings share when one is a prefix of the other, else 0."""
    common = min(len(one), len(other))
    return common if one[:common] == other[:common] else 0


def is_heading(head: bytes) -> bool:
    """Whether a beginning is only the comment lines Zeek and W3C logs share."""
    lines = [line for line in head.split(b"\n") if line]
    return bool(lines) and all(line.startswith(b"#") for line in lines)


def holds_all_of(file: Candidate, known: Generation) -> bool:
    """Whether `file` has all that was read of `known`: its head, its marker and its half line."""
    read = known.marker + known.pending
    if not read or file.size < known.offset + len(known.pending):
        return False
    if related(file.head, known.head) < min(len(known.head), HEAD_BYTES):
        return False
    return os.pread(file.fd, len(read), known.offset - len(known.marker)) == read


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a file that turned up is compared with."""

    live: Iterable[Generation]
    """Generations whose beginning may be the same."""
    ended: Sequence[Generation]
    """Generations whose file was truncated, newest first."""
    unseen: Sequence[Generation] = ()
    """Generations whose file is not listed, and of which nothing more can be had."""
    draining: Sequence[Generation] = ()
    """Generations whose file is not listed, and is open and read on."""
    owner: Generation | None = None
    """The generation that had the path at the last scan."""
    owner_listed: bool = False
    """The owner is still there, under another name."""


class Alike:
    """Finds generations whose file begins as another one does, as far as the shorter one goes."""

    def __init__(self, generations: Iterable[Generation]) -> None:
        self._by_beginning: dict[bytes, list[Generation]] = {}
        for generation in generations:
            self._by_beginning.setdefault(generation.beginning, []).append(generation)
        self._beginnings = sorted(self._by_beginning)
        self._lengths = {len(one) for one in self._beginnings}

    def add(self, generation: Generation) -> None:
        """Let `generation` be found."""
        beginning = generation.beginning
        if beginning not in self._by_beginning:
            insort(self._beginnings, beginning)
            self._lengths.add(len(beginning))
        self._by_beginning.setdefault(beginning, []).append(generation)

    def find(self, head: bytes) -> list[Generation]:
        """Return those that `head` is the beginning of, or that are the beginning of `head`."""
        if not head or is_heading(head):
            return []
        found = []
        for place in range(bisect_left(self._beginnings, head), len(self._beginnings)):
            beginning = self._beginnings[place]
            if not beginning.startswith(head):
                break
            found += self._by_beginning[beginning]
        for length in self._lengths:
            if 0 < length < len(head):
                found += self._by_beginning.get(head[:length], ())
        return found


def judge(file: Candidate, around: Surroundings, now: float) -> Judgement:
    """Decide what `file` is; `now` is in monotonic seconds."""
    ended = [one for one in around.ended if one.key != file.key]
    owner = around.owner
    if owner is not None and (owner.key == file.key or not holds_all_of(file, owner)):
        owner = None
    if owner is not None and not around.owner_listed:
        return Judgement(Verdict.ADOPT, owner, owner.offset)
    if any(one.key != file.key and holds_all_of(file, one) for one in around.draining):
        return Judgement(Verdict.HOLD)
    for one in (*ended, *around.unseen):
        if one.key != file.key and holds_all_of(file, one):
            return Judgement(Verdict.ADOPT, one, one.offset)
    settled = now - file.changed_at >= SETTLE_SECS
    for one in around.live:
        if one.key != file.key and (one is owner or one is not around.owner):
            found = _against_live(file, one, settled=settled)
            if found is not None:
                return found
    found = _against_ended(file, ended, settled=settled)
    if found is None and file.repeated >= max(1, file.least):
        begin = line_start(file.fd, file.repeated)
        found = Judgement(Verdict.ADOPT, file.of, begin, shares=True)
    return found or Judgement(Verdict.NEW)


def _against_ended(
    file: Candidate, ended: Iterable[Generation], *, settled: bool
) -> Judgement | None:
    for one in ended:
        common = related(file.head, one.head)
        if not common or is_heading(file.head[:common]):
            continue
        if not settled:
            return Judgement(Verdict.HOLD)
        if file.size < one.offset and (common >= SURE_BYTES or file.size == common):
            # Lines came between the copy and the truncation: all of the copy was consumed. Half a
            # line at the end of little may as well be one that a new file is going on with.
            place = file.size if common >= SURE_BYTES else line_start(file.fd, file.size)
            return Judgement(Verdict.ADOPT, one, place)
    return None


def _against_live(file: Candidate, known: Generation, *, settled: bool) -> Judgement | None:
    common = related(file.head, known.beginning)
    if not common or known.fd < 0 or is_heading(file.head[:common]):
        return None
    size = os.fstat(known.fd).st_size
    shared = min(file.size, size)
    same = shared > 0 and _same_samples(file.fd, known.fd, shared)
    if not known.is_same_content(known.fd, size):
        return Judgement(Verdict.HOLD)  # truncated under our eyes: the next scan knows more
    if not same:
        return None
    if shared < SURE_BYTES:
        return None if settled else Judgement(Verdict.HOLD)
    if file.of is not known:
        before = 0 if file.of is not None else file.least
        file.of, file.least = known, max(before, known.listed_sizes[0])
    file.repeated = shared
    if settled and shared < file.least:
        return None
    return None if file.size > size else Judgement(Verdict.REPEATS, known, shared)


def _same_samples(one: int, other: int, size: int) -> bool:
    def same(place: int, count: int) -> bool:
        return os.pread(one, count, place) == os.pread(other, count, place)

    middle, last = max(0, size // 2 - MARKER_BYTES), max(0, size - MARKER_BYTES)
    return (
        same(0, min(HEAD_BYTES, size))
        and same(middle, min(MARKER_BYTES, size))
        and same(last, size - last)
    )


def line_start(fd: int, offset: int) -> int:
    """Return the start of the line that byte `offset` belongs to."""
    begin = max(0, offset - CHUNK_BYTES)
    return begin + os.pread(fd, offset - begin, begin).rfind(b"\n") + 1
