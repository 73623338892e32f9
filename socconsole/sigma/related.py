"""Rules that say what they have to do with others: which they replace, what they were called."""

from collections.abc import Iterable, Mapping, Sequence

from socconsole.core.detection import Rule
from socconsole.sigma.definition import Definition

_STANDS_FOR = frozenset({"obsolete", "renamed", "merged"})
"""Relations of a rule to one that it stands for where that one is not loaded."""


def replaced(definitions: Sequence[Definition]) -> dict[str, Rule]:
    """Return the id of each rule that another one makes obsolete → that other one.

    Of rules that make each other obsolete, in a circle, all stay.
    """
    after = {
        each.rule.id: {other for kind, other in each.related if kind == "obsolete"}
        for each in definitions
        if each.kind != "filter"
    }
    found: dict[str, Rule] = {}
    for definition in definitions:
        for other in after.get(definition.rule.id, ()):
            if other in after and definition.rule.id not in _reached(other, after):
                found.setdefault(other, definition.rule)
    return found


def _reached(first: str, after: Mapping[str, set[str]]) -> set[str]:
    """Return the ids that `first` makes obsolete, directly or through others, and itself."""
    reached, waiting = {first}, [first]
    while waiting:
        fresh = after.get(waiting.pop(), set()) - reached
        reached |= fresh
        waiting += fresh
    return reached


def add_former_names(names: dict[str, str], definitions: Iterable[Definition]) -> None:
    """Let ids and names of rules that are gone mean the rule that stands for them.

    Args:
        names: Everything a loaded rule may be called by → its id; added to.
        definitions: All that was read; one that is left out still has a name others may use.

    """
    definitions = list(definitions)
    called = {each.rule.id: each.name for each in definitions}
    stands = {
        other: each.rule.id
        for each in definitions
        for kind, other in each.related
        if kind in _STANDS_FOR and each.kind != "filter"
    }
    for former in stands:
        newest, seen = former, set()
        while newest in stands and newest not in names and newest not in seen:
            seen.add(newest)
            newest = stands[newest]
        if newest in names and former != newest:
            for word in filter(None, (former, called.get(former))):
                names.setdefault(word, names[newest])
