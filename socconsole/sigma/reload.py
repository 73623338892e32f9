"""A matcher for live events: rules are read again when their files change, clocks may be wrong."""

import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from time import sleep

from socconsole.core.detection import Detection
from socconsole.core.event import Event
from socconsole.errors import RuleError
from socconsole.sigma.match import LATENESS_SECS, Matcher
from socconsole.sigma.partitions import Partitions, Sources
from socconsole.sigma.rule_files import rule_files
from socconsole.sigma.rules import RuleSet

LOOK_EVERY_SECS = 5.0

SETTLE_SECS = 0.5
"""How long files have to stay as they are: an editor, or a copy, may be half through."""

_LOOKS = 20
"""So often they may change again before they are read all the same."""

AHEAD_SECS = 300.0
"""How far ahead of now a live event's time is believed."""

Signature = tuple[tuple[str, int, int, int], ...]


class ReloadingMatcher(Matcher):
    """A matcher that looks at its rule files every few seconds and reads them again in a thread.

    The rules in use go on until the new ones are ready, so a slow read holds no event up.
    """

    def __init__(
        self,
        load: Callable[[RuleSet | None], RuleSet],
        paths: Sequence[Path],
        *,
        on_reload: Callable[[RuleSet], None],
        on_slow: Callable[[str], None],
        lateness_secs: float = LATENESS_SECS,
        expected: Sequence[Sources] = (),
    ) -> None:
        """Match by what `load` returns.

        Args:
            load: Reads the rules, given those in use; called in a thread when a file at `paths`
                has changed.
            paths: The files and folders `load` reads.
            on_reload: Told of new rules when they are taken up.
            on_slow: Told which rule takes too long, once a rule.
            lateness_secs: How late an event may come, see `Matcher`.
            expected: Log sources of events that may come, see `Matcher`.

        """
        self._on_slow = on_slow
        self._told_slow: set[str] = set()
        self._load = load
        self._paths = paths
        self._on_reload = on_reload
        self._signature = signature(paths)
        self._looked = time.monotonic()
        self._reading: threading.Thread | None = None
        self._ready: tuple[RuleSet, Partitions] | None = None
        super().__init__(
            load(None), lateness_secs=lateness_secs, ahead_secs=AHEAD_SECS, expected=expected
        )

    def match_all(
        self, events: Sequence[Event], *, read_at: datetime | None = None
    ) -> list[Detection]:
        """Return what `events` make fire; new rules are taken up first."""
        self._look()
        found = super().match_all(events, read_at=read_at)
        for rule_id in self.quarantined.keys() - self._told_slow:
            self._told_slow.add(rule_id)
            self._on_slow(self.quarantined[rule_id])
        return found

    def tick(self, now: datetime) -> list[Detection]:
        """Return the windows whose time is up at `now`; new rules are taken up first."""
        self._look()
        return super().tick(now)

    def _look(self) -> None:
        if self._reading is not None:
            if self._reading.is_alive():
                return
            self._reading = None
            if self._ready is not None:
                self.adopt(*self._ready)
                self._on_reload(self.ruleset)
                self._ready = None
        now = time.monotonic()
        if now - self._looked < LOOK_EVERY_SECS:
            return
        self._looked = now
        self._reading = threading.Thread(target=self._read, name="rules", daemon=True)
        self._reading.start()

    def _read(self) -> None:
        found = signature(self._paths)
        if found != self._signature:
            found = self._settled(found)
            self._signature = found
            ruleset = self._load(self.ruleset)
            self._ready = ruleset, self._partitions_of(ruleset)

    def _settled(self, found: Signature) -> Signature:
        """Return what the files are once nobody writes them any more."""
        for _ in range(_LOOKS):
            sleep(SETTLE_SECS)
            before, found = found, signature(self._paths)
            if found == before:
                break
        return found


def signature(paths: Sequence[Path]) -> Signature:
    """Return what changes when a rule file is added, removed or written."""
    found = []
    for path in paths:
        try:
            files = rule_files(path)
        except RuleError:
            continue
        for file in files:
            try:
                facts = file.stat()
            except OSError:
                continue
            found.append((str(file), facts.st_ino, facts.st_size, facts.st_mtime_ns))
    return tuple(found)
