"""What every kind of window shares: how it tells that it fired, and what it lost."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from socconsole.core.event import Event, EventCategory, LogSource, RawLine
from socconsole.sigma.aggregate import Value
from socconsole.sigma.memory import Part, Touched

Key = tuple[str, ...]
"""The texts a window groups by, in the order of `group-by`."""

SAVED_BYTES = 64 << 10
"""Lines of evidence saved for one rule, those of the groups touched last: saving is done often."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Fired:
    """A window that came true."""

    key: Key
    count: int
    first: int
    """Microseconds since 1970 of the window's first event."""
    last: int
    event: Event
    evidence: tuple[Event, ...] = ()
    at_close: bool = False
    """Its time was over; `event` is only the last one heard."""


@dataclass(slots=True)
class Losses:
    """What bounded memory has cost, for people to see."""

    late: int = 0
    """Events that came later than the lateness allows."""
    groups: int = 0
    """Groups or values forgotten because there were too many."""
    entries: int = 0
    """Events forgotten because one group had too many."""
    without_group: int = 0
    """Matches that lacked a field to group by, or the value to look at."""

    def __str__(self) -> str:
        told = (
            (self.late, "came too late"),
            (self.groups, "groups forgotten"),
            (self.entries, "events of full groups forgotten"),
            (self.without_group, "lacked its fields"),
        )
        return ", ".join(f"{count:,} {what}" for count, what in told if count)


class Window(Protocol):
    """One window rule over all its groups."""

    losses: Losses
    touched: Touched

    def add(self, key: Key, time: int, value: Value, event: Event) -> list[Fired]:
        """Count one match in, at `time` in microseconds; return what it completes."""

    def advance(self, now: int) -> list[Fired]:
        """Return what is due at `now` without a further event."""

    def parts(self) -> Mapping[Part, object]:
        """Return the whole memory: each part → values that msgpack can hold."""

    def take_changes(self) -> Mapping[Part, object | None]:
        """Return the parts that changed since the last call; None for one that is forgotten."""

    def restore(self, values: Sequence[object]) -> None:
        """Take up the values of all parts, after a trip through msgpack.

        Raises:
            msgspec.ValidationError: It is the memory of another kind of window.

        """


def microseconds(time: datetime) -> int:
    """Return the microseconds since 1970."""
    return (time - _EPOCH) // timedelta(microseconds=1)


def moment(time: int) -> datetime:
    """Return the aware UTC time of `time` microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=time)


class SavedEvent(Struct, array_like=True):
    """An event as it is saved with the window that waits for its time."""

    format: str
    logsources: list[tuple[str | None, str | None, str | None]]
    fields: dict[str, Any]
    raw: str
    time: datetime | None
    names: dict[str, str]
    place: tuple[str, int, int, int, str, int] | None
    category: EventCategory = EventCategory.INFORMATIONAL


def frozen(event: Event) -> SavedEvent:
    """Return `event` as plain values."""
    line = event.line
    return SavedEvent(
        event.format,
        [(source.product, source.category, source.service) for source in event.logsources],
        msgspec.to_builtins(event.fields, enc_hook=str),
        event.raw,
        event.time,
        dict(event.names),
        (line.source, line.generation, line.offset, line.end, line.path, line.number)
        if line
        else None,
        event.category,
    )


def sampled(sample: Iterable[tuple[int, Event]], room: int) -> list[tuple[int, SavedEvent]]:
    """Return the latest events of a sample as they are saved, as far as `room` bytes go."""
    saved: list[tuple[int, SavedEvent]] = []
    for time, event in reversed(tuple(sample)):
        room -= len(event.raw)
        if room < 0:
            break
        saved.append((time, frozen(event)))
    return saved[::-1]


def thawed(saved: SavedEvent) -> Event:
    """Return the event that `frozen` was given."""
    line = None
    if saved.place is not None:
        source, generation, offset, end, path, number = saved.place
        line = RawLine(source, generation, offset, saved.raw.encode(), end, path, number)
    return Event(
        format=saved.format,
        logsources=tuple(LogSource(*triple) for triple in saved.logsources),
        fields=saved.fields,
        raw=saved.raw,
        time=saved.time,
        category=saved.category,
        names=saved.names,
        line=line,
    )
