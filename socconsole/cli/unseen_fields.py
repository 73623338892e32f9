"""Fields that rules ask for and no event has: a rule that can never match says nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from socconsole.core.event import Event, LogSource

if TYPE_CHECKING:
    from socconsole.sigma.definition import Definition
    from socconsole.sigma.rules import RuleSet


@dataclass(frozen=True, slots=True)
class UnseenField:
    """A field that rules for events of a file ask for, and none of those events has."""

    field: str
    rules: tuple[str, ...]
    """`file:line` of the rules."""


def unseen_fields(ruleset: "RuleSet", events: Iterable[Event]) -> tuple[UnseenField, ...]:
    """Return the fields of the rules for these events that no event has, most used first."""
    from socconsole.sigma.fields import has_field
    from socconsole.sigma.routing import Routes

    routes = Routes(ruleset.definitions)
    wanted: dict[tuple[LogSource, ...], dict[str, set[str]]] = {}
    seen: dict[tuple[LogSource, ...], set[str]] = {}
    for event in events:
        sources = event.logsources
        if sources not in wanted:
            wanted[sources] = _fields(routes.of(sources))
            seen[sources] = set()
        left = wanted[sources].keys() - seen[sources]
        seen[sources] |= {field for field in left if has_field(event, field)}
    everywhere = set().union(*seen.values()) if seen else set()
    asking: dict[str, set[str]] = {}
    for fields in wanted.values():
        for field in fields.keys() - everywhere:
            asking.setdefault(field, set()).update(fields[field])
    found = [UnseenField(field, tuple(sorted(places))) for field, places in asking.items()]
    return tuple(sorted(found, key=lambda one: (-len(one.rules), one.field)))


def _fields(definitions: "Iterable[Definition]") -> dict[str, set[str]]:
    from socconsole.sigma.tree import items_of

    fields: dict[str, set[str]] = {}
    for definition in definitions:
        if definition.tree is not None:
            for item in items_of(definition.tree):
                if item.field is not None and item.test not in {"null", "exists"}:
                    fields.setdefault(item.field, set()).add(definition.rule.path)
    return fields
