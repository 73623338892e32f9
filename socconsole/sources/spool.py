"""Input that cannot be read twice is written to files first, and those are tailed like any other.

What a sender is told was taken is in the file; a crash of the reader loses nothing of it.
"""

import os
import re
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

ROTATE_BYTES = 64 << 20
"""A spool file goes on in a new one at this size; those that were read are removed."""
SYNC_SECS = 0.1
PEERS_CAP = 256
"""Senders that have files of their own; the others share one."""
_NUMBERED = re.compile(r"(?P<stem>.+)\.(?P<number>\d{8})\.spool")


class Spool:
    """Files of one source, one row of them for each sender; safe to write from several threads."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.pattern = str(folder / f"{_safe(name)}@*.spool")
        """What a tail of this spool reads."""
        self._name = _safe(name)
        self._lock = threading.Lock()
        self._files: dict[str, int] = {}
        self._paths: dict[str, Path] = {}
        self._unsynced: set[int] = set()
        self._synced_at = 0.0
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def write(self, records: bytes, sender: str = "local") -> None:
        """Append whole lines, line feeds included."""
        with self._lock:
            if sender not in self._files and len(self._files) >= PEERS_CAP:
                sender = "others"
            fd = self._open(sender)
            _append(fd, records)
            self._unsynced.add(fd)
            if os.fstat(fd).st_size >= ROTATE_BYTES:
                self._sync()
                os.close(self._files.pop(sender))
                self._paths[sender] = self._next(self._paths[sender])
        if time.monotonic() - self._synced_at > SYNC_SECS:
            self.sync()

    def sync(self) -> None:
        """Make what was written survive a power cut."""
        if self._unsynced:
            with self._lock:
                self._sync()

    def _sync(self) -> None:
        for fd in self._unsynced:
            os.fdatasync(fd) if hasattr(os, "fdatasync") else os.fsync(fd)
        self._unsynced.clear()
        self._synced_at = time.monotonic()

    def last_line(self, sender: str = "local") -> bytes:
        """Return the last whole line; whatever stands after it is cut off."""
        with self._lock:
            for path in reversed(self._row(sender)):
                size = path.stat().st_size
                with path.open("r+b") as file:
                    file.seek(max(0, size - (1 << 20)))
                    begin, data = file.tell(), file.read()
                    whole = data[: data.rfind(b"\n") + 1]
                    if len(whole) < len(data):
                        file.truncate(begin + len(whole))
                lines = whole.splitlines()
                if lines:
                    return lines[-1]
        return b""

    def prune(self, consumed: Mapping[tuple[int, int], int]) -> None:
        """Remove files that were consumed to their end and are no longer written.

        Args:
            consumed: Device and inode → bytes of it that are committed.

        """
        with self._lock:
            current = {path.name for path in self._paths.values()}
            stems: dict[str, list[Path]] = {}
            for path in sorted(self.folder.glob(f"{self._name}@*.spool")):
                found = _NUMBERED.fullmatch(path.name)
                if found is not None:
                    stems.setdefault(found["stem"], []).append(path)
            for row in stems.values():
                for path in row[:-1]:
                    status = path.stat()
                    whole = consumed.get((status.st_dev, status.st_ino)) == status.st_size
                    if whole and path.name not in current:
                        path.unlink()

    def close(self) -> None:
        """Write everything down and close the files."""
        with self._lock:
            self._sync()
            for fd in self._files.values():
                os.close(fd)
            self._files.clear()

    def _row(self, sender: str) -> list[Path]:
        return sorted(self.folder.glob(f"{self._name}@{_safe(sender)}.*.spool"))

    def _open(self, sender: str) -> int:
        known = self._files.get(sender)
        if known is not None:
            return known
        path = self._paths.get(sender)
        if path is None:
            row = self._row(sender)
            path = row[-1] if row else self.folder / f"{self._name}@{_safe(sender)}.00000001.spool"
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        fd = os.open(path, flags, 0o600)
        try:
            if _ends_amid_line(path):
                os.write(fd, b"\n")
        except OSError:
            os.close(fd)
            raise
        self._files[sender], self._paths[sender] = fd, path
        return fd

    def _next(self, path: Path) -> Path:
        found = _NUMBERED.fullmatch(path.name)
        assert found is not None
        return path.with_name(f"{found['stem']}.{int(found['number']) + 1:08d}.spool")


def _append(fd: int, records: bytes) -> None:
    """Write all of `records` or, where the disk is full, none of them."""
    before, view = os.fstat(fd).st_size, memoryview(records)
    try:
        while view:
            view = view[os.write(fd, view) :]
    except OSError:
        os.ftruncate(fd, before)
        raise


def _ends_amid_line(path: Path) -> bool:
    with path.open("rb") as file:
        if not file.seek(0, os.SEEK_END):
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"


def _safe(name: str) -> str:
    return quote(name, safe=" :") or "_"
