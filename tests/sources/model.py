"""Plays random lists of what can happen to log files, and knows which lines must have come.

A line may be missing only when its bytes were destroyed before anybody could read them.
"""

import os
import random
import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from socconsole.sources.notes import NoteKind
from tests.sources.following import Reader
from tests.sources.killing import KilledReader

ACTIONS = {
    "write": 12,
    "partial": 4,
    "rename": 3,
    "late": 2,
    "copytruncate": 3,
    "truncate": 1,
    "delete": 1,
    "replace": 1,
    "look": 8,
    "wait": 3,
    "kill": 2,
    "stop": 1,
}
"""Action → how often it comes."""


@dataclass
class Outcome:
    """What a play came to."""

    steps: int
    lines: int
    lost: list[int]
    doubled: list[int]
    garbled: list[bytes]
    gaps_reported: int
    at_risk: int


@dataclass
class Play:
    """Files, a reader, and the numbers of the lines in them."""

    folder: Path
    chance: random.Random
    reader: Reader | KilledReader
    last: int = 0
    half: bytes = b""
    rotations: int = 0
    at_risk: set[int] = field(default_factory=set)
    old: Path | None = None

    def __post_init__(self):
        self.log = self.folder / "app.log"

    def act(self, name: str):
        getattr(self, f"do_{name}")()

    def _append(self, path: Path, data: bytes):
        with path.open("ab") as writer:
            writer.write(data)

    def _line(self) -> bytes:
        self.last += 1
        return b"%08d %s\n" % (self.last, b"x" * self.chance.randint(0, 200))

    def _finish_half(self) -> bytes:
        half, self.half = self.half, b""
        return half

    def do_write(self):
        many = self.chance.choice([1, 5, 50])
        self._append(self.log, self._finish_half() + b"".join(self._line() for _ in range(many)))

    def do_partial(self):
        if not self.half:
            line = self._line()
            cut = self.chance.randint(1, len(line) - 1)
            self._append(self.log, line[:cut])
            self.half = line[cut:]

    def _whole(self):
        """Writers finish their line before they rotate."""
        if self.half:
            self._append(self.log, self._finish_half())

    def do_rename(self):
        self._whole()
        if self.log.exists():
            self.rotations += 1
            self.old = self.folder / f"app.log.{self.rotations}"
            self.log.rename(self.old)
            self.do_write()

    def do_late(self):
        if self.old is not None and self.old.exists():
            self._append(self.old, self._line())

    def do_copytruncate(self):
        self._whole()
        if self.log.exists():
            self.rotations += 1
            shutil.copyfile(self.log, self.folder / f"app.log.{self.rotations}")
            os.truncate(self.log, 0)
            self.old = None

    def do_truncate(self):
        self._whole()
        if self.log.exists():
            self._risk(self.log)
            os.truncate(self.log, 0)

    def do_delete(self):
        self._whole()
        if self.log.exists():
            self._risk(self.log)
            self.log.unlink()
            self.do_write()

    def do_replace(self):
        """Write another file over it that has all of it and more."""
        self._whole()
        if self.log.exists() and self.reader.is_up:
            new = self.folder / "new"
            new.write_bytes(self.log.read_bytes() + self._line())
            new.replace(self.log)

    def do_look(self):
        if self.reader.is_up:
            self.reader.round()
            self.reader.now += 0.05

    def do_wait(self):
        if self.reader.is_up:
            self.reader.follow(1.5)

    def do_kill(self):
        if self.reader.is_up:
            self.reader.die_at_work(self.chance)

    def do_stop(self):
        if not self.reader.is_up:
            self.reader.start()
        else:
            self.reader.stop()

    def _risk(self, path: Path):
        """The lines of `path` that have not come yet may never come."""
        came = {int(text[:8]) for text in self.reader.texts if text[:8].isdigit()}
        there = {int(line[:8]) for line in path.read_bytes().split(b"\n") if line[:8].isdigit()}
        self.at_risk |= there - came

    def end(self, steps: int) -> Outcome:
        self._whole()
        if not self.reader.is_up:
            self.reader.start()
        self.reader.follow(20)
        self.reader.stop()
        # Of a line whose rest was destroyed, what was read comes, and is marked.
        texts = [one.data for one in self.reader.records if one.note != "unterminated"]
        garbled = [text for text in texts if not text[:8].isdigit() or text.count(b" ") != 1]
        seen = Counter(int(text[:8]) for text in texts if text[:8].isdigit())
        missing = [n for n in range(1, self.last + 1) if n not in seen]
        return Outcome(
            steps=steps,
            lines=self.last,
            lost=[n for n in missing if n not in self.at_risk],
            doubled=[n for n, count in seen.items() if count > 1],
            garbled=garbled,
            gaps_reported=len(self.reader.noted(NoteKind.GAP)),
            at_risk=len(self.at_risk & set(missing)),
        )


def play(
    folder: Path, actions: list[str], seed: int, reader: KilledReader | None = None
) -> Outcome:
    """Play `actions` in `folder` and return what came of it."""
    stage = Play(folder, random.Random(seed), reader or Reader(folder / "app.log*"))
    stage.do_write()
    for action in actions:
        stage.act(action)
    return stage.end(len(actions))


def random_actions(count: int, seed: int) -> list[str]:
    """Return `count` actions."""
    names, weights = list(ACTIONS), list(ACTIONS.values())
    return random.Random(seed).choices(names, weights, k=count)
