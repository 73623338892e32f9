"""What one source has to store since it was last asked."""

from dataclasses import dataclass, field

from socconsole.core.event import RawLine
from socconsole.sources.generation import Checkpoint, Generation
from socconsole.sources.notes import Note, NoteKind


@dataclass(frozen=True, slots=True)
class Portion:
    """Lines of one generation, in order."""

    generation: Generation
    lines: list[RawLine]
    final: bool = False
    """Nothing follows: what is held back of the generation ends here."""


@dataclass(slots=True)
class Ledger:
    """Changed generations, remarks, and last lines of generations that ended."""

    source: str
    _changed: dict[int, Generation] = field(default_factory=dict)
    _notes: list[Note] = field(default_factory=list)
    _final: list[Portion] = field(default_factory=list)

    def touch(self, generation: Generation) -> None:
        """Store this generation next time."""
        self._changed[generation.id] = generation

    def note(
        self,
        kind: NoteKind,
        generation: Generation,
        text: str,
        *,
        first: int | None = None,
        last: int | None = None,
    ) -> None:
        """Remark on a generation."""
        self._notes.append(
            Note(
                source=self.source,
                kind=kind,
                text=text,
                path=generation.shown_path,
                generation=generation.id,
                first=first,
                last=last,
            )
        )

    def note_line(self, generation: Generation, line: RawLine) -> None:
        """Remark on a line that was changed on the way."""
        if line.note == "truncated":
            kind, text = NoteKind.LONG_LINE, f"a line of {line.end - line.offset} bytes was cut"
        elif line.note == "unterminated":
            kind, text = NoteKind.UNTERMINATED, "the last line has no line feed"
        else:
            kind, text = NoteKind.NUL_HOLE, "NUL bytes before a line were left out"
        self.note(kind, generation, text, first=line.offset, last=line.end)

    def end(self, generation: Generation, lines: list[RawLine]) -> None:
        """Hand out the last lines of a generation."""
        self._final.append(Portion(generation, lines, final=True))
        self.touch(generation)

    def take_checkpoints(self) -> tuple[Checkpoint, ...]:
        """Return what changed since the last call."""
        changed = tuple(one.checkpoint() for one in self._changed.values())
        self._changed.clear()
        return changed

    def take_notes(self) -> tuple[Note, ...]:
        """Return the remarks since the last call."""
        notes, self._notes = tuple(self._notes), []
        return notes

    def take_final(self) -> list[Portion]:
        """Return the last lines since the last call."""
        final, self._final = self._final, []
        return final
