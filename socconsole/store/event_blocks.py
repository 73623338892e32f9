"""What the event store asks of the place its blocks lie in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlmodel import Session

from socconsole.store.event_codec import Block


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which blocks are asked for; the events inside are looked at later."""

    source_id: int | None = None
    since: int | None = None
    """Microseconds of event time, inclusive."""
    until: int | None = None
    """Exclusive."""
    tokens: tuple[str, ...] = ()
    """All of them occur in the block."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a block lies: places sort in the order of writing."""

    day: str
    id: int


@dataclass(frozen=True, slots=True)
class Stored:
    """A block as it was found."""

    place: Place
    source_id: int
    generation_id: int
    offset_from: int
    offset_to: int
    time_from: int
    time_to: int
    events: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Edge:
    """How far blocks have been written."""

    top: int
    """The highest number."""
    missing: frozenset[int] = frozenset()
    """Numbers shortly below it under which something may still turn up."""


class Blocks(Protocol):
    """Day files, or the partitions of a server."""

    def insert(self, session: Session, blocks: Sequence[Block], day: str) -> None:
        """Store blocks of one generation durably before the session's transaction commits.

        Those of the generation at or beyond the first one's bytes are replaced.
        """
        ...

    def add(self, session: Session, blocks: Sequence[Block], day: str) -> None:
        """Store blocks that nothing is in the place of."""
        ...

    def rewrite(self, day: str, blocks: Mapping[int, Block]) -> bool:
        """Put other content into blocks, in a transaction of its own.

        False: the day was compacted since they were read, and nothing was written.
        """
        ...

    def remove_beyond(self, session: Session, checkpoints: Mapping[int, int]) -> int:
        """Remove blocks at or beyond each generation's checkpoint; return how many events."""
        ...

    def days(self) -> list[str]:
        """Return the days there are blocks of, oldest first."""
        ...

    def after(self, place: Place, wanted: Wanted, limit: int) -> Sequence[Stored]:
        """Return blocks of `place`'s day written after it, oldest first."""
        ...

    def before(self, place: Place, wanted: Wanted, limit: int) -> Sequence[Stored]:
        """Return blocks of `place`'s day written before it, newest first."""
        ...

    def chosen(self, day: str, ids: Iterable[int], wanted: Wanted) -> Sequence[Stored]:
        """Return those of the blocks that are there by now, written that day or the day before."""
        ...

    def edge(self, day: str) -> Edge:
        """Return how far the blocks of the last day go."""
        ...

    def count_after(self, place: Place, wanted: Wanted, top: int) -> int:
        """Return how many events the blocks of `place`'s day hold after it, up to `top`."""
        ...

    def beside(
        self, day: str, generation_id: int, offset: int, limit: int, *, forward: bool
    ) -> Sequence[Stored]:
        """Return blocks of a generation that begin at or before `offset`, or after it."""
        ...

    def size(self, day: str) -> int:
        """Return the bytes a day takes."""
        ...

    def drop(self, day: str) -> None:
        """Remove a day."""
        ...

    def tidy(self, days: Sequence[str]) -> None:
        """Put small blocks of finished days together, of one day at most."""
        ...

    def close(self) -> None:
        """Give connections back."""
        ...
