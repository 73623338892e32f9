"""What the business has: hosts, accounts, devices and services, their owners and criticality."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlmodel import Session

from socconsole.store.tables import METADATA

_WEIGHT = {"low": 0, "medium": 1, "high": 2, "critical": 3}


@dataclass(frozen=True, slots=True)
class AssetFact:
    """What ranking has to know of an asset."""

    id: int
    name: str
    criticality: str


@dataclass(frozen=True, slots=True)
class AssetIndex:
    """Assets by everything they are called."""

    names: Mapping[str, AssetFact] = field(default_factory=dict)

    def most_critical(self, entities: Mapping[str, object]) -> AssetFact | None:
        """Return the most critical asset among the entities of an alert, or None."""
        found: list[AssetFact] = []
        for value in entities.values():
            for name in value if isinstance(value, list) else [value]:
                fact = self.names.get(str(name).lower())
                if fact is not None:
                    found.append(fact)
        return max(found, key=lambda fact: _WEIGHT[fact.criticality], default=None)


def load_assets(session: Session) -> AssetIndex:
    """Return every asset by its name, aliases and addresses."""
    table = METADATA.tables["asset"]
    names: dict[str, AssetFact] = {}
    for row in session.connection().execute(select(table)):
        fact = AssetFact(row.id, row.name, row.criticality)
        for called in (row.name, *row.aliases, *row.addresses):
            names[called.lower()] = fact
    return AssetIndex(names)
