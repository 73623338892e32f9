"""Follows the files of one source through every kind of rotation, and loses no line.

State comes in as checkpoints and goes out as checkpoints: whoever stores them in the transaction
that stores what the lines caused reads every line exactly once. Size, inode and content decide;
modification times only order what is new.
"""

import os
import resource
import time
from collections.abc import Iterable

from socconsole.sources.arrivals import Arrivals, Known
from socconsole.sources.compressed import CompressedGeneration, is_compressed
from socconsole.sources.copies import SETTLE_SECS, Candidate
from socconsole.sources.departures import Departures
from socconsole.sources.files import FileSource, look
from socconsole.sources.generation import NO_STAMP, Checkpoint, Generation, GenerationState
from socconsole.sources.ledger import Portion
from socconsole.sources.notes import Note, NoteKind
from socconsole.sources.roster import Key, Roster

SCAN_SECS = 5.0
"""Between two lists of the folders when nothing asks for one."""
HOT_SCAN_SECS = 0.25
"""The same while a file waits for a verdict."""
SWEEP_SECS = 0.25
SWEEP_SHARE = 40
"""A sweep or a scan may take one part in so many of the time."""


def open_files_limit() -> int:
    """Return how many files may be open at once, after asking the system for more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4096 if hard == resource.RLIM_INFINITY else min(4096, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return max(16, min(2000, soft // 2))


class Tail:
    """Follows one source's files.

    A round is: `scan` and `sweep` when they are due, `read` of what is ready, then commit
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
        self.folders: tuple[bytes, ...] = ()
        self.next_scan = self.next_sweep = now
        self._roster = Roster(source, open_files=open_files)
        self._arrivals = Arrivals(self._roster)
        self._departures = Departures(self._roster)
        self._paths: dict[bytes, Generation] = {}
        self._earliest_scan = now
        self._has_listed = False
        for checkpoint in kept:
            self._restore(checkpoint, now)

    def _restore(self, checkpoint: Checkpoint, now: float) -> None:
        roster = self._roster
        roster.is_first_look = False
        kind = CompressedGeneration if is_compressed(checkpoint.path) else Generation
        generation = kind.from_checkpoint(checkpoint)
        generation.quiet_since = generation.ended_at = now
        match checkpoint.state:
            case GenerationState.LIVE:
                roster.live[generation.key] = generation
                roster.wake(generation)
            case GenerationState.TRUNCATED:
                roster.ended.appendleft(generation)
            case GenerationState.GONE:
                roster.gone.appendleft(generation)
            case GenerationState.HELD:
                seen_at = now - SETTLE_SECS
                held = Candidate(
                    generation.path, -1, *generation.key, generation.size, b"", seen_at
                )
                held.repeated, held.generation = generation.offset, generation
                held.least = generation.size
                roster.held[generation.key] = held

    # What the caller commits -----------------------------------------------------------------

    def take_checkpoints(self) -> tuple[Checkpoint, ...]:
        """Return the generations that changed since the last call."""
        return self._roster.ledger.take_checkpoints()

    def take_notes(self) -> tuple[Note, ...]:
        """Return the remarks since the last call."""
        return self._roster.ledger.take_notes()

    def take_final(self) -> list[Portion]:
        """Return last lines of generations that ended since the last call."""
        return self._roster.ledger.take_final()

    def settle(self, generation: Generation, upto: int) -> None:
        """Count everything of `generation` before byte `upto` as consumed."""
        generation.settle(upto)
        self._roster.ledger.touch(generation)

    # What can be asked -----------------------------------------------------------------------

    @property
    def live(self) -> dict[Key, Generation]:
        """The generations that are followed."""
        return self._roster.live

    @property
    def problems(self) -> dict[bytes, str]:
        """Path → why it cannot be read at the moment."""
        return self._roster.problems

    @property
    def waits_for_verdict(self) -> bool:
        """Whether a file turned up that may be new or the beginning of a copy."""
        return any(not file.repeated for file in self._roster.held.values())

    @property
    def has_more_files(self) -> bool:
        """Whether files wait to be begun until others have been read."""
        return self._arrivals.left_over

    @property
    def has_files(self) -> bool:
        """Whether any file of the source is there, empty ones too."""
        return self._has_listed or bool(self._roster.live or self._roster.held)

    @property
    def has_ready(self) -> bool:
        """Whether there may be bytes to read."""
        return bool(self._roster.ready)

    @property
    def lag_bytes(self) -> int:
        """Bytes that are known and not consumed."""
        known = (*self._roster.live.values(), *self._roster.ended)
        return sum(max(0, one.size - one.offset) for one in known)

    def half_lines(self, now: float, older_than: float = 5.0) -> list[tuple[Generation, bytes]]:
        """Return unfinished last lines that nobody has finished for `older_than` seconds."""
        return [
            (one, one.pending[one.delivered :])
            for one in self._roster.live.values()
            if len(one.pending) > one.delivered and now - one.quiet_since > older_than
        ]

    def close(self) -> None:
        """Let go of every file."""
        for generation in self._roster.live.values():
            generation.close()

    # Looking ---------------------------------------------------------------------------------

    def look_soon(self, now: float) -> None:
        """Scan as soon as that is affordable: big folders are listed less often."""
        self.next_scan = min(self.next_scan, max(now, self._earliest_scan))

    def scan(self, now: float) -> None:
        """List the source's files and decide what each of them is."""
        began = time.monotonic()
        roster = self._roster
        listing = look(self.source)
        self.folders = tuple(listing.folders)
        self._has_listed = bool(listing.entries)
        roster.problems = {path: error.strerror or str(error) for path, error in listing.problems}
        known = Known({one.path: one for one in roster.live.values()}, listing.left_out)
        unknown: list[tuple[bytes, os.stat_result]] = []
        for path, found in listing.entries:
            if self._meet(path, found, now):
                known.seen.add((found.st_dev, found.st_ino))
            else:
                unknown.append((path, found))
        self._departures.check_unlisted(known.seen, now)
        arrived = self._arrivals.welcome(unknown, known, now)
        self._departures.miss(known.seen | arrived, unsure=bool(listing.problems), now=now)
        roster.is_first_look &= self._arrivals.left_over
        self._paths = {one.path: one for one in roster.live.values()}
        cost = time.monotonic() - began
        self._earliest_scan = now + max(0.03, SWEEP_SHARE * cost)
        pause = HOT_SCAN_SECS if self.waits_for_verdict else SCAN_SECS
        self.next_scan = now + max(pause, SWEEP_SHARE * cost)

    def _meet(self, path: bytes, found: os.stat_result, now: float) -> bool:
        """Take note of a known file; False when it is unknown or no longer the same content."""
        roster = self._roster
        generation = roster.live.get((found.st_dev, found.st_ino))
        if generation is None or self._is_untried(generation):
            return False
        if generation.fd < 0 and _stamp(found) == generation.stamp:
            generation.missing, generation.absent_since = 0, None
            return True
        try:
            if generation.fd < 0 and not roster.reopen(generation, path):
                return True
            size = os.fstat(generation.fd).st_size
            same = generation.is_same_content(generation.fd, size)
        except OSError as error:
            roster.complain(path, error)
            return True
        if not same:
            self._departures.truncated(generation, size, now)
            return False
        generation.is_met = True
        if generation.path != path and not self._is_at(generation):
            generation.path = path
            roster.ledger.note(NoteKind.ROTATION, generation, "the file was renamed")
            roster.ledger.touch(generation)
        generation.saw(size)
        generation.listed_sizes = (generation.listed_sizes[1], size)
        if size > generation.position:
            roster.wake(generation)
        generation.missing, generation.absent_since = 0, None
        return True

    def _is_untried(self, generation: Generation) -> bool:
        """Forget a generation that was never consumed: only its inode says it is that file."""
        if generation.fd >= 0 or generation.offset:
            return False
        self._roster.leave(generation)
        generation.state = GenerationState.RESCUED
        self._roster.ledger.touch(generation)
        return True

    def _is_at(self, generation: Generation) -> bool:
        try:
            found = os.stat(generation.path, follow_symlinks=self.source.follow_symlinks)
        except OSError:
            return False
        return (found.st_dev, found.st_ino) == generation.key

    def sweep(self, now: float) -> None:
        """Look at every followed file for new bytes."""
        began = time.monotonic()
        for generation in self._roster.live.values():
            self._sweep_one(generation)
        self.next_sweep = now + max(SWEEP_SECS, SWEEP_SHARE * (time.monotonic() - began))

    def hint(self, paths: Iterable[bytes], now: float) -> None:
        """Look at the files at `paths`, which may have changed."""
        for path in paths:
            generation = self._paths.get(path)
            if generation is not None and self._roster.live.get(generation.key) is generation:
                self._sweep_one(generation)
            elif path.rpartition(b"/")[0] in self.folders or path in self.folders:
                self.look_soon(now)

    def _sweep_one(self, generation: Generation) -> None:
        try:
            if generation.fd >= 0:
                found = os.fstat(generation.fd)
            else:
                found = os.stat(generation.path, follow_symlinks=self.source.follow_symlinks)
        except OSError:
            return
        if generation.fd < 0 and (found.st_dev, found.st_ino) != generation.key:
            return
        stamp = _stamp(found)
        if stamp != generation.stamp:
            generation.stamp = stamp
            generation.saw(found.st_size)
            self._roster.wake(generation)

    def expire(self, now: float) -> None:
        """End what is gone and was read to its end; give up on rests nobody has a copy of."""
        self._departures.expire(now)

    def finish(self) -> None:
        """Hand out every unfinished last line: nothing more will be written."""
        self._departures.finish_all()

    # Reading ---------------------------------------------------------------------------------

    def ready(self) -> list[Generation]:
        """Return the generations that may have bytes: those that are going first, then by age."""
        chosen = list(self._roster.ready.values())
        chosen.sort(key=lambda one: (one.absent_since is None, one.id))
        return chosen

    def is_ready(self, generation: Generation) -> bool:
        """Whether a generation may have more bytes."""
        return generation.id in self._roster.ready

    def read(self, generation: Generation, limit: int, now: float) -> Portion:
        """Read on in one generation; no lines when it has none to give.

        Lines count as consumed only when `settle` says so.
        """
        roster = self._roster
        try:
            if generation.fd < 0 and not roster.reopen(generation, generation.path):
                self._rest(generation, now)
                return Portion(generation, [])
            known = generation.size
            more = generation.fill()
        except OSError as error:
            roster.complain(generation.path, error)
            self._rest(generation, now)
            generation.stamp = NO_STAMP
            return Portion(generation, [])
        if not more:
            self._rest(generation, now)
            if generation.size != known:
                roster.ledger.touch(generation)
            self._note_trouble(generation)
            if more is None:
                self.next_scan = now
            return Portion(generation, [])
        generation.quiet_since = now
        lines = generation.lines(limit)
        generation.saw(generation.position)
        roster.ledger.touch(generation)
        for line in lines:
            if line.note:
                roster.ledger.note_line(generation, line)
        return Portion(generation, lines)

    def _rest(self, generation: Generation, now: float) -> None:
        """Leave a generation alone until it grows; once all are read, begin more files."""
        self._roster.rest(generation)
        if self.has_more_files and not self.has_ready:
            self.next_scan = now

    def _note_trouble(self, generation: Generation) -> None:
        if isinstance(generation, CompressedGeneration) and generation.trouble:
            known = self._roster.problems.get(generation.path)
            if known != generation.trouble:
                self._roster.problems[generation.path] = generation.trouble
                self._roster.ledger.note(
                    NoteKind.COMPRESSION,
                    generation,
                    generation.trouble,
                    first=generation.position,
                )


def _stamp(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns
