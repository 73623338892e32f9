"""What rules ask for and no event has: a rule that can never match says nothing."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from socconsole.core.event import Event, LogSource

if TYPE_CHECKING:
    from socconsole.sigma.definition import Definition
    from socconsole.sigma.rules import RuleSet

_TOLD = 20
"""Log sources that are told to people; the public rules are for 138 of them."""


@dataclass(frozen=True, slots=True)
class UnseenField:
    """A field that rules for these events ask for, and none of the events has."""

    field: str
    rules: tuple[str, ...]
    """`file:line` of the rules."""


@dataclass(frozen=True, slots=True)
class UnseenLogsource:
    """What rules are for, and no event is."""

    product: str | None
    category: str | None
    service: str | None
    rules: int

    def __str__(self) -> str:
        return "/".join(part or "*" for part in (self.product, self.category, self.service))


@dataclass(frozen=True, slots=True)
class Unseen:
    """What no event has, most asked for first."""

    fields: tuple[UnseenField, ...] = ()
    logsources: tuple[UnseenLogsource, ...] = ()

    def lines(self) -> Iterator[str]:
        """Yield it in words."""
        for one in self.fields:
            yield f"never seen: {one.field}: asked for by {', '.join(one.rules[:5])}"
        for source in self.logsources[:_TOLD]:
            yield f"no event of {source} (rules for it: {source.rules})"
        if len(self.logsources) > _TOLD:
            yield f"no event of {len(self.logsources) - _TOLD} more log sources"


def unseen_of(ruleset: "RuleSet", events: Iterable[Event]) -> Unseen:
    """Return what rules ask for and none of the events has, or is."""
    from socconsole.sigma.fields import has_field
    from socconsole.sigma.routing import Routes

    routes = Routes(ruleset.definitions)
    counted = _counted(ruleset)
    asked: set[str] = set()
    wanted: dict[tuple[LogSource, ...], dict[str, set[str]]] = {}
    seen: dict[tuple[LogSource, ...], set[str]] = {}
    for event in events:
        sources = event.logsources
        if sources not in wanted:
            looking = routes.of(sources)
            asked |= {definition.rule.id for definition in looking}
            wanted[sources] = _fields(looking, counted)
            seen[sources] = set()
        left = wanted[sources].keys() - seen[sources]
        seen[sources] |= {field for field in left if has_field(event, field)}
    everywhere = set().union(*seen.values()) if seen else set()
    asking: dict[str, set[str]] = {}
    for fields in wanted.values():
        for field in fields.keys() - everywhere:
            asking.setdefault(field, set()).update(fields[field])
    found = [UnseenField(field, tuple(sorted(places))) for field, places in asking.items()]
    idle = [each for each in ruleset.definitions if each.tree and each.rule.id not in asked]
    return Unseen(
        tuple(sorted(found, key=lambda one: (-len(one.rules), one.field))), _logsources(idle)
    )


def _logsources(definitions: "Iterable[Definition]") -> tuple[UnseenLogsource, ...]:
    triples = Counter((each.product, each.category, each.service) for each in definitions)
    return tuple(UnseenLogsource(*triple, count) for triple, count in triples.most_common())


Fields = dict[str, set[str]]
"""Field → `file:line` of the rules that ask for it."""


def _counted(ruleset: "RuleSet") -> dict[str, Fields]:
    """Return rule id → the fields by which correlations group and count what it matches."""
    counted: dict[str, Fields] = {}
    for definition in ruleset.definitions:
        spec = definition.window
        if spec is None:
            continue
        named = [(name, ruleset.names[name]) for name in spec.rules]
        for name, rule_id in named or [("", definition.rule.id)]:
            for field in (*spec.group_by, *spec.fields):
                own = spec.aliases.get(field, {}).get(name, field)
                fields = counted.setdefault(rule_id, {})
                fields.setdefault(own, set()).add(definition.rule.path)
    return counted


def _fields(definitions: "Iterable[Definition]", counted: dict[str, Fields]) -> Fields:
    from socconsole.sigma.tree import items_of

    fields: Fields = {}
    for definition in definitions:
        if definition.tree is None:
            continue
        for item in items_of(definition.tree):
            if item.field is not None and item.test not in {"null", "exists"}:
                fields.setdefault(item.field, set()).add(definition.rule.path)
        for field, places in counted.get(definition.rule.id, {}).items():
            fields.setdefault(field, set()).update(places)
    return fields
