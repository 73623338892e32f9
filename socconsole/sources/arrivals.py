"""What happens to a file that turned up: read, held back, or gone on with from a known offset."""

import os
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass

from socconsole.sources import compressed
from socconsole.sources.compressed import CompressedGeneration
from socconsole.sources.copies import (
    SETTLE_SECS,
    SURE_BYTES,
    Alike,
    Candidate,
    Judgement,
    Surroundings,
    Verdict,
    is_heading,
    judge,
    line_start,
    related,
)
from socconsole.sources.files import is_gone, open_regular
from socconsole.sources.generation import HEAD_BYTES, Generation, GenerationState
from socconsole.sources.notes import NoteKind
from socconsole.sources.roster import Key, Roster, marker_before


def new_generation_id() -> int:
    """Return an id that no other collector gives out, larger than those given before."""
    return (time.time_ns() // 1000 << 10) | secrets.randbelow(1 << 10)


@dataclass(frozen=True, slots=True)
class Known:
    """What one scan knows of the files that were there before."""

    owners: dict[bytes, Generation]
    """Path → the generation that had it at the last scan."""
    seen: set[Key]
    """Generations whose file is listed."""


class Arrivals:
    """Decides about files without a generation."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster
        self.left_over = False

    def welcome(
        self, unknown: Iterable[tuple[bytes, os.stat_result]], known: Known, now: float
    ) -> set[Key]:
        """Decide about each unknown file; return which of them are there.

        No more files are begun than may be open at once: `left_over` says whether some wait
        until those that are ready have been read.
        """
        roster = self._roster
        self.left_over = False
        unlisted = [one for one in roster.live.values() if one.key not in known.seen]
        unseen = [one for one in unlisted if _is_finished(one)]
        draining = [one for one in unlisted if one not in unseen]
        alike: Alike | None = None
        room = roster.room()
        present: set[Key] = set()
        for path, found in unknown:
            if room <= 0 and (found.st_dev, found.st_ino) not in roster.held:
                self.left_over = True
                continue
            file = self._open(path, now)
            if file is None:
                continue
            present.add(file.key)
            alike = alike or Alike(roster.live.values())
            owner = known.owners.get(file.path)
            around = Surroundings(
                live=alike.find(file.head),
                ended=tuple(roster.ended),
                unseen=unseen,
                draining=draining,
                owner=owner,
                owner_listed=owner is not None and owner.key in known.seen,
            )
            try:
                self._decide(file, around, now)
            finally:
                if file.fd >= 0:
                    os.close(file.fd)
            if (begun := roster.live.get(file.key)) is not None:
                alike.add(begun)
                room -= 1
        self._forget_held(present)
        return present

    def _open(self, path: bytes, now: float) -> Candidate | None:
        roster = self._roster
        try:
            fd, found = open_regular(path, follow_symlinks=roster.source.follow_symlinks)
        except OSError as error:
            if not is_gone(path):
                roster.complain(path, error)
            return None
        key = (found.st_dev, found.st_ino)
        packed = compressed.is_compressed(path)
        if key in roster.live or not found.st_size:
            os.close(fd)
            return None
        head = (
            compressed.first_bytes(path, fd, HEAD_BYTES) if packed else os.pread(fd, HEAD_BYTES, 0)
        )
        file = Candidate(path, fd, *key, found.st_size, head, now)
        held = roster.held.get(key)
        if held is not None:
            file.repeated, file.of, file.generation = held.repeated, held.of, held.generation
            file.least = held.least
            if held.size == file.size:
                file.changed_at = held.changed_at
        return file

    def _decide(self, file: Candidate, around: Surroundings, now: float) -> None:
        roster = self._roster
        if file.key in roster.live:
            return
        back = next((one for one in roster.gone if one.key == file.key), None)
        if back is not None and back.offset and back.is_same_content(file.fd, file.size):
            self._resume(back, file, now)
            return
        if self._cut_short(file, now):
            return
        if compressed.is_compressed(file.path):
            judgement = self._judge_compressed(file, around, now)
        else:
            judgement = judge(file, around, now)
        if judgement.verdict in {Verdict.HOLD, Verdict.REPEATS}:
            self._hold(file, judgement)
        elif judgement.verdict is Verdict.ADOPT:
            self._adopt(file, judgement, now)
        else:
            self._begin(file, now)

    def _judge_compressed(self, file: Candidate, around: Surroundings, now: float) -> Judgement:
        """Tell whether a compressed file is a known one that was rotated."""
        if now - file.changed_at < SETTLE_SECS:
            return Judgement(Verdict.HOLD)
        roster = self._roster
        for one in (*around.ended, *around.live, *around.unseen, *roster.gone):
            alike = related(file.head, one.head) == min(len(file.head), len(one.head)) > 0
            if not alike or not compressed.holds_all_of(file.path, file.fd, one):
                continue
            followed = roster.live.get(one.key) is one
            if followed and one.fd >= 0 and (one.id in roster.ready or one.pending):
                return Judgement(Verdict.HOLD)
            shares = followed and one not in around.unseen
            return Judgement(Verdict.ADOPT, one, one.offset, shares=shares)
        return Judgement(Verdict.NEW)

    # Held back -------------------------------------------------------------------------------

    def _hold(self, file: Candidate, judgement: Judgement) -> None:
        held = Candidate(file.path, -1, file.dev, file.ino, file.size, b"", file.changed_at)
        held.least, held.generation = file.least, file.generation
        if judgement.of is not None:
            held.repeated, held.of = file.repeated, file.of
            if held.generation is None:
                self._roster.ledger.note(
                    NoteKind.COPY,
                    judgement.of,
                    f"{os.fsdecode(file.path)!r} repeats this file; it is read once it differs",
                )
            self._keep_held(file, held)
        self._roster.held[file.key] = held

    def _keep_held(self, file: Candidate, held: Candidate) -> None:
        """Remember across a restart how much of a file repeats another one."""
        kept = held.generation
        offset = line_start(file.fd, held.repeated)
        if kept is None or kept.offset != offset:
            kept = kept or self._generation(file)
            kept.path, kept.state = file.path, GenerationState.HELD
            kept.size = max(offset, file.least)
            kept.head, kept.offset = file.head[:offset], offset
            kept.marker = marker_before(file.fd, offset)
            held.generation = kept
            self._roster.ledger.touch(kept)

    def _forget_held(self, present: set[Key]) -> None:
        held = self._roster.held
        for key in [key for key in held if key not in present]:
            kept = held.pop(key).generation
            if kept is not None:
                kept.state = GenerationState.GONE
                self._roster.ledger.touch(kept)

    # Read ------------------------------------------------------------------------------------

    def _generation(self, file: Candidate) -> Generation:
        number = file.generation.id if file.generation is not None else new_generation_id()
        name = self._roster.source.name
        made = CompressedGeneration if compressed.is_compressed(file.path) else Generation
        return made(number, name, file.dev, file.ino, file.path, size=file.size)

    def _follow(self, file: Candidate, now: float) -> Generation:
        generation = self._generation(file)
        generation.old_until = file.size
        generation.modified = os.fstat(file.fd).st_mtime
        generation.probe, generation.quiet_since = file.head, now
        self._roster.follow(generation, file.fd)
        file.fd = -1
        return generation

    def _begin(self, file: Candidate, now: float) -> None:
        generation = self._follow(file, now)
        if (
            self._roster.source.from_end
            and self._roster.is_first_look
            and not isinstance(generation, CompressedGeneration)
        ):
            end = _last_line_end(generation.fd, file.size)
            generation.head = file.head[:end]
            generation.marker = marker_before(generation.fd, end)
            generation.offset = end

    def _resume(self, generation: Generation, file: Candidate, now: float) -> None:
        self._roster.gone.remove(generation)
        generation.path, generation.size, generation.quiet_since = file.path, 0, now
        generation.saw(file.size)
        generation.missing, generation.absent_since = 0, None
        self._roster.follow(generation, file.fd)
        file.fd = -1

    def _cut_short(self, file: Candidate, now: float) -> bool:
        """Go on at the end of a file that was truncated to a part of what was consumed."""
        ended = self._roster.ended
        known = next((one for one in ended if one.key == file.key), None)
        if known is None or not SURE_BYTES <= file.size < known.offset:
            return False
        common = related(file.head, known.head)
        if common < min(file.size, len(known.head)) or is_heading(file.head):
            return False
        self._adopt(file, Judgement(Verdict.ADOPT, known, file.size), now)
        return True

    def _adopt(self, file: Candidate, judgement: Judgement, now: float) -> None:
        """Go on in `file` from the judgement's offset."""
        known, offset = judgement.of, judgement.offset
        if known is not None and offset == known.offset:
            head, marker = known.head, known.marker
        else:
            head, marker = file.head[:offset], marker_before(file.fd, offset)
        generation = self._follow(file, now)
        generation.offset, generation.head, generation.marker = offset, head, marker
        if known is not None and not judgement.shares:
            self._retire(known)

    def _retire(self, known: Generation) -> None:
        """Stop following a generation that another one goes on from."""
        self._roster.leave(known)
        if known in self._roster.ended:
            self._roster.ended.remove(known)
        if known in self._roster.gone:
            self._roster.gone.remove(known)
        known.state = GenerationState.RESCUED
        known.close()
        known.pending, known.delivered = b"", 0
        self._roster.ledger.end(known, [])


def _is_finished(generation: Generation) -> bool:
    """Whether nothing more can be had from a file that is not listed."""
    if generation.fd < 0:
        return True
    return os.fstat(generation.fd).st_size <= generation.position


def _last_line_end(fd: int, size: int) -> int:
    """Return where the last complete line of a file of `size` bytes ends."""
    begin = max(0, size - (1 << 20))
    at = os.pread(fd, size - begin, begin).rfind(b"\n")
    return begin + at + 1 if at >= 0 else begin
