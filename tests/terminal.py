"""A real terminal for the real program: a pty, an emulated screen, and what went over the wire."""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyte

ROOT = Path(__file__).parent.parent
KEYS = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "space": " ",
    "backspace": "\x7f",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "pagedown": "\x1b[6~",
    "pageup": "\x1b[5~",
    **{f"ctrl+{letter}": chr(ord(letter) - 96) for letter in "abcdefghijklmnopqrstuvwxyz"},
}


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Return an environment in which nothing of the user's own is read or written."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    return {
        **kept,
        "HOME": str(folder),
        "XDG_STATE_HOME": str(folder / "state"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "PYTHONPATH": str(ROOT),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        **more,
    }


class Terminal:
    """Runs `socconsole` with arguments and answers what terminals are asked."""

    def __init__(
        self,
        arguments: Sequence[str],
        env: Mapping[str, str],
        *,
        size: tuple[int, int] = (80, 24),
        program: Sequence[str] = (sys.executable, "-m", "socconsole"),
    ) -> None:
        self.columns, self.rows = size
        self.raw = bytearray()
        self.status: int | None = None
        self._screen = pyte.Screen(self.columns, self.rows)
        self._stream = pyte.ByteStream(self._screen)
        self._fed = 0
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe(program[0], [*program, *arguments], dict(env))
        self.resize(*size)

    def resize(self, columns: int, rows: int) -> None:
        """Make the terminal another size."""
        self.columns, self.rows = columns, rows
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._screen.resize(rows, columns)

    def press(self, *keys: str) -> None:
        """Press keys by name, or type characters, without waiting."""
        for key in keys:
            os.write(self.fd, KEYS.get(key, key).encode())

    def read(
        self,
        *,
        until: Callable[[], bool] | None = None,
        quiet: float | None = None,
        secs: float = 20.0,
    ) -> bytes:
        """Read what the program writes.

        Args:
            until: Stop as soon as this holds; asked whenever something was written.
            quiet: Stop after so many seconds without a byte.
            secs: Stop after so many seconds in any case.

        """
        start = last = time.perf_counter()
        got = bytearray()
        is_done = until is not None and until()
        while not is_done:
            now = time.perf_counter()
            left = secs - (now - start)
            if quiet is not None:
                left = min(left, quiet - (now - last))
            if left <= 0:
                break
            if not select.select([self.fd], [], [], left)[0]:
                continue
            try:
                data = os.read(self.fd, 65_536)
            except OSError:
                break
            if not data:
                break
            last = time.perf_counter()
            got += data
            self.raw += data
            self._answer(data)
            is_done = until is not None and until()
        return bytes(got)

    def _answer(self, data: bytes) -> None:
        if b"\x1b[?2026$p" in data:
            os.write(self.fd, b"\x1b[?2026;2$y")
        if b"\x1b[6n" in data:
            os.write(self.fd, b"\x1b[1;1R")

    @property
    def screen(self) -> str:
        """What a person sees."""
        self._stream.feed(bytes(self.raw[self._fed :]))
        self._fed = len(self.raw)
        rows = (
            self._screen.buffer[y] for y in range(self.rows)
        )  # `display` trips over half a wide one
        return "\n".join("".join(row[x].data for x in range(self.columns)).rstrip() for row in rows)

    def waits_for(self, text: str, *, secs: float = 60.0) -> None:
        """Read until `text` is on the screen."""
        self.read(until=lambda: text in self.screen, secs=secs)
        assert text in self.screen, f"{text!r} never came:\n{self.screen}"

    def rss_bytes(self) -> int:
        """Return the memory the program has in use."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) * 1024
        return 0

    def ends(self, *, secs: float = 30.0) -> int:
        """Wait until the program has ended and return its exit code, negative for a signal."""
        end = time.monotonic() + secs
        while self.status is None and time.monotonic() < end:
            self.read(secs=0.02)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        assert self.status is not None, f"it did not end:\n{self.screen}"
        return self.status

    def close(self) -> None:
        """End the program, by force where it must be."""
        if self.status is None:
            os.kill(self.pid, signal.SIGTERM)
            try:
                self.ends(secs=5.0)
            except AssertionError:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
        os.close(self.fd)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
