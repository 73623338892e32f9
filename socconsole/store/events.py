"""Every parsed event, kept for a set time and size."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlmodel import Session

from socconsole.core.event import Event
from socconsole.errors import StoreError
from socconsole.store import event_transfer
from socconsole.store.database import Database
from socconsole.store.event_blocks import Blocks, Place, Stored, Wanted
from socconsole.store.event_codec import BLOCK_EVENTS, Block, blocks, decode, token
from socconsole.store.event_files import EventFiles
from socconsole.store.event_partitions import EventPartitions
from socconsole.store.event_payload import Packer
from socconsole.store.place import events_beside
from socconsole.store.tables import Generation, Source, table_of
from socconsole.store.types import to_micros

_PAGE = 8
_LAST = 2**62

__all__ = ["Cursor", "EventStore", "Kept", "Prepared", "Tail", "token"]


@dataclass(frozen=True, slots=True)
class Kept:
    """An event as it was found again."""

    source_id: int
    generation_id: int
    event: Event
    """`event.line` says where it came from; `line.source` is the source's name today."""

    @property
    def offset(self) -> int:
        return 0 if self.event.line is None else self.event.line.offset


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch of one generation, compressed and ready to be stored."""

    day: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a reader has followed what is being stored."""

    day: str
    block: int
    missing: frozenset[int] = frozenset()
    """Blocks numbered lower that may be committed later, by another collector."""


@dataclass(frozen=True, slots=True)
class Tail:
    """What was stored since a cursor, the newest of it."""

    events: tuple[Kept, ...]
    """In the order they were stored."""
    cursor: Cursor | None
    """Where to go on; None while nothing has been stored at all."""
    skipped: int
    """Events since the old cursor that are not among `events`."""


