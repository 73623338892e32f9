"""What one transaction of the collector stores."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from socconsole.core.detection import Detection
from socconsole.core.event import Event
from socconsole.services.following import Followed
from socconsole.services.reading import Counts
from socconsole.sources.generation import Checkpoint
from socconsole.sources.notes import Note

BATCH_EVENTS = 1_000
BATCH_BYTES = 4 << 20
_FEWEST_EVENTS = 50
HOLD_SECS = 0.03
"""How long a batch should keep the write lock of a file: analysts wait for as long."""
SERVER_HOLD_SECS = 0.3
"""How long one should take on a server, where only rows are locked and every trip costs."""


@dataclass(slots=True)
class Pace:
    """How many events the next batch takes: few while many of them raise alerts."""

    events: int = BATCH_EVENTS
    most: int = BATCH_EVENTS
    hold: float = HOLD_SECS

    def held(self, seconds: float) -> None:
        """Learn from the time the last batch took."""
        by = min(2.0, max(0.5, self.hold / max(seconds, 0.001)))
        self.events = int(min(self.most, max(_FEWEST_EVENTS, self.events * by)))


@dataclass(slots=True)
class Totals:
    """What a collector did since it started."""

    lines: int = 0
    events: int = 0
    unparsed: int = 0
    detections: int = 0

    def add(self, batch: "Batch", counts: Iterable[Counts]) -> None:
        """Count a batch that is stored, with what each source read for it."""
        self.detections += len(batch.detections)
        for one in counts:
            self.lines += one.lines
            self.events += one.events
            self.unparsed += one.unparsed


@dataclass(slots=True)
class Batch:
    """What one transaction stores."""

    parts: dict[tuple[int, int], list[Event]] = field(default_factory=dict)
    """(source, generation) → its events in order."""
    events: list[Event] = field(default_factory=list)
    size: int = 0
    detections: list[Detection] = field(default_factory=list)
    checkpoints: list[tuple[Followed, tuple[Checkpoint, ...]]] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def add(self, source: Followed, generation_id: int, events: list[Event]) -> None:
        """Add events of one generation."""
        if not events:
            return
        self.parts.setdefault((source.id, generation_id), []).extend(events)
        self.events += events
        self.size += sum(len(event.raw) for event in events)

    def fills(self, events: int) -> bool:
        """Tell whether it is time to commit, whatever else could be read."""
        return len(self.events) >= events or self.size >= BATCH_BYTES

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to store."""
        return not (self.events or self.notes or any(one for _, one in self.checkpoints))
