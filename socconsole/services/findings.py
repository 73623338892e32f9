"""Findings: checked what, saw what, and whether that rules out, supports or says nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session

from socconsole.errors import UsageError
from socconsole.services import observables
from socconsole.store.progress import begun
from socconsole.store.queries import notes as queries
from socconsole.store.queries.notes import FindingRow
from socconsole.store.queries.subjects import Subject
from socconsole.store.recording import add_rows, recording
from socconsole.store.tables import Finding


class Meaning(StrEnum):
    """What a check says about the hypothesis."""

    RULES_OUT = "rules_out"
    SUPPORTS = "supports"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What was checked, how, and what came of it."""

    checked: str
    result: str
    meaning: Meaning
    query: str = ""


def add_to_each(
    session: Session, abouts: Sequence[Subject], check: Check, *, by: str, now: datetime
) -> None:
    """Record the same check on several cases, as one action."""
    begun(session, len(abouts))
    summary = f"wrote a finding on {abouts[0].name} and {len(abouts) - 1} more"
    _add(session, abouts, check, summary, by=by, now=now)


def add(session: Session, about: Subject, check: Check, *, by: str, now: datetime) -> FindingRow:
    """Record a check and its result, the negative ones too."""
    (number,) = _add(session, [about], check, f"wrote a finding on {about.name}", by=by, now=now)
    made = queries.findings(session, about.kind, about.id)
    return next(finding for finding in made if finding.id == number)


def _add(
    session: Session,
    abouts: Sequence[Subject],
    check: Check,
    summary: str,
    *,
    by: str,
    now: datetime,
) -> list[int]:
    if not check.checked.strip() or not check.result.strip():
        raise UsageError("A finding says what was checked and what was seen.")
    rows = [
        Finding(
            subject_kind=about.kind,
            subject_id=about.id,
            checked=check.checked.strip(),
            query=check.query.strip(),
            result=check.result.strip(),
            meaning=check.meaning.value,
            created_at=now,
            created_by=by,
        )
        for about in abouts
    ]
    with recording(session, verb="finding.add", by=by, now=now, summary=summary) as action:
        action.about = (abouts[0].kind, abouts[0].id)
        add_rows(session, rows)
        text = f"{check.checked}\n{check.query}\n{check.result}"
        named = [(about.kind, about.id) for about in abouts]
        observables.link_text_to_each(session, named, text, by=by, now=now)
        session.flush()
    return [row.id or 0 for row in rows]
