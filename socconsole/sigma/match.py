"""Events → detections, by the rules of one set."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from socconsole.core.detection import Detection
from socconsole.core.event import Event
from socconsole.sigma.correlate import Correlator
from socconsole.sigma.definition import Definition
from socconsole.sigma.explain import Explanation
from socconsole.sigma.keywords import KeywordScan, tells_all
from socconsole.sigma.last_good import remarks_on
from socconsole.sigma.memory import Memory
from socconsole.sigma.partitions import Partitions, Sources
from socconsole.sigma.rules import RuleSet
from socconsole.sigma.window import Losses

_PORTION = 64
"""Events whose lines are searched for keywords together: few enough to stay near the processor."""

LATENESS_SECS = 60.0
"""How much later than its group's newest event an event may come and still count."""


class Matcher:
    """Matches events against a rule set and remembers what windows need."""

    def __init__(
        self,
        ruleset: RuleSet,
        *,
        lateness_secs: float = LATENESS_SECS,
        ahead_secs: float | None = None,
        expected: Sequence[Sources] = (),
    ) -> None:
        """Match by `ruleset`.

        Args:
            ruleset: The rules.
            lateness_secs: How much later than its group's newest event one may come and count.
            ahead_secs: How far ahead of now an event's time is believed, for windows; None: any.
            expected: Log sources of events that may come: for those that many rules look at
                everything is made ready at once, so that the first event does not wait.

        """
        self._lateness = timedelta(seconds=lateness_secs)
        self._ahead = None if ahead_secs is None else timedelta(seconds=ahead_secs)
        self._expected = tuple(expected)
        self._use(ruleset, self._partitions_of(ruleset))

    def adopt(self, ruleset: RuleSet, partitions: Partitions | None = None) -> None:
        """Match by other rules from now on; windows of rules that did not change go on.

        `partitions` are those of the rules where they are ready.
        """
        memory = self.memory()
        self._use(ruleset, partitions or self._partitions_of(ruleset))
        self.restore(memory)

    def _partitions_of(self, ruleset: RuleSet) -> Partitions:
        return Partitions(ruleset, self._expected)

    def _use(self, ruleset: RuleSet, partitions: Partitions) -> None:
        self.ruleset = ruleset
        self._partitions = partitions
        self._correlator = Correlator(
            ruleset.definitions,
            names=ruleset.names,
            quiet=ruleset.quiet,
            lateness=self._lateness.total_seconds(),
            ahead=self._ahead,
        )
        self._has_windows = any(d.window is not None for d in ruleset.definitions)

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
        for start in range(0, len(events), _PORTION):
            self._match_portion(events[start : start + _PORTION], read_at, found)
        if self._partitions.shared.ledger.full:
            self.forget_values()
        if self._has_windows:
            latest = max((e.time for e in events if e.time is not None), default=None)
            if latest is not None:
                found += self._correlator.advance(latest, read_at or datetime.now(UTC))
        return found

    def _match_portion(
        self, events: Sequence[Event], read_at: datetime | None, found: list[Detection]
    ) -> None:
        """Match a few events, whose lines are searched for keywords all at once."""
        routes = self._partitions.known
        alike: dict[KeywordScan | None, list[Event]] = {}
        last, ones = None, alike.setdefault(None, [])
        partitions = []
        for event in events:
            known = routes.get(id(event.logsources))
            partition = known[1] if known else self._partitions.of(event.logsources)
            partitions.append(partition)
            if partition.scan is not last:
                last = partition.scan
                ones = alike.setdefault(last, [])
            ones.append(event)
        doubtful: set[int] = set()
        for scan, ones in alike.items():
            doubtful.update(map(id, _doubtful(scan, ones)))
        for event, partition in zip(events, partitions, strict=True):
            no_keyword = not doubtful or id(event) not in doubtful
            for definition in partition.match(event, no_keyword=no_keyword):
                self._fire(definition, event, read_at, found)

    def tick(self, now: datetime) -> list[Detection]:
        """Return the windows whose time is up at `now`, though no event has come."""
        return self._correlator.advance(now, now) if self._has_windows else []

    def finish(self) -> list[Detection]:
        """Return the windows that are over and only waited for late events."""
        return self.tick(self._correlator.clock + self._lateness) if self._has_windows else []

    def memory(self) -> Memory:
        """Return what the windows remember, to be given to `restore`."""
        return self._correlator.memory()

    def take_changes(self) -> Memory:
        """Return what changed in the memory since the last call."""
        return self._correlator.take_changes()

    def restore(self, memory: Memory, *, is_stored: bool = False) -> None:
        """Take up what was remembered; what cannot be read or has changed starts afresh.

        Args:
            memory: The whole of it.
            is_stored: The next changes are to be added to it where it came from.

        """
        self._correlator.restore(memory, is_stored=is_stored)

    def forget_values(self) -> None:
        """Forget which values were decided how; the rules stay ready."""
        self._partitions.forget_values()

    @property
    def quarantined(self) -> dict[str, str]:
        """Return the id of each rule that is not asked about long values any more → why."""
        return self._partitions.shared.quarantine.rules

    def losses(self) -> dict[str, Losses]:
        """Return the id of each rule whose windows lost something, such as late events → what."""
        return self._correlator.losses()

    def remarks(self) -> dict[str, str]:
        """Return of each rule that lost something, is spared long values, or is old, what."""
        found = [(rule_id, f"lost: {losses}") for rule_id, losses in self.losses().items()]
        found += [(one, f"spared long values: {why}") for one, why in self.quarantined.items()]
        found += remarks_on(self.ruleset.files).items()
        remarks: dict[str, str] = {}
        for rule_id, text in found:
            remarks[rule_id] = f"{remarks[rule_id]}; {text}" if rule_id in remarks else text
        return remarks

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
            why = Explanation(definition.tree, event)
            found.append(Detection(definition.rule, time, event, why))
        if self._correlator.counts(definition):
            found += self._correlator.add(definition, event, read_at)


def _doubtful(scan: KeywordScan | None, events: list[Event]) -> list[Event]:
    """Return the events that may hold a keyword of `scan`; None: of no scan is known any."""
    searched = [event for event in events if tells_all(event)] if scan else []
    lines = [event.raw for event in searched]
    if scan is None or not scan.pays(lines):
        return events
    found = [searched[place] for place in scan.suspects(lines)]
    if len(searched) < len(events):
        found += [event for event in events if not tells_all(event)]
    return found
