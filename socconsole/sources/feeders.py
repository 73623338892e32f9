"""Inputs that are no files: standard input, the journal, syslog from the network."""

import json
import os
import select
import subprocess
import threading
from collections.abc import Callable
from typing import Protocol

from socconsole.sources.spool import Spool

CHUNK_BYTES = 64 * 1024
LONGEST_PAUSE_SECS = 30.0
RETRY_SECS = 1.0
LONGEST_HALF = 2 << 20
"""A line without end is spooled in pieces of this size; the tail cuts it."""


class Feeder(Protocol):
    """Writes one source's input to its spool, in threads of its own."""

    spool: Spool

    def start(self) -> None:
        """Begin."""

    def stop(self) -> None:
        """End; what was taken stays in the spool."""

    @property
    def is_over(self) -> bool:
        """Whether the input has ended by itself."""

    @property
    def trouble(self) -> str:
        """Why there is no input at the moment; empty when there is."""


class StreamFeeder:
    """Standard input, or any stream of lines."""

    def __init__(self, fd: int, spool: Spool, wake: Callable[[], None]) -> None:
        self.spool = spool
        self.is_over = False
        self.trouble = ""
        self._fd = fd
        self._wake = wake
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._pump, name="stdin", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """End, without waiting for input that does not come."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2.0)

    def _keep(self, records: bytes) -> None:
        """Write to the spool; while its disk is full the input waits, and nothing of it is lost."""
        while not self._stop.is_set():
            try:
                self.spool.write(records)
            except OSError as error:
                self.trouble = f"its spool cannot be written: {error.strerror}"
                self._stop.wait(RETRY_SECS)
            else:
                self.trouble = ""
                return

    def _pump(self) -> None:
        half = b""
        while not self._stop.is_set():
            if not select.select([self._fd], [], [], 0.2)[0]:
                continue
            data = os.read(self._fd, CHUNK_BYTES)
            if not data:
                if half:
                    self._keep(half + b"\n")
                self.spool.sync()
                self.is_over = True
                self._wake()
                return
            whole, half = _parted(half + data)
            if whole:
                self._keep(whole)
                self._wake()


class JournalFeeder:
    """The journal, from the last line that was spooled on."""

    def __init__(self, spool: Spool, *, folder: str = "", command: str = "journalctl") -> None:
        """Prepare to follow this host's journal, or the journals in `folder`."""
        self.spool = spool
        self.is_over = False
        self.trouble = ""
        self._command = command
        self._where = [f"--directory={folder}"] if folder else []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin to follow the journal."""
        self._thread.start()

    def stop(self) -> None:
        """End the reading process."""
        self._stop.set()
        if self._process is not None:
            self._process.terminate()
        if self._thread.is_alive():
            self._thread.join(timeout=5.0)

    def _run(self) -> None:
        pause = 0.5
        while not self._stop.is_set():
            try:
                if self._follow():
                    pause = 0.5
            except OSError as error:
                self.trouble = f"{self._command} cannot be run: {error.strerror}"
            self._stop.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECS)

    def _follow(self) -> bool:
        """Spool what the journal says until its reader ends; return whether it said anything."""
        cursor = _cursor_of(self.spool.last_line())
        place = [f"--after-cursor={cursor}"] if cursor else ["--lines=all"]
        words = [self._command, "--output=json", "--all", "--follow", *self._where, *place]
        said = False
        with subprocess.Popen(  # noqa: S603 - the command is a setting of ours, its words are fixed
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as self._process:
            out = self._process.stdout
            assert out is not None
            half = b""
            while data := os.read(out.fileno(), CHUNK_BYTES):
                self.trouble = ""
                whole, half = _parted(half + data)
                if whole:
                    said = True
                    self.spool.write(whole)
            errors = self._process.stderr
            told = errors.read(2000).decode("utf-8", "replace").strip() if errors else ""
            if not self._stop.is_set():
                self.trouble = told.splitlines()[-1] if told else "the journal's reader has ended"
        return said


def _parted(data: bytes) -> tuple[bytes, bytes]:
    """Return the lines that are whole, and the half line after them while it is not too long."""
    whole, feed, half = data.rpartition(b"\n")
    return (whole + feed + half, b"") if len(half) > LONGEST_HALF else (whole + feed, half)


def _cursor_of(line: bytes) -> str:
    try:
        entry = json.loads(line)
    except ValueError:
        return ""
    found = entry.get("__CURSOR", "") if isinstance(entry, dict) else ""
    return found if isinstance(found, str) else ""
