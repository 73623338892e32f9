"""Events → detections, by the rules of one set."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from socconsole.core.detection import Detection
from socconsole.core.event import Event, LogSource
from socconsole.sigma.correlate import Correlator
from socconsole.sigma.definition import Definition
from socconsole.sigma.evaluate import holds
from socconsole.sigma.explain import explain
from socconsole.sigma.routing import looks_at
from socconsole.sigma.rules import RuleSet
from socconsole.sigma.window import Losses

LATENESS_SECS = 60.0
"""How much later than its group's newest event an event may come and still count."""


class Matcher:
    """Matches events against a rule set and remembers what windows need."""

    def __init__(self, ruleset: RuleSet, *, lateness_secs: float = LATENESS_SECS) -> None:
        self.ruleset = ruleset
        self._lateness = timedelta(seconds=lateness_secs)
        self._correlator = Correlator(
            ruleset.definitions, quiet=ruleset.quiet, lateness=lateness_secs
        )
        self._has_windows = any(d.window is not None for d in ruleset.definitions)
        self._routes: dict[tuple[LogSource, ...], tuple[Definition, ...]] = {}

    def match(self, event: Event, *, read_at: datetime | None = None) -> list[Detection]:
        """Return what `event` makes fire: rules of its log sources, and windows it completes."""
        return self.match_all((event,), read_at=read_at)

    def match_all(
        self, events: Sequence[Event], *, read_at: datetime | None = None
    ) -> list[Detection]:
        """Return what `events` make fire, in their order, then the windows whose time is up.

        Args:
            events: In the order they were read.
            read_at: Stands in for the time of an event that has none; without it, now.

        """
        found: list[Detection] = []
        for event in events:
            for definition in self._route(event.logsources):
                if definition.tree is not None and holds(definition.tree, event):
                    self._fire(definition, event, read_at, found)
        if self._has_windows:
            latest = max((e.time for e in events if e.time is not None), default=None)
            if latest is not None:
                found += self._correlator.advance(latest)
        return found

    def tick(self, now: datetime) -> list[Detection]:
        """Return the windows whose time is up at `now`, though no event has come."""
        return self._correlator.advance(now) if self._has_windows else []

    def finish(self) -> list[Detection]:
        """Return the windows that are over and only waited for late events."""
        return self.tick(self._correlator.clock + self._lateness) if self._has_windows else []

    def state(self) -> bytes:
        """Return what the windows remember, to be given to `restore` after a restart."""
        return self._correlator.state() if self._has_windows else b""

    def restore(self, state: bytes) -> None:
        """Take up what `state` returned; what cannot be read or has changed starts afresh."""
        if state:
            self._correlator.restore(state)

    def losses(self) -> dict[str, Losses]:
        """Return the id of each rule whose windows lost something, such as late events → what."""
        return self._correlator.losses()

    def _fire(
        self,
        definition: Definition,
        event: Event,
        read_at: datetime | None,
        found: list[Detection],
    ) -> None:
        speaks = definition.window is None and definition.rule.id not in self.ruleset.quiet
        if speaks and definition.tree is not None:
            time = event.time or read_at or datetime.now(UTC)
            parts = explain(definition.tree, event)
            found.append(Detection(definition.rule, time, event, parts))
        if self._correlator.counts(definition):
            found += self._correlator.add(definition, event, read_at)

    def _route(self, sources: tuple[LogSource, ...]) -> tuple[Definition, ...]:
        found = self._routes.get(sources)
        if found is None:
            found = tuple(d for d in self.ruleset.definitions if looks_at(d, sources))
            self._routes[sources] = found
        return found
