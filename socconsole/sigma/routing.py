"""Which rules look at which events."""

from collections.abc import Iterable, Sequence
from itertools import product
from operator import itemgetter

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
        products, categories, services = (
            {None, *((getattr(source, part) or "").lower() for source in sources)}
            for part in ("product", "category", "service")
        )  # None: a rule that demands nothing there
        found = [
            pair
            for triple in product(products, categories, services)
            for pair in self._by_triple.get(triple, ())
        ]
        return tuple(definition for _, definition in sorted(found, key=itemgetter(0)))


def looks_at(definition: Definition, sources: Sequence[LogSource]) -> bool:
    """Return whether a rule's log source names only what the event's log sources have.

    The event's log sources answer together: one may give the category, another the service.
    Upper and lower case are equal.
    """
    return bool(Routes([definition]).of(sources))
