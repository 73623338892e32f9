"""The demo's scenario: lines with relative times, written into real files as their time comes."""

import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from socconsole.errors import FileError


@dataclass(frozen=True, slots=True)
class ScenarioLine:
    """One line of one log."""

    at: float
    """Seconds after the start; negative for what was in the file already."""
    file: str
    text: str
    """The line, with `<<…>>` where its time belongs."""


def load_scenario(folder: Path) -> tuple[ScenarioLine, ...]:
    """Return the lines of every log in `folder`, oldest first.

    Raises:
        FileError: There is no scenario in `folder`.

    """
    lines = [line for path in sorted(folder.iterdir()) for line in _lines(path)]
    if not lines:
        raise FileError("There is no scenario here.", where=str(folder))
    return tuple(sorted(lines, key=lambda line: line.at))


def _lines(path: Path) -> Iterator[ScenarioLine]:
    if path.suffix in (".md", ".toml"):
        return
    for row in path.read_text(encoding="utf-8").splitlines():
        at, _, text = row.lstrip().partition("  ")
        yield ScenarioLine(float(at), path.name, text)


def dated(text: str, moment: datetime) -> str:
    """Return `text` with the time `moment` in the notation each `<<…>>` names."""
    if "<<" not in text:
        return text
    millis = f"{moment.microsecond // 1000:03d}"
    notations = {
        "rfc3339": f"{moment:%Y-%m-%dT%H:%M:%S.%f}+00:00",
        "rfc3164": f"{moment:%b} {moment.day:2d} {moment:%H:%M:%S}",
        "clf": f"{moment:%d/%b/%Y:%H:%M:%S} +0000",
        "epoch_ms": f"{int(moment.timestamp())}.{millis}",
        "epoch_millis": f"{int(moment.timestamp())}{millis}",
        "iso_ms": f"{moment:%Y-%m-%dT%H:%M:%S}.{millis}Z",
        "win_utc": f"{moment:%Y-%m-%d %H:%M:%S}.{millis}",
        "eve": f"{moment:%Y-%m-%dT%H:%M:%S.%f}+0000",
    }
    for name, written in notations.items():
        text = text.replace(f"<<{name}>>", written)
    return text


def write_all(lines: Iterable[ScenarioLine], folder: Path, start: datetime) -> None:
    """Write the whole scenario at once, as if it had begun at `start`."""
    for line in lines:
        append(folder, line, start + timedelta(seconds=line.at))


def append(folder: Path, line: ScenarioLine, moment: datetime) -> None:
    """Write one line to the end of its file."""
    with (folder / line.file).open("a", encoding="utf-8") as log:
        log.write(f"{dated(line.text, moment)}\n")


QUIET_FROM = 145.0
"""Seconds after the start from which only ordinary traffic is left; it goes round for ever."""


class Player(threading.Thread):
    """Writes the scenario's lines into a folder as their time comes, until it is stopped."""

    def __init__(self, lines: tuple[ScenarioLine, ...], folder: Path, *, speed: float) -> None:
        super().__init__(name="scenario", daemon=True)
        self._lines = lines
        self._folder = folder
        self._speed = speed
        self._stopped = threading.Event()
        self.written = 0
        """Lines in the files so far."""

    def write_history(self) -> None:
        """Write, back-dated, what was in the logs before the start."""
        history = [line for line in self._lines if line.at < 0]
        write_all(history, self._folder, datetime.now(UTC))
        self.written += len(history)

    def run(self) -> None:
        """Play the scenario, then its quiet end again and again."""
        self._play(0.0)
        while not self._stopped.is_set():
            self._play(QUIET_FROM)

    def stop(self) -> None:
        """Write nothing more."""
        self._stopped.set()
        if self.is_alive():
            self.join()

    def _play(self, origin: float) -> None:
        """Write what comes after `origin` seconds of the scenario, at its pace."""
        begun = time.monotonic()
        for line in self._lines:
            if line.at < origin:
                continue
            wait = (line.at - origin) / self._speed - (time.monotonic() - begun)
            if self._stopped.wait(max(0.0, wait)):
                return
            append(self._folder, line, datetime.now(UTC))
            self.written += 1
