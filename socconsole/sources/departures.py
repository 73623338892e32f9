"""What happens to a generation whose file was truncated, deleted or moved away."""

import os

from socconsole.sources.compressed import CompressedGeneration
from socconsole.sources.generation import Generation, GenerationState
from socconsole.sources.notes import NoteKind
from socconsole.sources.roster import Key, Roster

MISSING_SCANS = 3
"""Scans in a row without a file before it counts as gone."""
MISSING_SECS = 2.0
DELETED_SECS = 5.0
"""How long a deleted file is still read after its last byte."""
RESCUE_SECS = 10.0
"""How long a truncated file's unread rest is looked for in a copy."""


class Departures:
    """Ends generations: after everything that can be read was read, and never in silence."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster

    def truncated(self, generation: Generation, size: int, now: float) -> None:
        """End a generation whose content is no longer in its file."""
        roster = self._roster
        roster.leave(generation)
        generation.close()
        generation.state = GenerationState.TRUNCATED
        generation.ended_at, generation.delivered = now, 0
        roster.ledger.note(
            NoteKind.TRUNCATION,
            generation,
            "what is remembered of the file is not in it: it was written over, or the memory is"
            " damaged; it is read from its beginning"
            if size >= generation.offset and not generation.is_met
            else f"the file was truncated or written over; it is {size} bytes now",
            first=generation.offset,
        )
        roster.ended.appendleft(generation)
        roster.ledger.end(generation, [])

    def check_unlisted(self, seen: set[Key], now: float) -> None:
        """Notice that an open file was truncated before it went out of sight."""
        for generation in list(self._roster.live.values()):
            if generation.key in seen or generation.fd < 0:
                continue
            try:
                size = os.fstat(generation.fd).st_size
                same = generation.is_same_content(generation.fd, size)
            except OSError as error:
                self._roster.complain(generation.path, error)
                continue
            if not same:
                self.truncated(generation, size, now)

    def miss(self, seen: set[Key], *, unsure: bool, now: float) -> None:
        """Count a scan without them for generations that are not listed.

        Args:
            seen: Those that are listed.
            unsure: Some places could not be looked at.
            now: Monotonic seconds.

        """
        for generation in self._roster.live.values():
            if generation.key in seen or generation.path in self._roster.problems:
                continue
            if unsure and generation.fd < 0:
                continue
            generation.missing += 1
            if generation.absent_since is None:
                generation.absent_since = now

    def expire(self, now: float) -> None:
        """End what is gone and was read to its end; give up on rests nobody has a copy of."""
        for generation in list(self._roster.live.values()):
            if generation.absent_since is None:
                continue
            if generation.fd >= 0:
                self._expire_open(generation, now)
            elif (
                generation.missing >= MISSING_SCANS
                and now - generation.absent_since >= MISSING_SECS
            ):
                self._end_unread(generation)
        for generation in list(self._roster.ended):
            if now - generation.ended_at >= RESCUE_SECS:
                self._give_up(generation)

    def finish_all(self) -> None:
        """Hand out every unfinished last line: nothing more will be written."""
        for generation in list(self._roster.live.values()):
            if generation.pending and generation.id not in self._roster.ready:
                self._finish(generation)
                self._roster.gone.appendleft(generation)

    def _expire_open(self, generation: Generation, now: float) -> None:
        if generation.id in self._roster.ready:
            return
        deleted = os.fstat(generation.fd).st_nlink == 0
        patience = DELETED_SECS if deleted else self._roster.source.late_write_secs
        if now - max(generation.quiet_since, generation.absent_since or 0.0) < patience:
            return
        self._finish(generation)
        kind = NoteKind.DELETION if deleted else NoteKind.ROTATION
        what = "deleted" if deleted else "moved away"
        if not self._roster.source.is_spool:
            text = f"the file was {what}; it was read to its end"
            self._roster.ledger.note(kind, generation, text)
        self._roster.gone.appendleft(generation)

    def _finish(self, generation: Generation) -> None:
        """Hand out what was read and end the generation."""
        ledger = self._roster.ledger
        self._roster.leave(generation)
        lines = generation.rest()
        for line in lines:
            if line.note:
                ledger.note_line(generation, line)
        generation.settle(generation.offset + len(generation.pending))
        generation.close()
        generation.state = GenerationState.GONE
        ledger.end(generation, lines)

    def _end_unread(self, generation: Generation) -> None:
        self._roster.leave(generation)
        generation.state = GenerationState.GONE
        self._roster.gone.appendleft(generation)
        self._roster.ledger.touch(generation)
        if generation.is_whole:
            return
        packed = isinstance(generation, CompressedGeneration)
        known = generation.size > generation.offset and not packed
        self._roster.ledger.note(
            NoteKind.GAP,
            generation,
            "the file went away while nothing was reading it; "
            + ("bytes of it were not read" if known else "what was added to it last was not read"),
            first=generation.offset,
            last=generation.size if known else None,
        )

    def _give_up(self, generation: Generation) -> None:
        self._roster.ended.remove(generation)
        read = generation.offset + len(generation.pending)
        self._finish(generation)
        if generation.size > read:
            what, last = "the file was truncated before the rest was read", generation.size
        elif not (generation.is_met or generation.is_whole):
            what, last = "the file was truncated while nothing was reading it", None
        else:
            return
        text = f"{what}, and no copy of it was found"
        self._roster.ledger.note(NoteKind.GAP, generation, text, first=read, last=last)
