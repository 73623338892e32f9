"""Follows the files of one source through every kind of rotation, and loses no line.

State comes in as checkpoints and goes out as checkpoints: whoever stores them in the transaction
that stores what the lines caused reads every line exactly once. Size, inode and content decide;
modification times only order what is new.
"""

import os
import resource
import secrets
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

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
from socconsole.sources.files import FileSource, Listing, is_gone, look, open_regular
from socconsole.sources.generation import (
    HEAD_BYTES,
    MARKER_BYTES,
    Checkpoint,
    Generation,
    GenerationState,
)
from socconsole.sources.ledger import Ledger, Portion
from socconsole.sources.notes import Note, NoteKind

MISSING_SCANS = 3
"""Scans in a row without a file before it counts as gone."""
MISSING_SECS = 2.0
DELETED_SECS = 5.0
"""How long a deleted file is still read after its last byte."""
RESCUE_SECS = 10.0
"""How long a truncated file's unread rest is looked for in a copy."""
ENDED_CAP = 200
SCAN_SECS = 5.0
HOT_SCAN_SECS = 0.25
"""Between scans while a file waits for a verdict."""


def new_generation_id() -> int:
    """Return an id that no other collector gives out, larger than those given before."""
    return (time.time_ns() // 1000 << 10) | secrets.randbelow(1 << 10)


def open_files_limit() -> int:
    """Return how many files may be open at once, after asking the system for more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4096 if hard == resource.RLIM_INFINITY else min(4096, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return max(16, min(2000, soft // 2))


@dataclass(frozen=True, slots=True)
class _Looked:
    """What one scan knows of the files that were there before."""

    owners: dict[bytes, Generation]
    """Path → the generation that had it at the last scan."""
    seen: set[tuple[int, int]]
    unseen: list[Generation]
    """Neither open nor listed."""
    alike: Alike


class Tail:
    """Follows one source's files.

    A round is: `scan` when it is due, `sweep`, `read` of what is ready, then commit
    `take_checkpoints()` and `take_notes()` together with what the lines caused.
    """

    def __init__(
        self,
        source: FileSource,
        kept: Iterable[Checkpoint] = (),
        *,
        now: float,
        open_files: int = 500,
    ) -> None:
        self.source = source
        self.live: dict[tuple[int, int], Generation] = {}
        self.ended: deque[Generation] = deque(maxlen=ENDED_CAP)
        self.held: dict[tuple[int, int], Candidate] = {}
        self.folders: tuple[bytes, ...] = ()
        self.problems: dict[bytes, str] = {}
        self.next_scan = now
        self._open_files = open_files
        self._ledger = Ledger(source.name)
        self._gone: deque[Generation] = deque(maxlen=ENDED_CAP)
        self._first = True
        self._scanned_at, self._scan_pause = 0.0, 0.0
        for checkpoint in kept:
            self._restore(checkpoint, now)

    def _restore(self, checkpoint: Checkpoint, now: float) -> None:
        self._first = False
        generation = Generation.from_checkpoint(checkpoint)
        generation.quiet_since = generation.ended_at = now
        if checkpoint.state is GenerationState.LIVE:
            self.live[generation.key] = generation
        elif checkpoint.state is GenerationState.TRUNCATED:
            self.ended.appendleft(generation)
        elif checkpoint.state is GenerationState.HELD:
            held = Candidate(
                generation.path, -1, *generation.key, checkpoint.size, b"", now - SETTLE_SECS
            )
            held.repeated, held.generation = checkpoint.offset, generation
            self.held[generation.key] = held
        elif checkpoint.state is GenerationState.GONE:
            self._gone.appendleft(generation)

    # What the caller commits -----------------------------------------------------------------

    def take_checkpoints(self) -> tuple[Checkpoint, ...]:
        """Return the generations that changed since the last call."""
        return self._ledger.take_checkpoints()

    def take_notes(self) -> tuple[Note, ...]:
        """Return the remarks since the last call."""
        return self._ledger.take_notes()

    def take_final(self) -> list[Portion]:
        """Return last lines of generations that ended since the last call."""
        return self._ledger.take_final()

    @property
    def lag_bytes(self) -> int:
        """Bytes that are known and not consumed."""
        live = sum(max(0, one.size - one.offset) for one in self.live.values())
        return live + sum(max(0, one.size - one.offset) for one in self.ended)

    def settle(self, generation: Generation, upto: int) -> None:
        """Count everything of `generation` before byte `upto` as consumed."""
        generation.settle(upto)
        self._ledger.touch(generation)

    def half_lines(self, now: float, older_than: float = 5.0) -> list[tuple[Generation, bytes]]:
        """Return unfinished last lines that nobody has finished for `older_than` seconds."""
        return [
            (one, one.pending[one.delivered :])
            for one in self.live.values()
            if len(one.pending) > one.delivered and now - one.quiet_since > older_than
        ]

    def close(self) -> None:
        """Let go of every file."""
        for generation in self.live.values():
            generation.close()

    # Looking ---------------------------------------------------------------------------------

    def scan(self, now: float) -> None:
        """List the source's files and decide what each of them is."""
        began = time.monotonic()
        listing = look(self.source)
        self.folders = tuple(listing.folders)
        self.problems = {path: error.strerror or str(error) for path, error in listing.problems}
        owners = {one.path: one for one in self.live.values()}
        seen: set[tuple[int, int]] = set()
        unknown: list[tuple[bytes, os.stat_result]] = []
        for path, found in listing.entries:
            if self._meet(path, found, now):
                seen.add((found.st_dev, found.st_ino))
            else:
                unknown.append((path, found))
        self._check_unlisted(seen, now)
        turned_up = [file for one in unknown if (file := self._open_unknown(one, now))]
        looked = _Looked(
            owners,
            seen,
            [one for one in self.live.values() if one.fd < 0 and one.key not in seen],
            Alike(self.live.values() if turned_up else ()),
        )
        for file in turned_up:
            try:
                self._decide(file, looked, now)
            finally:
                if file.fd >= 0:
                    os.close(file.fd)
                if (begun := self.live.get(file.key)) is not None:
                    looked.alike.add(begun)
        self._forget_held({file.key for file in turned_up})
        self._look_for_missing(seen | {file.key for file in turned_up}, listing, now)
        waiting = any(not file.repeated for file in self.held.values())
        self.next_scan = now + (HOT_SCAN_SECS if waiting else SCAN_SECS)
        self._first = False
        self._scanned_at, self._scan_pause = now, max(0.03, 20 * (time.monotonic() - began))

    def _meet(self, path: bytes, found: os.stat_result, now: float) -> bool:
        """Take note of a known file; False when it is unknown or no longer the same content."""
        generation = self.live.get((found.st_dev, found.st_ino))
        if generation is None:
            return False
        try:
            if generation.fd < 0 and not self._reopen(generation, path):
                return True
            size = os.fstat(generation.fd).st_size
            same = generation.is_same_content(generation.fd, size)
        except OSError as error:
            self.problems[path] = error.strerror or str(error)
            return True
        if not same:
            self._end_truncated(generation, size, now)
            return False
        if generation.path != path and not self._is_at(generation):
            generation.path = path
            self._ledger.note(NoteKind.ROTATION, generation, "the file was renamed")
            self._ledger.touch(generation)
        generation.size = max(generation.size, size)
        generation.listed_sizes = (generation.listed_sizes[1], size)
        generation.ready = generation.ready or size > generation.position
        generation.missing, generation.absent_since = 0, None
        return True

    def _check_unlisted(self, seen: set[tuple[int, int]], now: float) -> None:
        """Notice that an open file was truncated before it went out of sight."""
        for generation in list(self.live.values()):
            if generation.key in seen or generation.fd < 0:
                continue
            try:
                size = os.fstat(generation.fd).st_size
                same = generation.is_same_content(generation.fd, size)
            except OSError as error:
                self.problems[generation.path] = error.strerror or str(error)
                continue
            if not same:
                self._end_truncated(generation, size, now)

    def _is_at(self, generation: Generation) -> bool:
        try:
            found = os.stat(generation.path, follow_symlinks=self.source.follow_symlinks)
        except OSError:
            return False
        return (found.st_dev, found.st_ino) == generation.key

    def _reopen(self, generation: Generation, path: bytes) -> bool:
        """Open a known generation's file again; False when another file took its place."""
        fd, found = open_regular(path, follow_symlinks=self.source.follow_symlinks)
        if (found.st_dev, found.st_ino) != generation.key:
            os.close(fd)
            return False
        generation.fd = fd
        generation.old_until, generation.modified = found.st_size, found.st_mtime
        self._close_quiet(generation)
        return True

    def _close_quiet(self, keep: Generation) -> None:
        """Keep the number of open files under the limit: the longest quiet one goes."""
        opened = [one for one in self.live.values() if one.fd >= 0]
        if len(opened) <= self._open_files:
            return
        done = [one for one in opened if one is not keep and not one.ready and not one.pending]
        for one in sorted(done, key=lambda one: one.quiet_since)[: len(opened) // 10 + 1]:
            one.close()

    def _open_unknown(self, one: tuple[bytes, os.stat_result], now: float) -> Candidate | None:
        path = one[0]
        try:
            fd, found = open_regular(path, follow_symlinks=self.source.follow_symlinks)
        except OSError as error:
            if not is_gone(path):
                self.problems[path] = error.strerror or str(error)
            return None
        key = (found.st_dev, found.st_ino)
        if key in self.live or not found.st_size:
            os.close(fd)
            return None
        held = self.held.get(key)
        file = Candidate(path, fd, *key, found.st_size, os.pread(fd, HEAD_BYTES, 0), now)
        if held is not None:
            file.repeated, file.of, file.generation = held.repeated, held.of, held.generation
            file.least = held.least
            if held.size == file.size:
                file.changed_at = held.changed_at
        return file

    def _decide(
        self,
        file: Candidate,
        looked: "_Looked",
        now: float,
    ) -> None:
        if file.key in self.live:
            return
        resumed = next((one for one in self._gone if one.key == file.key), None)
        if resumed and resumed.offset and resumed.is_same_content(file.fd, file.size):
            self._resume(resumed, file, now)
            return
        if self._cut_short(file, now):
            return
        owner = looked.owners.get(file.path)
        around = Surroundings(
            live=looked.alike.find(file.head),
            ended=tuple(self.ended),
            unseen=looked.unseen,
            owner=owner,
            owner_listed=owner is not None and owner.key in looked.seen,
        )
        judgement = judge(file, around, now)
        if judgement.verdict in {Verdict.HOLD, Verdict.REPEATS}:
            self._hold(file, judgement)
        elif judgement.verdict is Verdict.ADOPT:
            self._adopt(file, judgement, now)
        else:
            self._begin(file, now)

    def _cut_short(self, file: Candidate, now: float) -> bool:
        """Go on at the end of a file that was truncated to a part of what was consumed."""
        known = next((one for one in self.ended if one.key == file.key), None)
        if known is None or not SURE_BYTES <= file.size < known.offset:
            return False
        common = related(file.head, known.head)
        if common < min(file.size, len(known.head)) or is_heading(file.head):
            return False
        self.ended.remove(known)
        self._adopt(file, Judgement(Verdict.ADOPT, known, file.size), now)
        return True

    def _hold(self, file: Candidate, judgement: Judgement) -> None:
        held = Candidate(file.path, -1, file.dev, file.ino, file.size, b"", file.changed_at)
        held.least, held.generation = file.least, file.generation
        if judgement.of is not None:
            held.repeated, held.of = file.repeated, file.of
            if held.generation is None:
                self._ledger.note(
                    NoteKind.COPY,
                    judgement.of,
                    f"{os.fsdecode(file.path)!r} repeats this file; it is read once it differs",
                )
            self._keep_held(file, held)
        self.held[file.key] = held

    def _keep_held(self, file: Candidate, held: Candidate) -> None:
        """Remember across a restart how much of a file repeats another one."""
        kept = held.generation
        offset = line_start(file.fd, held.repeated)
        if kept is None or kept.offset != offset:
            kept = kept or Generation(
                new_generation_id(), self.source.name, file.dev, file.ino, file.path
            )
            kept.path, kept.size, kept.state = file.path, offset, GenerationState.HELD
            kept.head, kept.offset = file.head[:offset], offset
            kept.marker = _before(file.fd, offset)
            held.generation = kept
            self._ledger.touch(kept)

    def _forget_held(self, present: set[tuple[int, int]]) -> None:
        for key in [key for key in self.held if key not in present]:
            kept = self.held.pop(key).generation
            if kept is not None:
                kept.state = GenerationState.GONE
                self._ledger.touch(kept)

    # Beginning and ending --------------------------------------------------------------------

    def _begin(self, file: Candidate, now: float) -> None:
        generation = self._follow(file, now)
        if self.source.from_end and self._first:
            end = _last_line_end(generation.fd, file.size)
            generation.head = file.head[:end]
            generation.marker = _before(generation.fd, end)
            generation.offset = end

    def _adopt(self, file: Candidate, judgement: Judgement, now: float) -> None:
        known = judgement.of
        offset = judgement.offset
        head = file.head[: min(offset, HEAD_BYTES)]
        marker = _before(file.fd, offset)
        if known is not None and offset == known.offset and not judgement.shares:
            head, marker = known.head, known.marker
        generation = self._follow(file, now)
        generation.offset, generation.head, generation.marker = offset, head, marker
        if known is None:
            return
        generation.note = f"goes on from generation {known.id} at byte {offset}"
        if self.live.get(known.key) is known and not judgement.shares:
            del self.live[known.key]
        if self.live.get(known.key) is not known:
            known.state = GenerationState.RESCUED
            if known in self.ended:
                self.ended.remove(known)
            known.close()
            known.pending, known.delivered = b"", 0
            self._ledger.touch(known)

    def _follow(self, file: Candidate, now: float) -> Generation:
        number = file.generation.id if file.generation is not None else new_generation_id()
        generation = Generation(
            number, self.source.name, file.dev, file.ino, file.path, size=file.size
        )
        generation.fd, file.fd = file.fd, -1
        generation.old_until, generation.modified = file.size, os.fstat(generation.fd).st_mtime
        generation.probe, generation.quiet_since = file.head, now
        self.live[generation.key] = generation
        self.held.pop(generation.key, None)
        self._close_quiet(generation)
        self._ledger.touch(generation)
        return generation

    def _resume(self, generation: Generation, file: Candidate, now: float) -> None:
        self._gone.remove(generation)
        generation.state, generation.path = GenerationState.LIVE, file.path
        generation.fd, file.fd = file.fd, -1
        generation.size, generation.quiet_since, generation.ready = file.size, now, True
        generation.missing, generation.absent_since = 0, None
        self.live[generation.key] = generation
        self._ledger.touch(generation)

    def _end_truncated(self, generation: Generation, size: int, now: float) -> None:
        del self.live[generation.key]
        generation.close()
        generation.state = GenerationState.TRUNCATED
        generation.ended_at, generation.delivered = now, 0
        self._ledger.note(
            NoteKind.TRUNCATION,
            generation,
            f"the file was truncated or written over; it is {size} bytes now",
            first=generation.offset,
        )
        self.ended.appendleft(generation)
        self._ledger.end(generation, [])

    def _look_for_missing(self, seen: set[tuple[int, int]], listing: Listing, now: float) -> None:
        unsure = bool(listing.problems)
        for generation in list(self.live.values()):
            if generation.key in seen:
                continue
            if generation.path in self.problems or (unsure and generation.fd < 0):
                continue
            generation.missing += 1
            if generation.absent_since is None:
                generation.absent_since = now

    def look_soon(self, now: float) -> None:
        """Scan as soon as that is affordable: big folders are listed less often."""
        self.next_scan = min(self.next_scan, max(now, self._scanned_at + self._scan_pause))

    def finish(self) -> None:
        """Hand out every unfinished last line: nothing more will be written."""
        for generation in list(self.live.values()):
            if generation.pending and not generation.ready:
                del self.live[generation.key]
                self._finish(generation, GenerationState.GONE)
                self._gone.appendleft(generation)

    def expire(self, now: float) -> None:
        """End what is gone and was read to its end; give up on rests nobody has a copy of."""
        for generation in list(self.live.values()):
            if generation.absent_since is None:
                continue
            if generation.fd >= 0:
                self._expire_open(generation, now)
            elif (
                generation.missing >= MISSING_SCANS
                and now - generation.absent_since >= MISSING_SECS
            ):
                self._end_unread(generation)
        for generation in list(self.ended):
            if now - generation.ended_at >= RESCUE_SECS:
                self._give_up(generation)

    def _expire_open(self, generation: Generation, now: float) -> None:
        if generation.ready:
            return
        deleted = os.fstat(generation.fd).st_nlink == 0
        patience = DELETED_SECS if deleted else self.source.late_write_secs
        since = max(generation.quiet_since, generation.absent_since or 0.0)
        if now - since < patience:
            return
        del self.live[generation.key]
        self._finish(generation, GenerationState.GONE)
        kind = NoteKind.DELETION if deleted else NoteKind.ROTATION
        what = "deleted" if deleted else "moved away"
        self._ledger.note(kind, generation, f"the file was {what}; it was read to its end")
        self._gone.appendleft(generation)

    def _finish(self, generation: Generation, state: GenerationState) -> None:
        lines = generation.rest()
        for line in lines:
            if line.note:
                self._ledger.note_line(generation, line)
        generation.settle(generation.offset + len(generation.pending))
        generation.close()
        generation.state = state
        self._ledger.end(generation, lines)

    def _end_unread(self, generation: Generation) -> None:
        del self.live[generation.key]
        generation.state = GenerationState.GONE
        known = generation.size > generation.offset
        self._ledger.note(
            NoteKind.GAP,
            generation,
            "the file went away while nothing was reading it; "
            + ("bytes of it were not read" if known else "what was added to it last was not read"),
            first=generation.offset,
            last=generation.size if known else None,
        )
        self._gone.appendleft(generation)
        self._ledger.touch(generation)

    def _give_up(self, generation: Generation) -> None:
        self.ended.remove(generation)
        read = generation.offset + len(generation.pending)
        self._finish(generation, GenerationState.GONE)
        if generation.size > read:
            self._ledger.note(
                NoteKind.GAP,
                generation,
                "the file was truncated before the rest was read, and no copy of it was found",
                first=read,
                last=generation.size,
            )

    # Reading ---------------------------------------------------------------------------------

    def sweep(self, paths: Iterable[bytes] | None = None) -> bool:
        """Look at every open file, or those at `paths`; return whether any may have bytes."""
        if paths is None:
            chosen = list(self.live.values())
        else:
            wanted = set(paths)
            chosen = [one for one in self.live.values() if one.path in wanted]
        for generation in chosen:
            self._sweep_one(generation)
        return any(one.ready for one in self.live.values())

    def _sweep_one(self, generation: Generation) -> None:
        try:
            if generation.fd >= 0:
                found = os.fstat(generation.fd)
            else:
                found = os.stat(generation.path, follow_symlinks=False)
        except OSError:
            return
        if generation.fd < 0 and (found.st_dev, found.st_ino) != generation.key:
            return
        stamp = (found.st_size, found.st_mtime_ns, found.st_ctime_ns)
        if stamp != generation.stamp:
            generation.stamp = stamp
            generation.ready = True
            generation.size = max(generation.size, found.st_size)

    def ready(self) -> list[Generation]:
        """Return the generations that may have bytes: those that are going first, then by age."""
        chosen = [one for one in self.live.values() if one.ready]
        chosen.sort(key=lambda one: (one.absent_since is None, one.id))
        return chosen

    def read(self, generation: Generation, limit: int, now: float) -> Portion:
        """Read on in one generation; no lines when it has none to give.

        Lines count as consumed only when `settle` says so.
        """
        try:
            if generation.fd < 0 and not self._reopen(generation, generation.path):
                generation.ready = False
                return Portion(generation, [])
            more = generation.fill()
        except OSError as error:
            self.problems[generation.path] = error.strerror or str(error)
            generation.ready = False
            return Portion(generation, [])
        if more is None:
            generation.ready = False
            self.next_scan = now
            return Portion(generation, [])
        if not more:
            generation.ready = False
            return Portion(generation, [])
        generation.quiet_since = now
        lines = generation.lines(limit)
        self._ledger.touch(generation)
        generation.size = max(generation.size, generation.position)
        for line in lines:
            if line.note:
                self._ledger.note_line(generation, line)
        return Portion(generation, lines)


def _before(fd: int, offset: int) -> bytes:
    """Return the bytes before `offset` that mark the place."""
    return os.pread(fd, min(MARKER_BYTES, offset), max(0, offset - MARKER_BYTES))


def _last_line_end(fd: int, size: int) -> int:
    """Return where the last complete line of a file of `size` bytes ends."""
    begin = max(0, size - (1 << 20))
    at = os.pread(fd, size - begin, begin).rfind(b"\n")
    return begin + at + 1 if at >= 0 else begin
