"""The partitions of a rule set, found by the log sources of an event."""

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from socconsole.core.event import LogSource
from socconsole.sigma.definition import Definition
from socconsole.sigma.partition import Partition, Shared
from socconsole.sigma.routing import Routes
from socconsole.sigma.rules import RuleSet
from socconsole.sigma.searches import Searches

_MAX_ROUTES = 4096

_MANY_RULES = 25
"""Rules from which a partition takes longer than an event may; the tables of fewer are made when
the first event of their log sources comes."""

Sources = tuple[LogSource, ...]


class Partitions:
    """Finds the partition for an event; two ways to the same rules are one partition."""

    def __init__(self, ruleset: RuleSet, expected: Iterable[Sources] = ()) -> None:
        """Make at once the partitions of `expected` log sources that many rules look at."""
        self._rules_by_source = Routes(ruleset.definitions)
        self.shared = Shared(Searches(ruleset.cache))
        self._by_sources: dict[Sources, Partition] = {}
        self._by_rules: dict[tuple[str, ...], Partition] = {}
        """The same rules are one partition, whatever the log sources that lead to them."""
        self.known: dict[int, tuple[Sources, Partition]] = {}
        """Identity of a tuple of log sources, kept alive here → its partition: parsers hand out
        the same tuples, and hashing one costs as much as matching."""
        with _unswept():
            for sources in expected:
                if len(self.rules_for(sources)) >= _MANY_RULES:
                    self._made(sources).prepare()

    def of(self, sources: Sources) -> Partition:
        """Return the partition for events of these log sources, made if there is none yet."""
        found = self._by_sources.get(sources) or self._made(sources)
        if len(self.known) < _MAX_ROUTES:
            self.known[id(sources)] = (sources, found)
        return found

    def rules_for(self, sources: Sources) -> tuple[Definition, ...]:
        """Return the rules that look at events of these log sources."""
        return self._rules_by_source.of(sources)

    def forget_values(self) -> None:
        """Forget which values were decided how; the rules stay ready."""
        for partition in self._by_rules.values():
            partition.forget()
        self.shared.forget_verdicts()
        self.shared.ledger.bytes = 0

    def _made(self, sources: Sources) -> Partition:
        definitions = self.rules_for(sources)
        ids = tuple(definition.rule.id for definition in definitions)
        found = self._by_rules.get(ids)
        if found is None:
            found = self._by_rules[ids] = Partition(definitions, self.shared)
        if len(self._by_sources) >= _MAX_ROUTES:
            self._by_sources.clear()
        self._by_sources[sources] = found
        return found


@contextmanager
def _unswept() -> Iterator[None]:
    """Keep the garbage collector off: all that is made stays, and sweeping takes as long again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
