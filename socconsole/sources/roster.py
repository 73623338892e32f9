"""The generations of one source: which are followed, held back, cut off or gone."""

import os
from collections import deque

from socconsole.sources.copies import Candidate
from socconsole.sources.files import FileSource, open_regular
from socconsole.sources.generation import MARKER_BYTES, Generation, GenerationState
from socconsole.sources.ledger import Ledger

ENDED_CAP = 200
"""Ended generations that are remembered, to recognise their copies or their return."""
_CHECK_EVERY = 32

Key = tuple[int, int]
"""Device and inode."""


class Roster:
    """What is known of one source's files. Whoever changes a generation touches the ledger."""

    def __init__(self, source: FileSource, *, open_files: int) -> None:
        self.source = source
        self.ledger = Ledger(source.name)
        self.live: dict[Key, Generation] = {}
        self.held: dict[Key, Candidate] = {}
        self.ended: deque[Generation] = deque(maxlen=ENDED_CAP)
        """Truncated ones whose rest a copy may still have, newest first."""
        self.gone: deque[Generation] = deque(maxlen=ENDED_CAP)
        self.ready: dict[int, Generation] = {}
        """Those that may have bytes to read, by id."""
        self.problems: dict[bytes, str] = {}
        """Path → why it cannot be read at the moment."""
        self.is_first_look = True
        self._open_files = open_files
        self._opened = 0

    def complain(self, path: bytes, error: OSError) -> None:
        """Remember that `path` cannot be read at the moment."""
        self.problems[path] = error.strerror or str(error)

    def room(self) -> int:
        """Return how many more files may be begun: an unread one stays open until it is read."""
        unread = sum(one.fd >= 0 for one in self.ready.values())
        return self._open_files - unread

    def wake(self, generation: Generation) -> None:
        """Read this generation in the next round."""
        self.ready[generation.id] = generation

    def rest(self, generation: Generation) -> None:
        """There is nothing to read in this generation for now."""
        self.ready.pop(generation.id, None)

    def follow(self, generation: Generation, fd: int) -> None:
        """Follow a generation whose file is open."""
        generation.fd = fd
        generation.state = GenerationState.LIVE
        self.live[generation.key] = generation
        self.held.pop(generation.key, None)
        self.wake(generation)
        self.ledger.touch(generation)
        self._close_quiet(generation)

    def leave(self, generation: Generation) -> None:
        """Follow a generation no longer."""
        if self.live.get(generation.key) is generation:
            del self.live[generation.key]
        self.rest(generation)

    def reopen(self, generation: Generation, path: bytes) -> bool:
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
        """Keep the number of open files under the limit: the longest quiet ones go."""
        self._opened += 1
        if self._opened % _CHECK_EVERY:
            return
        opened = [one for one in self.live.values() if one.fd >= 0]
        over = len(opened) - self._open_files + _CHECK_EVERY
        if over <= 0:
            return
        done = [
            one
            for one in opened
            if one is not keep and one.id not in self.ready and not one.pending
        ]
        for one in sorted(done, key=lambda one: one.quiet_since)[:over]:
            one.close()


def marker_before(fd: int, offset: int) -> bytes:
    """Return the bytes before `offset` that mark the place."""
    return os.pread(fd, min(MARKER_BYTES, offset), max(0, offset - MARKER_BYTES))
