"""What a benchmark prints in the end, and what a host took from its processors meanwhile."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple


def print_figures(figures: Mapping[str, object], *, as_json: bool) -> None:
    """Print each figure by its name, as one JSON object or as a line."""
    if as_json:
        print(json.dumps(figures))
        return
    width = max(map(len, figures), default=0)
    for name, value in figures.items():
        print(f"{name:{width}} {value}")


class Stolen:
    """What of the processors' time went to other guests of the same host; Linux tells."""

    def __init__(self) -> None:
        self._before = _processors()

    def share(self) -> float:
        """Return the share since the last call."""
        before, self._before = self._before, _processors()
        spent = sum(self._before) - sum(before)
        return (self._before[7] - before[7]) / spent if spent else 0.0


def _processors() -> list[int]:
    try:
        return [int(word) for word in Path("/proc/stat").read_text().split()[1:9]]
    except OSError:  # another system
        return [0] * 8


class Span(NamedTuple):
    """A stretch of `time.monotonic()`."""

    start: float
    end: float

    @property
    def secs(self) -> float:
        """How long it took."""
        return self.end - self.start


class Calm:
    """Which parts of a run a host left alone."""

    EVERY = 0.25
    _MOST = 0.01

    def __init__(self) -> None:
        self.stolen: list[Span] = []

    def watch(self, seconds: float) -> float:
        """Look on for so long; return the share that was stolen in all."""
        whole, part = Stolen(), Stolen()
        before = time.monotonic()
        end = before + seconds
        while before < end:
            time.sleep(min(self.EVERY, end - before))
            now = time.monotonic()
            if part.share() > self._MOST:
                self.stolen.append(Span(before, now))
            before = now
        return whole.share()

    def among(self, spans: list[Span]) -> list[Span]:
        """Return those of which no part lies where time was stolen."""
        return [
            span
            for span in spans
            if not any(span.start < each.end and each.start < span.end for each in self.stolen)
        ]
