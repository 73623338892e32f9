"""Events → detections, by the rules of one set."""

from collections.abc import Sequence
from datetime import UTC, datetime

from socconsole.core.detection import Detection
from socconsole.core.event import Event, LogSource
from socconsole.sigma.definition import Definition
from socconsole.sigma.evaluate import holds
from socconsole.sigma.explain import explain
from socconsole.sigma.routing import looks_at
from socconsole.sigma.rules import RuleSet

_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)


class Matcher:
    """Matches events against a rule set and remembers what windows need."""

    def __init__(self, ruleset: RuleSet) -> None:
        self.ruleset = ruleset
        self._routes: dict[tuple[LogSource, ...], tuple[Definition, ...]] = {}

    def match(self, event: Event) -> list[Detection]:
        """Return what `event` makes fire: rules of its log sources, and windows it completes."""
        return self.match_all((event,))

    def match_all(self, events: Sequence[Event]) -> list[Detection]:
        """Return what `events` make fire, in their order."""
        found: list[Detection] = []
        for event in events:
            for definition in self._route(event.logsources):
                if definition.tree is not None and holds(definition.tree, event):
                    self._fire(definition, event, found)
        return found

    def finish(self) -> list[Detection]:
        """Return what still waits for later events, when none will come."""
        return []

    def state(self) -> bytes:
        """Return what the windows remember, to be given to `restore` after a restart."""
        return b""

    def restore(self, state: bytes) -> None:
        """Take up what `state` returned."""

    def _fire(self, definition: Definition, event: Event, found: list[Detection]) -> None:
        if definition.rule.id in self.ruleset.quiet or definition.tree is None:
            return
        found.append(
            Detection(
                rule=definition.rule,
                time=_time(event),
                event=event,
                parts=explain(definition.tree, event),
            )
        )

    def _route(self, sources: tuple[LogSource, ...]) -> tuple[Definition, ...]:
        found = self._routes.get(sources)
        if found is None:
            found = tuple(d for d in self.ruleset.definitions if looks_at(d, sources))
            self._routes[sources] = found
        return found


def _time(event: Event) -> datetime:
    if event.time is not None:
        return event.time
    return _NO_TIME