class EventStore:
    """The events of one database; open one per process and close it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._blocks: Blocks
        if database.path is not None:
            self._blocks = EventFiles(events_beside(database.path))
        else:
            self._blocks = EventPartitions(database)
        self._names: dict[int, str] = {}
        self._packer = Packer()
        self._day = ""
        """The day stored in last."""

    def append(
        self,
        session: Session,
        source_id: int,
        generation_id: int,
        events: Sequence[Event],
        *,
        read_at: datetime | None = None,
    ) -> None:
        """Store a batch of one generation, in the order of its bytes.

        It is durable before the session's transaction commits; the generation's offset, set in
        that transaction, decides whether it counts. Blocks of the generation at or beyond the
        batch's first byte, left by an attempt that failed, are replaced.
        """
        self.store(session, self.prepare(source_id, generation_id, events, read_at=read_at))

    def prepare(
        self,
        source_id: int,
        generation_id: int,
        events: Sequence[Event],
        *,
        read_at: datetime | None = None,
    ) -> Prepared:
        """Make the blocks of a batch, before a lock is held for them; `store` takes them."""
        moment = read_at or datetime.now(UTC)
        self._day = day = self._day_of(moment.astimezone(UTC))
        place = source_id, generation_id
        return Prepared(day, tuple(blocks(place, events, to_micros(moment), self._packer)))

    def store(self, session: Session, prepared: Prepared) -> None:
        """Store what `prepare` made; see `append`."""
        if prepared.blocks:
            self._blocks.insert(session, prepared.blocks, prepared.day)

    def _day_of(self, moment: datetime) -> str:
        """Return the day to store in: no earlier one while a clock is put back across midnight.

        Readers follow the newest day; what went into the one before they would never see.
        """
        day = f"{moment:%Y-%m-%d}"
        return self._day if self._day == f"{moment + timedelta(days=1):%Y-%m-%d}" else day

    def recover(self, session: Session) -> int:
        """Remove what a crash left beyond the checkpoints; return how many events.

        The collector calls it once before it reads; the caller's transaction commits it.
        """
        return self._blocks.remove_beyond(session, _checkpoints(session))

    def recent(self, limit: int, source: int | None = None, after: Cursor | None = None) -> Tail:
        """Return the newest events stored after the cursor, at most `limit`.

        Args:
            limit: As many as fit the screen.
            source: Id of the only source to look at.
            after: The cursor of the last call; None starts with the newest there are.

        """
        days, wanted = self._blocks.days(), Wanted(source_id=source)
        if not days:
            return Tail((), after, 0)
        edge = self._blocks.edge(days[-1])
        late = self._blocks.chosen(after.day, after.missing, wanted) if after else ()
        seen = {stored.place.id for stored in late}
        found: list[Kept] = []
        total = sum(stored.events for stored in late)
        for day in reversed(days):
            if after is not None and day < after.day:
                break
            start = after.block if after is not None and day == after.day else 0
            places = Place(day, start), Place(day, edge.top + 1)
            for stored in self._newest_first(*places, wanted, limit - len(found)):
                seen.add(stored.place.id)
                found[:0] = self._kept(stored)
            if after is not None:
                total += self._blocks.count_after(places[0], wanted, edge.top)
            elif len(found) >= limit:
                break
        for stored in reversed(late):
            found[:0] = self._kept(stored)
        chosen = tuple(found[-limit:]) if limit else ()
        skipped = max(0, total - len(chosen)) if after is not None else 0
        return Tail(chosen, Cursor(days[-1], edge.top, edge.missing - seen), skipped)

    def _newest_first(
        self, after: Place, place: Place, wanted: Wanted, limit: int
    ) -> Iterator[Stored]:
        """Yield blocks of a day before `place` back to `after`, until `limit` events are there."""
        while limit > 0:
            page = self._blocks.before(place, wanted, _PAGE)
            for stored in page:
                if stored.place.id <= after.id or limit <= 0:
                    return
                yield stored
                limit -= stored.events
            if len(page) < _PAGE:
                return
            place = page[-1].place

    def around(
        self, source_id: int, generation_id: int, offset: int, before: int, after: int
    ) -> tuple[Kept, ...]:
        """Return the events beside the one at `offset` of its file, itself among them."""
        earlier = self._beside(generation_id, offset, before + 1, forward=False)
        later = self._beside(generation_id, offset, after, forward=True)
        events = sorted(
            (kept for stored in (*earlier, *later) for kept in self._kept(stored)),
            key=lambda kept: kept.offset,
        )
        events = [kept for kept in events if kept.source_id == source_id]
        here = sum(kept.offset <= offset for kept in events)
        return tuple(events[max(0, here - before - 1) : here + after])

    def _beside(
        self, generation_id: int, offset: int, events: int, *, forward: bool
    ) -> list[Stored]:
        """Return as many blocks as hold `events` events on one side of `offset`."""
        if events <= 0:
            return []
        found = [
            stored
            for day in self._blocks.days()
            for stored in self._blocks.beside(
                day, generation_id, offset, events + 1, forward=forward
            )
        ]
        found.sort(key=lambda stored: stored.offset_from, reverse=not forward)
        chosen: list[Stored] = []
        # The block that holds `offset` may hold it as its very first event.
        missing = events if forward else events + BLOCK_EVENTS
        for stored in found:
            if missing <= 0:
                break
            chosen.append(stored)
            missing -= stored.events
        return chosen

    def search(
        self,
        accepts: Callable[[Event], bool] | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        source: int | None = None,
        tokens: Iterable[str] = (),
        newest_first: bool = False,
    ) -> Iterator[Kept]:
        """Yield kept events in the order they were stored.

        Args:
            accepts: Keeps an event or not; None keeps all.
            since: Event time, inclusive.
            until: Event time, exclusive.
            source: Id of the only source to look at.
            tokens: Entity values (see `token`) that have to occur near the event: blocks without
                them are not even unpacked. It narrows; `accepts` decides.
            newest_first: Turn the order around.

        """
        wanted = Wanted(
            source,
            None if since is None else to_micros(since),
            None if until is None else to_micros(until),
            tuple(token(each.rstrip("*")) + ("*" if each.endswith("*") else "") for each in tokens),
        )
        days = self._blocks.days()
        for day in reversed(days) if newest_first else days:
            for stored in self._pages(day, wanted, newest_first=newest_first):
                kept = self._kept(stored)
                for each in reversed(kept) if newest_first else kept:
                    if _within(each.event, since, until) and (
                        accepts is None or accepts(each.event)
                    ):
                        yield each

    def _pages(self, day: str, wanted: Wanted, *, newest_first: bool) -> Iterator[Stored]:
        place = Place(day, _LAST if newest_first else 0)
        look = self._blocks.before if newest_first else self._blocks.after
        while page := look(place, wanted, _PAGE):
            yield from page
            place = page[-1].place

    def retain(
        self,
        max_age: timedelta | None,
        max_bytes: int | None,
        *,
        now: datetime | None = None,
        held: Collection[str] = (),
    ) -> tuple[str, ...]:
        """Drop whole days, oldest first, until the rest is young and small enough.

        Today is never dropped, nor are the days in `held`. Finished days that are left are
        compacted, one a call. Returns the days dropped.
        """
        moment = (now or datetime.now(UTC)).astimezone(UTC)
        today = f"{moment:%Y-%m-%d}"
        sizes = {day: self._blocks.size(day) for day in self._blocks.days() if day < today}
        total = sum(sizes.values()) + self._blocks.size(today)
        dropped = []
        for day, size in sorted(sizes.items()):
            too_old = max_age is not None and day < f"{moment - max_age:%Y-%m-%d}"
            if not too_old and (max_bytes is None or total <= max_bytes):
                break
            if day in held:
                continue
            self._blocks.drop(day)
            total -= size
            dropped.append(day)
        self._blocks.tidy(sorted(sizes.keys() - set(dropped)))
        return tuple(dropped)

    def sizes(self) -> Mapping[str, int]:
        """Return the bytes each day takes."""
        return {day: self._blocks.size(day) for day in self._blocks.days()}

    def export(self, session: Session) -> Iterator[Mapping[str, object]]:
        """Yield what is stored and committed, block by block, as JSON types."""
        yield from event_transfer.rows(self._blocks, _checkpoints(session))

    def put_back(self, session: Session, row: Mapping[str, object]) -> None:
        """Store again what `export` yielded."""
        event_transfer.put_back(self._blocks, session, row)

    def erase(self, value: str, *, held: Collection[str] = ()) -> int:
        """Take `value` out of every event, save of the days in `held`; return out of how many."""
        return event_transfer.erase(self._blocks, value, held)

    def close(self) -> None:
        """Close the day files."""
        self._blocks.close()

    def _kept(self, stored: Stored) -> list[Kept]:
        name = self._source_name(stored.source_id)
        try:
            events = decode(stored.payload, name, stored.generation_id)
        except StoreError as error:
            raise StoreError(
                error.what, hint=error.hint, where=f"events of {stored.place.day}"
            ) from error
        return [Kept(stored.source_id, stored.generation_id, each) for each in events]

    def _source_name(self, source_id: int) -> str:
        if source_id not in self._names:
            table = table_of(Source)
            with self._database.read() as session:
                rows = session.connection().execute(select(table.c.id, table.c.name))
                self._names.update({row[0]: row[1] for row in rows})
        return self._names.get(source_id, "")


def _checkpoints(session: Session) -> dict[int, int]:
    """Return generation → the offset everything before which is stored."""
    table = table_of(Generation)
    rows = session.connection().execute(select(table.c.id, table.c.offset))
    return {row[0]: row[1] for row in rows}


def _within(event: Event, since: datetime | None, until: datetime | None) -> bool:
    if event.time is None or (since is None and until is None):
        return True
    return (since is None or event.time >= since) and (until is None or event.time < until)
