"""What one transaction of the collector stores."""

from dataclasses import dataclass, field

from socconsole.core.detection import Detection
from socconsole.core.event import Event
from socconsole.services.following import Followed
from socconsole.sources.generation import Checkpoint
from socconsole.sources.notes import Note

BATCH_EVENTS = 1_000
BATCH_BYTES = 1 << 20


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
    state: bytes | None = None
    """What the matcher remembers after it, where that has changed."""

    def add(self, source: Followed, generation_id: int, events: list[Event]) -> None:
        """Add events of one generation."""
        if not events:
            return
        self.parts.setdefault((source.id, generation_id), []).extend(events)
        self.events += events
        self.size += sum(len(event.raw) for event in events)

    @property
    def is_full(self) -> bool:
        """Whether it is time to commit, whatever else could be read."""
        return len(self.events) >= BATCH_EVENTS or self.size >= BATCH_BYTES

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to store."""
        return not (self.events or self.notes or any(one for _, one in self.checkpoints))
