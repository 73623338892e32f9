"""Random text in every field, random keys on every screen: what reaches the terminal then."""

import random
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.hostile import MARK, PAYLOADS, painted_text
from tests.terminal import KEYS, Terminal, environment

_LEFT_OUT = {"ctrl+z", "ctrl+q", "ctrl+e", "escape"}
PRESSED = (
    *(name for name in KEYS if name not in _LEFT_OUT),
    *(chr(code) for code in range(0x21, 0x7F) if chr(code) not in "|:y"),
)
"""Keys a fuzzer may press: none that runs a command, an editor or leaves."""


def random_text(chance: random.Random) -> str:
    """Return up to sixty characters of the kinds that break terminals, markup and widths."""
    parts: list[str] = []
    for _ in range(chance.randint(1, 6)):
        kind = chance.randrange(5)
        if kind == 0:
            parts.append(chance.choice(list(PAYLOADS.values())))
        elif kind == 1:
            parts.append(chance.randbytes(chance.randint(1, 12)).decode("latin-1"))
        elif kind == 2:
            parts.append(chance.randbytes(chance.randint(1, 12)).decode(errors="replace"))
        elif kind == 3:
            points = (chance.randrange(0x110000) for _ in range(chance.randint(1, 6)))
            parts += [chr(point) for point in points if not 0xD800 <= point < 0xE000]
        else:
            parts.append("".join(chance.choices("[]/@=\\ #'\"ab\x1b;m]", k=chance.randint(1, 12))))
    return "".join(parts)[:60] or "x"


class Visitor:
    """Walks one console over a store full of hostile text."""

    def __init__(self, url: str, folder: Path, size: tuple[int, int]) -> None:
        there = ("/bin/sh", "-c", 'cd "$0" && exec "$@"', str(folder))
        self.terminal = Terminal(
            ["--db", url],
            environment(folder, EDITOR="true"),
            size=size,
            program=(*there, sys.executable, "-m", "socconsole"),
        )

    def visits(self, *steps: tuple[str, set[str]]) -> set[str]:
        """Go from the queue through `steps` and return the markers they painted.

        Args:
            steps: Keys, and the markers that have to be painted before the next step.

        """
        self.goes_home()
        painted: set[str] = set()
        for keys, wanted in steps:
            before = len(self.terminal.raw)
            self.terminal.press(*keys)
            self.terminal.read(until=lambda: wanted <= self.marks(before), secs=60)  # noqa: B023 used at once
            painted |= self.marks(before)
            assert wanted <= painted, (
                f"{keys!r} never painted {wanted - painted}:\n{self.terminal.screen}"
            )
        return painted

    def marks(self, since: int) -> set[str]:
        """Return the markers painted after so many bytes."""
        return set(MARK.findall(painted_text(bytes(self.terminal.raw[since:]))))

    def goes_home(self) -> None:
        """Give up what is asked, go back to the queue, take its filter off.

        Without Escape: together with what follows it would be another key.
        """
        self.terminal.press(*("ctrl+c", "q") * 3, "ctrl+c", "1", "\\")
        self.terminal.read(quiet=0.1, secs=10)

    def presses(self, keys: Sequence[str]) -> None:
        for pressed in keys:
            self.terminal.press(pressed)
            self.terminal.read(quiet=0.01, secs=0.2)

    def leaves(self) -> int:
        """Leave and return the exit code."""
        self.goes_home()
        self.terminal.press(*":q\r")
        return self.terminal.ends()
