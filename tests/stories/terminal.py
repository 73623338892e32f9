"""A program under a real pseudo-terminal: press keys, read every byte it draws."""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

_DRAWING = re.compile(rb"\x1b\[[0-9;?<>=]*[ -/]*[@-~]|\x1b[()][A-B0-2]|\x1b[=>78]")


class Terminal:
    """A terminal with `socconsole` in it."""

    def __init__(self, *arguments, environ=None, size=(120, 36)):
        ours, theirs = pty.openpty()
        columns, rows = size
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        environ = {**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **(environ or {})}
        for name in ("COLUMNS", "LINES", "SSH_CONNECTION", "NO_COLOR"):
            environ.pop(name, None)
        self._ours = ours
        self.process = subprocess.Popen(
            [sys.executable, "-m", "socconsole", *map(str, arguments)],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environ,
            start_new_session=True,
        )
        os.close(theirs)
        self.drawn = b""
        """Every byte so far."""

    def presses(self, keys):
        os.write(self._ours, keys.encode())

    def waits_for(self, text, seconds=60.0, since=0):
        """Read until `text` was drawn after the first `since` bytes."""
        end = time.monotonic() + seconds
        while text not in self.text(since):
            if not self._read(end - time.monotonic()):
                raise AssertionError(f"{text!r} never came:\n{self.text(since)[-3000:]}")

    def text(self, since=0):
        """Return what was drawn as text, without the sequences that place and colour it."""
        return _DRAWING.sub(b"", self.drawn[since:]).decode(errors="replace")

    def rests(self, seconds=0.5):
        """Read until nothing was drawn for a while."""
        while self._read(seconds):
            pass

    def ends(self, seconds=30.0):
        """Read until the program has ended and return its exit code; None when it has not."""
        end = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < end:
            self._read(0.1)
        return self.process.poll()

    def closes(self):
        """Send SIGTERM to a program that still runs, and take the terminal away."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        if self.ends(20.0) is None:
            self.process.kill()
            self.process.wait()
        os.close(self._ours)

    def _read(self, seconds):
        ready, _, _ = select.select([self._ours], [], [], max(0.0, seconds))
        if not ready:
            return False
        try:
            read = os.read(self._ours, 1 << 16)
        except OSError:  # Linux: the other side has closed
            return False
        self.drawn += read
        return bool(read)
