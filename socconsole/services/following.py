"""One source while it is followed: its files, its parser, what it holds back, its figures."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlmodel import Session

from socconsole.core.event import Event, RawLine
from socconsole.core.policy import SourcePolicy
from socconsole.core.silence import Gaps
from socconsole.core.sla import in_words
from socconsole.services.joining import Joining
from socconsole.services.reading import Counts, LineReader
from socconsole.services.sources import (
    SourceHealth,
    checkpoints,
    forget_ended,
    known_gaps,
    register,
    save_gaps,
    shown,
    silence_limit,
)
from socconsole.sources.feeders import Feeder
from socconsole.sources.generation import Generation
from socconsole.sources.inputs import Inputs, files_of
from socconsole.sources.ledger import Portion
from socconsole.sources.notes import Note, NoteKind
from socconsole.sources.spool import Spool
from socconsole.sources.tail import Tail, open_files_limit

HALF_LINE_BYTES = 400
"""How much of an unfinished line is shown."""


@dataclass(slots=True, eq=False)
class Followed:
    """A source with everything that is needed to read it."""

    id: int
    policy: SourcePolicy
    tail: Tail
    reader: LineReader
    spool: Spool | None = None
    """Where the input is written, where the source is none of files."""
    feeder: Feeder | None = None
    """What writes it, while it does."""
    counts: Counts = field(default_factory=Counts)
    """Since the last commit."""
    told: SourceHealth | None = None
    """The health that the database has."""
    _looked_last: bool = False
    gaps: Gaps = field(default_factory=Gaps)
    """How often it was quiet for how long."""
    told_gaps: dict[str, int] = field(default_factory=dict)
    """What the database has of them."""
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    """What time it is."""
    _heard_at: datetime = field(init=False)
    _has_spoken: bool = False
    _joinings: dict[int, tuple[Generation, Joining | None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._heard_at = self.clock()

    def take(self, portion: Portion, now: float) -> list[Event]:
        """Return the events of a portion of lines, and settle what they come from.

        Lines of a record that may go on are held back, and read again after a crash.
        """
        generation, lines = portion.generation, portion.lines
        joining = self._joining(generation, lines)
        if joining is not None:
            if portion.final:
                joining.waiting = []  # what was held back is among the last lines again
            flush = portion.final or any(line.note for line in lines)
            lines = joining.feed(lines, now, flush=flush)
        events = self._events(portion, lines)
        if portion.final:
            self._joinings.pop(generation.id, None)
            self.reader.forget(generation.id)
        return events

    def overdue(self, now: float) -> Iterator[tuple[int, list[Event]]]:
        """Yield generation and events of records nothing was added to for a while."""
        for generation, joining in list(self._joinings.values()):
            if joining is not None and joining.is_overdue(now):
                records = joining.feed((), now, flush=True)
                yield generation.id, self._events(Portion(generation, []), records)

    @property
    def is_waiting(self) -> bool:
        """Whether records are held back that may go on."""
        return any(one is not None and one.waiting for _, one in self._joinings.values())

    def health(self) -> SourceHealth:
        """Return how the source is, besides what its lines say."""
        found = next(iter(self.tail.problems.items()), None)
        error = None if found is None else f"{shown(found[0])}: {found[1]}"
        if self.spool is not None:
            error = error or (self.feeder.trouble if self.feeder else "") or None
        elif error is None and not self.tail.has_files and not Path(self.policy.path).is_file():
            path = self.policy.path
            is_odd = os.path.lexists(path) and not Path(path).is_dir()
            error = f"{path} is there and is no file" if is_odd else f"no file matches {path}"
        lag = self.tail.lag_bytes
        state = "failed" if error else "reading" if lag else "idle"
        longest = self.silence_limit()
        if state == "idle" and longest is not None and self.clock() - self._heard_at > longest:
            state = "silent"
        return SourceHealth(state, lag, error, self._half_line())

    def silence_limit(self) -> timedelta | None:
        """Return how long it may be quiet, None while too little is known."""
        return silence_limit(self.policy, self.gaps)

    def news(self) -> Iterator[Note]:
        """Yield what befell the source since its health was told last, but for what began so."""
        before, health = self.told, self.health()
        if before is None or before.state == health.state:
            return
        if health.error is not None:
            yield Note(source=self.policy.name, kind=NoteKind.FAILURE, text=health.error)
        elif health.state == "silent":
            limit = in_words(self.silence_limit() or timedelta())
            text = f"nothing since {self._heard_at:%H:%MZ}, and {limit} are the most it may be"
            yield Note(source=self.policy.name, kind=NoteKind.SILENCE, text=text)

    def keep_habit(self, session: Session) -> None:
        """Store what was learned of how long it is quiet, where that is news."""
        learned = self.gaps.document()
        if learned != self.told_gaps:
            save_gaps(session, self.id, self.gaps, self.silence_limit())
            self.told_gaps = learned

    def _hear(self, now: datetime) -> None:
        """Take note that the source spoke; an outage is nothing it may learn from."""
        gap, longest = now - self._heard_at, self.silence_limit()
        if self._has_spoken and (longest is None or gap <= longest):
            self.gaps.add(gap)
        self._heard_at, self._has_spoken = now, True

    def _half_line(self) -> str | None:
        found = self.tail.half_lines(time.monotonic())
        if not found:
            return None
        generation, data = found[0]
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        text = self.reader.shown(data[:HALF_LINE_BYTES])
        return f"{generation.shown_path}{more}: {text}"

    def unfinished(self, now: float) -> list[str]:
        """Return the files whose last line nobody has finished."""
        return [one.shown_path for one, _ in self.tail.half_lines(now, older_than=-1.0)]

    def sync(self) -> None:
        """Make the spool survive a power cut, and remove what of it was committed."""
        if self.spool is not None:
            self.spool.sync()
            self.spool.prune({key: one.offset for key, one in self.tail.live.items()})

    def has_ended(self) -> bool:
        """Whether nothing will come any more and everything that came was read."""
        if self.feeder is None or not self.feeder.is_over:
            return False
        if not self._looked_last:
            # What was written just before the end may not have been seen.
            self._looked_last = True
            self.tail.next_scan = self.tail.next_sweep = 0.0
            return False
        tail = self.tail
        return not (tail.has_ready or tail.lag_bytes or tail.waits_for_verdict or self.is_waiting)

    def _joining(self, generation: Generation, lines: list[RawLine]) -> Joining | None:
        if generation.id in self._joinings:
            return self._joinings[generation.id][1]
        name: str | None = self.policy.multiline
        if name is None and lines:
            name = self.reader.format_name(generation.id, generation.first_bytes, lines)
        if name is None:
            return None
        joining = Joining.of(name)
        self._joinings[generation.id] = generation, joining
        return joining

    def _events(self, portion: Portion, records: list[RawLine]) -> list[Event]:
        generation = portion.generation
        read_at = self.clock()
        reference = read_at
        if records and records[0].offset < generation.old_until:
            reference = datetime.fromtimestamp(generation.modified, UTC)
        events = self.reader.events(
            records, head=generation.first_bytes, read_at=read_at, reference=reference
        )
        if events:
            self._hear(read_at)
        for event in events:
            self.counts.add(event, read_at)
        self.counts.bytes += sum(one.end - one.offset for one in records)
        if not portion.final:
            read = generation.offset + generation.delivered
            held = self._joinings.get(generation.id)
            joining = held[1] if held is not None else None
            self.tail.settle(generation, joining.settled(read) if joining else read)
        return events


def follow_all(
    session: Session,
    policies: Sequence[SourcePolicy],
    *,
    inputs: Inputs,
    redact: Callable[[str], str] | None,
    group: str,
    clock: Callable[[], datetime],
    keep_ended: timedelta,
) -> list[Followed]:
    """Make a group's sources known and go on in each where it was left.

    Raises:
        SettingsError: A format does not exist, or another group reads a source of that name.

    """
    now = clock()
    readers = [LineReader(policy, redact) for policy in policies]
    ids = register(session, policies, now=now, group=group)
    share = max(16, open_files_limit() // max(1, len(policies)))
    followed = []
    for policy, reader in zip(policies, readers, strict=True):
        number, name = ids[policy.name], policy.name
        files = files_of(policy, inputs.spools.get(name))
        kept = checkpoints(session, number, name)
        forget_ended(session, number, now=now, keep=keep_ended)
        tail = Tail(files, kept, now=time.monotonic(), open_files=share)
        spool, feeder = inputs.spools.get(name), inputs.feeders.get(name)
        one = Followed(number, policy, tail, reader, spool, feeder, clock=clock)
        one.gaps = known_gaps(session, number)
        one.told_gaps = one.gaps.document()
        followed.append(one)
    return followed
