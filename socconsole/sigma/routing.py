"""Which rules look at which events."""

from collections.abc import Iterable, Sequence

from socconsole.core.event import LogSource
from socconsole.sigma.definition import Definition

Triple = tuple[str | None, str | None, str | None]


class Routes:
    """The rules by log source."""

    def __init__(self, definitions: Iterable[Definition]) -> None:
        self._by_triple: dict[Triple, list[tuple[int, Definition]]] = {}
        for number, definition in enumerate(definitions):
            triple = (definition.product, definition.category, definition.service)
            self._by_triple.setdefault(triple, []).append((number, definition))

    def of(self, sources: Sequence[LogSource]) -> tuple[Definition, ...]:
        """Return the rules for events of these log sources, in the order of the rule set."""
        known = _names(sources)
        found = [
            pair
            for triple, pairs in self._by_triple.items()
            if all(name is None or name in names for name, names in zip(triple, known, strict=True))
            for pair in pairs
        ]
        return tuple(definition for _, definition in sorted(found, key=lambda pair: pair[0]))


def looks_at(definition: Definition, sources: Sequence[LogSource]) -> bool:
    """Return whether a rule's log source names only what the event's log sources have.

    The event's log sources answer together: one may give the category, another the service.
    Upper and lower case are equal.
    """
    return bool(Routes([definition]).of(sources))


def _names(sources: Sequence[LogSource]) -> tuple[set[str], set[str], set[str]]:
    return (
        {(source.product or "").lower() for source in sources},
        {(source.category or "").lower() for source in sources},
        {(source.service or "").lower() for source in sources},
    )
