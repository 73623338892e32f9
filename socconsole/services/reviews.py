"""The review after an incident: blameless, pre-filled, with actions that become tickets."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlmodel import Session

from socconsole.core.policy import SHIPPED, Settings
from socconsole.errors import UsageError
from socconsole.services import tickets
from socconsole.services.case_edit import Conflict, Edited
from socconsole.services.incidents import get
from socconsole.services.tickets import Report
from socconsole.store.queries import subjects
from socconsole.store.queries.incident_file import IncidentFile, clock_lines, incident_file
from socconsole.store.queries.tickets import TicketRow
from socconsole.store.recording import recording
from socconsole.store.tables import Incident, TicketLink

QUESTIONS: Mapping[str, str] = MappingProxyType(
    {
        "what_happened": "What happened, in the order it happened",
        "impact": "What it did, in numbers",
        "detection": "How we found out, and what would have shown it earlier",
        "contributing_factors": "What made it possible or worse; conditions, not people",
        "went_well": "What went well",
        "went_badly": "What did not",
        "luck": "Where we were lucky",
        "root_cause": "Root cause, in a person's words",
        "lessons": "What the next analyst should know when the rule fires again",
        "action_items": "What we change, each with an owner",
    }
)
"""Section → what it asks. The order is that of the template."""

_LISTS = frozenset({"lessons", "action_items"})


def draft(session: Session, incident_id: int, now: datetime) -> dict[str, Any]:
    """Return the review with what the record knows already; what people wrote comes first."""
    file = incident_file(session, incident_id)
    known = _known(file, now)
    said = {**file.detail.review, "root_cause": file.detail.root_cause}
    return {name: said.get(name) or known.get(name, "") for name in QUESTIONS}


def section(session: Session, incident_id: int, name: str, now: datetime) -> tuple[str, str]:
    """Return what people wrote in a section, and what an editor of it begins with."""
    return _written(get(session, incident_id), name), str(draft(session, incident_id, now)[name])


def root_cause_candidate(file: IncidentFile) -> str:
    """Return the earliest evidence of the incident: a place to start looking, no more."""
    first = next((row for row in file.timeline if row.kind in {"alert", "event", "evidence"}), None)
    return "" if first is None else f"earliest evidence, {first.at:%Y-%m-%d %H:%MZ}: {first.text}"


def _known(file: IncidentFile, now: datetime) -> dict[str, Any]:
    row = file.detail.row
    shown = [each for each in file.timeline if each.kind not in {"note", "finding"}]
    happened = [f"{each.at:%Y-%m-%d %H:%MZ} {each.kind}: {each.text}" for each in shown]
    found = "1 alert" if len(file.alerts) == 1 else f"{len(file.alerts)} alerts"
    impact = [f"{name} {value}" for name, value in file.detail.impact.items()]
    return {
        "what_happened": "\n".join(happened),
        "impact": "\n".join((", ".join(impact), *clock_lines(file, now))),
        "detection": f"{found}; declared by {row.declared_by}",
        "root_cause": file.detail.root_cause,
        "lessons": [],
        "action_items": [],
    }


def write(
    session: Session,
    incident_id: int,
    answers: Mapping[str, str],
    base: Mapping[str, str] | None = None,
    *,
    by: str,
    now: datetime,
) -> Edited:
    """Write sections of the review; the root cause becomes the incident's.

    Args:
        session: The unit of work.
        incident_id: The incident.
        answers: Section → what it says.
        base: Section → what the editor saw written; one that says something else by now is left
            as it is and returned as a conflict. Without it the sections are overwritten.
        by: Who.
        now: When.

    Raises:
        UsageError: There is no such section to write.

    """
    _require_sections(answers)
    session.get(Incident, incident_id, with_for_update=True)
    incident = get(session, incident_id)
    applied: list[str] = []
    conflicts: list[Conflict] = []
    with recording(session, verb="incident.review", by=by, now=now) as action:
        action.about = ("incident", incident_id)
        for name, mine in answers.items():
            theirs = _written(incident, name)
            if theirs == mine:
                continue
            if base and name in base and theirs != base[name]:
                conflicts.append(Conflict(name, base[name], mine, theirs))
                continue
            incident.review = {**incident.review, name: mine}
            if name == "root_cause":
                incident.root_cause = mine
            incident.updated_at = now
            applied.append(name)
        session.add(incident)
        named = ", ".join(applied).replace("_", " ")
        action.summary = f"wrote {named} of the review of {incident.human_id}"
    return Edited(tuple(applied), tuple(conflicts))


def _require_sections(names: Iterable[str]) -> None:
    for name in names:
        if name not in QUESTIONS or name in _LISTS:
            raise UsageError(
                f"The review has no section {name!r} to write.",
                hint=f"Write {', '.join(q for q in QUESTIONS if q not in _LISTS)}.",
            )


def _written(incident: Incident, name: str) -> str:
    """Return what people wrote in a section; the root cause may be written elsewhere too."""
    return incident.root_cause if name == "root_cause" else str(incident.review.get(name, ""))


def add_lesson(
    session: Session, incident_id: int, text: str, *, by: str, now: datetime
) -> dict[str, Any]:
    """Add a lesson: it is shown when a rule of this incident fires again."""
    with recording(
        session, verb="incident.lesson", by=by, now=now, summary=f"kept a lesson: {text}"
    ) as action:
        incident = get(session, incident_id)
        action.about = ("incident", incident_id)
        _append(incident, "lessons", text)
        session.add(incident)
    return incident.review


def add_action(
    session: Session,
    incident_id: int,
    report: Report,
    *,
    by: str,
    now: datetime,
    policy: Settings = SHIPPED,
) -> TicketRow:
    """Open a ticket for something we change, linked to the incident's first ticket."""
    with recording(session, verb="incident.action_item", by=by, now=now) as action:
        incident = get(session, incident_id)
        row = tickets.open_by_hand(session, report, by=by, now=now, policy=policy)
        _append(incident, "action_items", f"{row.human_id} {row.title}")
        session.add(incident)
        first = next(iter(incident_file(session, incident_id).detail.row.tickets), None)
        if first is not None:
            session.add(
                TicketLink(
                    ticket_id=subjects.ticket(session, first).id,
                    other_id=row.id,
                    kind="action_item",
                    reason=f"review of {incident.human_id}",
                    added_at=now,
                    added_by=by,
                )
            )
        action.about = ("incident", incident_id)
        action.summary = f"opened {row.human_id} from the review of {incident.human_id}"
    return row


def finish(session: Session, incident_id: int, *, by: str, now: datetime) -> None:
    """Say that the review is done; a root cause has to be written by a person."""
    with recording(session, verb="incident.reviewed", by=by, now=now) as action:
        incident = get(session, incident_id)
        if not incident.root_cause.strip():
            raise UsageError(
                "The review has no root cause.", hint="A person writes it; say so if it is unknown."
            )
        incident.reviewed_at, incident.reviewed_by = now, by
        session.add(incident)
        action.about = ("incident", incident_id)
        action.summary = f"reviewed {incident.human_id}"


def _append(incident: Incident, section: str, text: str) -> None:
    if not text.strip():
        raise UsageError("The line is empty.")
    kept = list(incident.review.get(section, []))
    incident.review = {**incident.review, section: [*kept, text.strip()]}
