"""Which rules look at which events."""

from collections.abc import Iterable

from socconsole.core.event import LogSource
from socconsole.sigma.definition import Definition


def looks_at(definition: Definition, sources: Iterable[LogSource]) -> bool:
    """Return whether a rule's log source names only what the event's log sources have.

    The event's log sources answer together: one may give the category, another the service.
    Upper and lower case are equal.
    """
    products, categories, services = set(), set(), set()
    for source in sources:
        products.add((source.product or "").lower())
        categories.add((source.category or "").lower())
        services.add((source.service or "").lower())
    return (
        (definition.product is None or definition.product in products)
        and (definition.category is None or definition.category in categories)
        and (definition.service is None or definition.service in services)
    )
