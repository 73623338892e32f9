"""Keeps which observables occur where, and which nobody wants to follow."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice

from sqlmodel import Session, col, select

from socconsole.core.observable import (
    IgnoreList,
    ObservableKind,
    checked_entry,
    from_entities,
    observables_in,
)
from socconsole.core.observable import Observable as Value
from socconsole.errors import NotFoundError, UsageError
from socconsole.store.bulk import portions
from socconsole.store.recording import add_rows, recording
from socconsole.store.tables import Alert, Observable, ObservableLink, Setting, Ticket

About = tuple[str, int]
"""What something is linked to: its table and its id."""

MOST_PER_TEXT = 500
"""Observables taken from one text; a pasted log has no more worth following."""


def link_entities(
    session: Session, alert: Alert, ticket: Ticket, *, by: str, now: datetime
) -> None:
    """Link what an alert is about to the alert and to its ticket."""
    values = list(islice(from_entities(alert.entities), MOST_PER_TEXT))
    link(session, ("alert", alert.id or 0), values, found_in="entities", by=by, now=now)
    link(session, ("ticket", ticket.id or 0), values, found_in="alert", by=by, now=now)


def link_text(
    session: Session, kind: str, subject_id: int, text: str, *, by: str, now: datetime
) -> None:
    """Link the observables that stand in a text to what the text is about."""
    link_text_to_each(session, [(kind, subject_id)], text, by=by, now=now)


def link_text_to_each(
    session: Session, abouts: Sequence[About], text: str, *, by: str, now: datetime
) -> None:
    """Link the observables that stand in a text to everything the text is about."""
    values = observables_in(text)[:MOST_PER_TEXT]
    _link(session, abouts, values, found_in="text", by=by, now=now)


def link(
    session: Session,
    about: About,
    values: Iterable[Value],
    *,
    found_in: str,
    by: str,
    now: datetime,
) -> None:
    """Link values to `about`; ones that are ignored are left out."""
    _link(session, [about], values, found_in=found_in, by=by, now=now)


def _link(
    session: Session,
    abouts: Sequence[About],
    values: Iterable[Value],
    *,
    found_in: str,
    by: str,
    now: datetime,
) -> None:
    wanted = dict.fromkeys(values)
    if wanted:
        leave_out = IgnoreList([entry.value for entry in ignored(session)])
        wanted = {value: None for value in wanted if not leave_out.covers(value)}
    rows = _known(session, wanted, by=by, now=now)
    ids = [row.id or 0 for row in rows if not row.ignored]
    if not ids:
        return
    linked = _linked(session, abouts, ids)
    links = [
        ObservableLink(
            observable_id=number,
            subject_kind=kind,
            subject_id=subject_id,
            found_in=found_in,
            created_at=now,
        )
        for kind, subject_id in abouts
        for number in ids
        if (kind, subject_id, number) not in linked
    ]
    add_rows(session, links)


def _linked(
    session: Session, abouts: Sequence[About], ids: Sequence[int]
) -> set[tuple[str, int, int]]:
    """Return which of these observables are linked to which of `abouts`."""
    found: set[tuple[str, int, int]] = set()
    for wanted in {kind for kind, _ in abouts}:
        for chunk in portions(number for kind, number in abouts if kind == wanted):
            query = select(ObservableLink.subject_id, ObservableLink.observable_id).where(
                col(ObservableLink.subject_kind) == wanted,
                col(ObservableLink.subject_id).in_(chunk),
                col(ObservableLink.observable_id).in_(ids),
            )
            found.update((wanted, *row) for row in session.exec(query))
    return found


def _known(
    session: Session, values: Iterable[Value], *, by: str, now: datetime
) -> list[Observable]:
    """Return the rows of the values, made where they are missing."""
    rows: list[Observable] = []
    for value in values:
        query = select(Observable).where(
            col(Observable.type) == value.kind.value, col(Observable.value) == value.value
        )
        row = session.exec(query).first()
        if row is None:
            row = Observable(
                type=value.kind.value,
                value=value.value,
                first_seen=now,
                last_seen=now,
                created_at=now,
                created_by=by,
            )
            session.add(row)
        elif now > row.last_seen:
            row.last_seen = now
        rows.append(row)
    session.flush()
    return rows


def ignore(
    session: Session, observable_id: int, *, by: str, now: datetime, ignored: bool = True
) -> None:
    """Follow a value no longer, in every case; with `ignored=False` follow it again."""
    verb = "observable.ignore" if ignored else "observable.follow"
    with recording(session, verb=verb, by=by, now=now) as action:
        row = session.get(Observable, observable_id)
        if row is None:
            raise NotFoundError(f"There is no observable {observable_id}.")
        row.ignored = ignored
        action.summary = f"{'ignored' if ignored else 'followed'} {row.type} {row.value}"


_NAME = "observables.ignored"


@dataclass(frozen=True, slots=True)
class Ignored:
    """An entry of the ignore list."""

    value: str
    """A value, a network, `.ending`, a pattern with `*`; after `kind:` only for that kind."""
    reason: str
    by: str
    at: str


def ignored(session: Session) -> tuple[Ignored, ...]:
    """Return the ignore list in its order."""
    row = _setting(session)
    return tuple(Ignored(**each) for each in row.value.get("entries", ())) if row else ()


def ignore_all(session: Session, entry: str, reason: str, *, by: str, now: datetime) -> int:
    """Put an entry on the ignore list; returns how many known values it covers.

    Raises:
        UsageError: It would leave out everything, or is on the list.

    """
    if not reason.strip():
        raise UsageError("Ignoring values asks for a reason.")
    try:
        entry = checked_entry(entry)
    except ValueError as error:
        raise UsageError(f"{entry!r} cannot be ignored: {error}.") from None
    before = ignored(session)
    if entry in (each.value for each in before):
        raise UsageError(f"{entry!r} is ignored already.")
    with recording(session, verb="observable.ignore", by=by, now=now) as action:
        made = Ignored(entry, reason.strip(), by, now.isoformat())
        _keep(session, (*before, made), now)
        covered = _mark(session, IgnoreList([entry]), ignored=True)
        action.summary = f"ignored {entry}: {reason.strip()}"
    return covered


def follow_all(session: Session, entry: str, *, by: str, now: datetime) -> int:
    """Take an entry off the ignore list; what it alone covered is followed again."""
    before = ignored(session)
    left = tuple(each for each in before if each.value != entry.strip().lower())
    if len(left) == len(before):
        names = ", ".join(each.value for each in before) or "nothing"
        raise NotFoundError(f"{entry!r} is not on the ignore list.", hint=f"It holds {names}.")
    with recording(session, verb="observable.follow", by=by, now=now) as action:
        _keep(session, left, now)
        others = IgnoreList([each.value for each in left])
        freed = _mark(session, IgnoreList([entry]), ignored=False, but=others)
        action.summary = f"followed {entry} again"
    return freed


def _setting(session: Session) -> Setting | None:
    return session.exec(select(Setting).where(col(Setting.name) == _NAME)).first()


def _keep(session: Session, entries: Iterable[Ignored], now: datetime) -> None:
    row = _setting(session) or Setting(name=_NAME)
    row.value = {"entries": [asdict(each) for each in entries]}
    row.updated_at = now
    session.add(row)


def _mark(
    session: Session, covering: IgnoreList, *, ignored: bool, but: IgnoreList | None = None
) -> int:
    query = select(Observable).where(col(Observable.ignored) != ignored)
    marked = 0
    for row in session.exec(query).all():
        value = _value(row)
        if value is not None and covering.covers(value) and not (but and but.covers(value)):
            row.ignored = ignored
            session.add(row)
            marked += 1
    return marked


def _value(row: Observable) -> Value | None:
    return Value(ObservableKind(row.type), row.value) if row.type in list(ObservableKind) else None
