"""Who is looking at what just now. No action, no audit: it is gone with the process."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select
from sqlmodel import Session

from socconsole.services import nodes
from socconsole.store.changes import announce
from socconsole.store.tables import Presence, table_of

FRESH = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody looks at something."""

    login: str
    subject_kind: str | None
    subject_id: int | None
    verb: str
    """`viewing` or `editing`."""
    screen: str
    since: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Look:
    """What an analyst looks at."""

    screen: str
    subject_kind: str | None = None
    subject_id: int | None = None
    verb: str = "viewing"


def look(session: Session, node_id: int, at: Look, *, by: str, now: datetime) -> None:
    """Say what this console shows; what it showed before is forgotten."""
    presence = table_of(Presence)
    connection = session.connection()
    known = connection.execute(
        select(presence.c.since, presence.c.subject_kind, presence.c.subject_id).where(
            presence.c.node_id == node_id
        )
    ).first()
    same = known is not None and (known[1], known[2]) == (at.subject_kind, at.subject_id)
    connection.execute(delete(presence).where(presence.c.node_id == node_id))
    connection.execute(
        insert(presence).values(
            node_id=node_id,
            login=by,
            screen=at.screen,
            subject_kind=at.subject_kind,
            subject_id=at.subject_id,
            verb=at.verb,
            since=known[0] if same and known is not None else now,
            seen_at=now,
        )
    )
    announce(connection)


def look_here(session: Session, at: Look, by: str, *, now: datetime) -> None:
    """Say what this process's console shows."""
    look(session, nodes.this_process(session, "console", by, now=now), at, by=by, now=now)


def others(
    session: Session, kind: str, subject_id: int, by: str, *, now: datetime
) -> tuple[str, ...]:
    """Return who else looks at a subject, the first to come first."""
    found = present(session, now=now, kind=kind, ids=[subject_id])
    return tuple(dict.fromkeys(each.login for each in found if each.login != by))


def present(
    session: Session,
    *,
    now: datetime,
    kind: str | None = None,
    ids: Sequence[int] | None = None,
    without_node: int | None = None,
) -> tuple[Present, ...]:
    """Return who looks at what, the first to come first.

    Args:
        session: The snapshot to read.
        now: Whoever has not been seen for a minute before it has gone.
        kind: Only what looks at this kind of subject.
        ids: Only these subjects.
        without_node: Leave this console out: one knows what one looks at.

    """
    presence = table_of(Presence)
    query = select(*(presence.c[name] for name in Present.__dataclass_fields__)).where(
        presence.c.seen_at > now - FRESH
    )
    if kind is not None:
        query = query.where(presence.c.subject_kind == kind)
    if ids is not None:
        query = query.where(presence.c.subject_id.in_(ids))
    if without_node is not None:
        query = query.where(presence.c.node_id != without_node)
    found = session.connection().execute(query.order_by(presence.c.since, presence.c.id))
    return tuple(Present(*row) for row in found)
