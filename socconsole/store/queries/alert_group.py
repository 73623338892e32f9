"""The group an alert belongs to: alerts that share entities, without a long pause."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row as Found
from sqlalchemy import select
from sqlmodel import Session

from socconsole.core.campaign import Span, in_order, joined, runs
from socconsole.core.template import tactics_of
from socconsole.store.queries.queue import QueueRow, queue_rows
from socconsole.store.search import newest
from socconsole.store.tables import METADATA

_ALERT = METADATA.tables["alert"]

ENTITY_COLUMNS: Mapping[str, str] = {
    "host": "host",
    "user": "username",
    "source_ip": "source_ip",
}
AROUND = timedelta(hours=24)
"""A group reaches no further from the alert it is asked for."""
_LOOKED_AT = 500
_VALUES = 12
"""So many hosts, users and addresses are followed at most."""
_HUB = 100
"""What so many alerts are about, such as a proxy, connects nothing."""

Value = tuple[str, str]
"""The kind of an entity, and which one."""


@dataclass(frozen=True, slots=True)
class AlertGroup:
    """Alerts that hang together by what they are about."""

    alerts: tuple[QueueRow, ...]
    """Oldest first, the alert itself among them."""
    tactics: tuple[str, ...]
    """Of their rules, in the order of an attack."""
    busy: tuple[str, ...]
    """What was about too many alerts to connect any."""

    @property
    def first_seen(self) -> datetime:
        return min(row.first_seen for row in self.alerts)

    @property
    def last_seen(self) -> datetime:
        return max(row.last_seen for row in self.alerts)

    def values(self, kind: str) -> tuple[str, ...]:
        """Return the hosts, users or addresses the alerts are about."""
        found = (getattr(row, kind) for row in self.alerts)
        return tuple(dict.fromkeys(value for value in found if value))


def alert_group(
    session: Session, row: QueueRow, known: Mapping[str, Sequence[Found[Any]]]
) -> AlertGroup | None:
    """Return the group of an alert, None where it stands alone.

    Args:
        session: The snapshot to read.
        row: The alert.
        known: Entity kind → other alerts about its value of that kind, where they were read.

    """
    own = Span(row.id, row.first_seen, row.last_seen)
    spans, values = {row.id: own}, {row.id: _values_of(row)}
    linked: list[frozenset[int]] = []
    busy: list[str] = []
    members = {row.id}
    waiting, seen = deque(values[row.id]), set(values[row.id])
    followed = 0
    while waiting and followed < _VALUES:
        kind, value = waiting.popleft()
        followed += 1
        is_own = getattr(row, kind) == value
        rows = known[kind] if is_own and kind in known else about(session, kind, value)
        near = [each for each in rows if _is_near(each, row)]
        if len(near) > _HUB:
            busy.append(value)
            continue
        for each in near:
            spans[each.id] = Span(each.id, each.first_seen, each.last_seen)
            values[each.id] = _values_of(each)
        here = [spans[number] for number, those in values.items() if (kind, value) in those]
        linked += runs(here)
        members = joined(row.id, linked)
        found = {one for number in members for one in values[number]} - seen
        waiting += sorted(found)
        seen |= found
    if len(members) < 2:
        return None
    alerts = queue_rows(session, sorted(members, key=lambda each: (spans[each].first, each)))
    tactics = (tactic for each in alerts for tactic in tactics_of(each.tags))
    return AlertGroup(tuple(alerts), in_order(tactics), tuple(busy))


def about(session: Session, kind: str, value: str) -> list[Found[Any]]:
    """Return the newest alerts about one host, user or address."""
    query = select(
        _ALERT.c.id, _ALERT.c.created_at, _ALERT.c.rule_id, _ALERT.c.is_open,
        _ALERT.c.disposition, _ALERT.c.last_seen, _ALERT.c.first_seen,
        _ALERT.c.host, _ALERT.c.username.label("user"), _ALERT.c.source_ip,
    ).where(
        _ALERT.c.id.in_(newest(session, "alert", value, _LOOKED_AT)),
        _ALERT.c[ENTITY_COLUMNS[kind]] == value,
    )  # fmt: skip
    return list(session.connection().execute(query))


def _values_of(row: "QueueRow | Found[Any]") -> tuple[Value, ...]:
    pairs = ((kind, getattr(row, kind)) for kind in ENTITY_COLUMNS)
    return tuple((kind, value) for kind, value in pairs if value)


def _is_near(each: Found[Any], row: QueueRow) -> bool:
    begun: bool = each.first_seen <= row.last_seen + AROUND
    return begun and each.last_seen >= row.first_seen - AROUND
