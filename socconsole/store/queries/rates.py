"""How many alerts come in, minute by minute."""

from datetime import datetime, timedelta

from sqlalchemy import BigInteger, func, select, type_coerce
from sqlmodel import Session

from socconsole.store.tables import Alert, table_of
from socconsole.store.types import to_micros

_MINUTE = timedelta(minutes=1)
_MINUTE_MICROS = 60_000_000


def alerts_by_minute(session: Session, now: datetime, minutes: int = 60) -> tuple[int, ...]:
    """Return how many alerts were raised in each of the last `minutes`, the present one last."""
    last = to_micros(now) // _MINUTE_MICROS
    created = table_of(Alert).c.created_at
    minute = type_coerce(created, BigInteger).op("/")(_MINUTE_MICROS)
    rows = session.connection().execute(
        select(minute, func.count())
        .where(created >= now - minutes * _MINUTE, created <= now + _MINUTE)
        .group_by(minute)
    )
    counts = {int(at): int(count) for at, count in rows}
    return tuple(counts.get(at, 0) for at in range(last - minutes + 1, last + 1))
