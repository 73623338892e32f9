"""Where a value occurs: in alerts, whether or not anybody worked them, in tickets and incidents."""

from sqlalchemy import or_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col

from socconsole.core.observable import observables_in
from socconsole.store.queries.subjects import name_of
from socconsole.store.tables import Alert, Incident, Observable, ObservableLink, Ticket

MOST = 500


def occurrences(session: Session, text: str) -> tuple[str, ...]:
    """Return references to everything the value occurs in, newest first, cases before alerts."""
    values = {text.strip(), *(found.value for found in observables_in(text))}
    linked = (
        select_columns(col(ObservableLink.subject_kind), col(ObservableLink.subject_id))
        .join(Observable, col(Observable.id) == col(ObservableLink.observable_id))
        .where(col(Observable.value).in_(values), ~col(Observable.ignored))
        .order_by(col(ObservableLink.id).desc())
        .limit(MOST)
    )
    cases: list[str] = []
    alerts: dict[int, None] = {}
    for kind, subject_id in session.execute(linked):
        if kind == "alert":
            alerts[subject_id] = None
        elif not _voided(session, kind, subject_id):
            cases.append(name_of(session, kind, subject_id))
    about = select_columns(col(Alert.id)).where(
        or_(
            col(Alert.host).in_(values),
            col(Alert.username).in_(values),
            col(Alert.source_ip).in_(values),
            col(Alert.destination_ip).in_(values),
        )
    )
    newest = about.order_by(col(Alert.created_at).desc()).limit(MOST)
    alerts.update(dict.fromkeys(session.execute(newest).scalars()))
    return (*cases, *(f"alert:{number}" for number in sorted(alerts, reverse=True)))


def _voided(session: Session, kind: str, subject_id: int) -> bool:
    row = session.get(Ticket, subject_id) if kind == "ticket" else session.get(Incident, subject_id)
    return row is None or row.voided_at is not None
