"""What is written down while an incident runs: timeline, indicators, decisions, messages."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from socconsole.core.observable import Observable as Value
from socconsole.core.observable import observables_in
from socconsole.core.tlp import Tlp
from socconsole.errors import NotFoundError, TransitionError, UsageError
from socconsole.services import observables, response_plan
from socconsole.services.incidents import get
from socconsole.store.recording import recording
from socconsole.store.tables import (
    Communication,
    Incident,
    Observable,
    ObservableLink,
    TimelineEntry,
)

HAND_KINDS = ("event", "decision", "action", "other")
"""Kinds of timeline entries a person writes; the others come from rows of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """A line of the timeline."""

    at: datetime
    """When it happened, whenever it is written down."""
    text: str
    kind: str = "event"


def add_timeline_entry(
    session: Session, incident_id: int, happening: Happening, *, by: str, now: datetime
) -> int:
    """Write down what happened; decisions are entries of their own kind. Returns its id."""
    if happening.kind not in HAND_KINDS:
        raise UsageError(
            f"There is no kind {happening.kind!r}.", hint=f"Use one of {', '.join(HAND_KINDS)}."
        )
    if not happening.text.strip():
        raise UsageError("The entry is empty.")
    get(session, incident_id)
    summary = f"wrote into the timeline: {happening.text.strip()[:80]}"
    with recording(session, verb="incident.timeline", by=by, now=now, summary=summary) as action:
        action.about = ("incident", incident_id)
        entry = TimelineEntry(
            incident_id=incident_id,
            at=happening.at,
            kind=happening.kind,
            text=happening.text.strip(),
            recorded_at=now,
            recorded_by=by,
        )
        session.add(entry)
        observables.link_text(session, "incident", incident_id, happening.text, by=by, now=now)
        session.flush()
    return entry.id or 0


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownBad:
    """A value somebody confirms to be bad."""

    text: str
    """The value, defanged or not."""
    origin: str = ""
    confidence: int | None = None
    tlp: Tlp | None = None
    expires_at: datetime | None = None


def add_indicator(
    session: Session, incident_id: int, known: KnownBad, *, by: str, now: datetime
) -> tuple[Value, ...]:
    """Confirm the values in a text as indicators of the incident; return them."""
    values = observables_in(known.text)
    if not values:
        raise UsageError(
            f"{known.text!r} holds no address, domain, hash or the like.",
            hint="Write user=NAME or host=NAME for names.",
        )
    incident = get(session, incident_id)
    names = ", ".join(value.value for value in values)
    with recording(session, verb="incident.indicator", by=by, now=now, summary="") as action:
        about = action.about = ("incident", incident_id)
        observables.link(session, about, values, found_in="indicator", by=by, now=now)
        session.flush()
        linked = _linked(session, incident_id, values)
        if any(row.ignored for row, _ in linked) or len(linked) < len(set(values)):
            raise UsageError(
                f"{names} is on the ignore list, in part at least.",
                hint="`notes ignored` shows it; follow the value again first.",
            )
        for row, link in linked:
            row.indicator = True
            row.origin = known.origin or row.origin or incident.human_id
            row.confidence = known.confidence if known.confidence is not None else row.confidence
            row.tlp = known.tlp.value if known.tlp else row.tlp
            row.expires_at = known.expires_at or row.expires_at
            link.confirmed_at, link.confirmed_by = now, by
            session.add(row)
            session.add(link)
        action.summary = f"marked {names} as known bad in {incident.human_id}"
    return values


def _linked(
    session: Session, incident_id: int, values: tuple[Value, ...]
) -> list[tuple[Observable, ObservableLink]]:
    wanted = {(value.kind.value, value.value) for value in values}
    query = (
        select(Observable, ObservableLink)
        .join(ObservableLink, col(ObservableLink.observable_id) == col(Observable.id))
        .where(
            col(ObservableLink.subject_kind) == "incident",
            col(ObservableLink.subject_id) == incident_id,
            col(Observable.value).in_([value for _, value in wanted]),
        )
    )
    return [(row, link) for row, link in session.exec(query) if (row.type, row.value) in wanted]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What was told to whom."""

    audience: str
    body: str
    channel: str = ""
    tlp: Tlp | None = None
    next_update_in: timedelta | None = None
    """None: after the cadence of the incident, where it has one and is open."""


def communicate(
    session: Session, incident_id: int, message: Message, *, by: str, now: datetime
) -> datetime | None:
    """Log a message that was given; returns when the next update is due.

    Where the plan says that they must be told, that task is done with it.
    """
    if not message.audience.strip() or not message.body.strip():
        raise UsageError("A message has an audience and a text.")
    if message.next_update_in is not None and message.next_update_in <= timedelta():
        raise UsageError("The next update is due in the past.", hint="Name a time to come.")
    incident = get(session, incident_id)
    summary = f"told {message.audience} about {incident.human_id}"
    with recording(session, verb="incident.communicate", by=by, now=now, summary=summary) as action:
        action.about = ("incident", incident_id)
        wait = message.next_update_in
        if wait is not None:
            _require_open(incident)
        elif incident.update_every and incident.phase != "closed":
            wait = timedelta(minutes=incident.update_every)
        due = now + wait if wait else None
        session.add(
            Communication(
                incident_id=incident_id,
                at=now,
                by=by,
                audience=message.audience.strip(),
                channel=message.channel,
                body=message.body.strip(),
                tlp=message.tlp.value if message.tlp else None,
                next_update_due_at=due,
            )
        )
        response_plan.is_told(session, incident_id, message.audience, by=by, now=now)
        incident.next_update_due_at = due
        incident.first_response_at = incident.first_response_at or now
        incident.updated_at = now
        session.add(incident)
    return due


def set_cadence(
    session: Session, incident_id: int, minutes: int | None, *, by: str, now: datetime
) -> None:
    """Say how often those who must be told are told; None stops the clock."""
    if minutes is not None and minutes < 1:
        raise UsageError(f"Nobody is told every {minutes} minutes.", hint="Name at least one.")
    with recording(session, verb="incident.cadence", by=by, now=now, summary="") as action:
        action.about = ("incident", incident_id)
        incident = get(session, incident_id)
        if minutes is not None:
            _require_open(incident)
        incident.update_every = minutes
        incident.next_update_due_at = now + timedelta(minutes=minutes) if minutes else None
        session.add(incident)
        every = f"every {minutes} minutes" if minutes else "never"
        action.summary = f"set the updates on {incident.human_id} to {every}"


def _require_open(incident: Incident) -> None:
    if incident.phase == "closed":
        raise TransitionError(
            f"{incident.human_id} is closed: nobody waits for an update.",
            hint="Move it back to a phase first.",
        )


def remove_timeline_entry(session: Session, entry_id: int, *, by: str, now: datetime) -> None:
    """Take an entry out of the timeline; the audit keeps it."""
    entry = session.get(TimelineEntry, entry_id)
    if entry is None:
        raise NotFoundError(f"There is no timeline entry {entry_id}.")
    summary = f"took out of the timeline: {entry.text}"
    with recording(
        session, verb="incident.timeline_remove", by=by, now=now, summary=summary
    ) as action:
        action.about = ("incident", entry.incident_id)
        session.delete(entry)
