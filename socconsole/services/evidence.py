"""Evidence: bytes attached to a case exactly as they were, with a digest and a custody log."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePath

from sqlmodel import Session, col, select

from socconsole.core.event import RawLine
from socconsole.core.tlp import Tlp
from socconsole.errors import NotFoundError, UsageError
from socconsole.services import observables
from socconsole.store.events import Kept
from socconsole.store.queries import notes as queries
from socconsole.store.queries.fields import marks_of
from socconsole.store.queries.notes import EvidenceRow
from socconsole.store.queries.subjects import Subject
from socconsole.store.recording import recording
from socconsole.store.tables import AlertEvidence, Custody, Evidence

LARGEST_BYTES = 64 * 1024 * 1024
"""A larger file belongs on an evidence share; its digest can be attached instead."""
_TEXT_LOOKED_AT = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """Bytes to attach and where they come from."""

    content: bytes
    kind: str = "file"
    """`file`, `output` of a command, or `events`."""
    title: str = ""
    filename: str | None = None
    media_type: str = "application/octet-stream"
    path: str = ""
    source_id: int | None = None
    generation_id: int | None = None
    offset_from: int | None = None
    offset_to: int | None = None
    event_time: datetime | None = None
    command: str | None = None
    reason: str = ""
    tlp: str | None = None


def file_capture(
    content: bytes,
    path: str,
    *,
    command: str | None = None,
    reason: str = "",
    tlp: str | None = None,
) -> Capture:
    """Return the capture of a file's bytes; `-` and a command make it output."""
    is_output = path == "-" or command is not None
    return Capture(
        content=content,
        kind="output" if is_output else "file",
        title=command or ("standard input" if path == "-" else PurePath(path).name),
        filename=None if path == "-" else PurePath(path).name,
        path="" if path == "-" else path,
        command=command,
        reason=reason,
        tlp=tlp,
    )


def attach(
    session: Session, about: Subject, capture: Capture, *, by: str, now: datetime
) -> EvidenceRow:
    """Attach bytes to a case and open their custody log."""
    if len(capture.content) > LARGEST_BYTES:
        raise UsageError(
            f"It has more than {LARGEST_BYTES:,} bytes: too many for the database.",
            hint="Keep it on a share and attach a text with its digest.",
        )
    digest = hashlib.sha256(capture.content).hexdigest()
    title = capture.title or capture.filename or capture.command or capture.kind
    with recording(
        session, verb="evidence.attach", by=by, now=now, summary=f"attached {title} to {about.name}"
    ) as action:
        action.about = (about.kind, about.id)
        row = Evidence(
            subject_kind=about.kind,
            subject_id=about.id,
            kind=capture.kind,
            title=title,
            filename=capture.filename,
            media_type=capture.media_type,
            content=capture.content,
            sha256=digest,
            size=len(capture.content),
            source_id=capture.source_id,
            generation_id=capture.generation_id,
            path=capture.path,
            offset_from=capture.offset_from,
            offset_to=capture.offset_to,
            event_time=capture.event_time,
            command=capture.command,
            reason=capture.reason,
            tlp=capture.tlp,
            captured_at=now,
            captured_by=by,
        )
        session.add(row)
        session.flush()
        session.add(
            Custody(evidence_id=row.id or 0, verb="attached", at=now, by=by, detail=capture.reason)
        )
        text = capture.content[:_TEXT_LOOKED_AT].decode(errors="replace")
        observables.link_text(session, about.kind, about.id, text, by=by, now=now)
        session.flush()
    return queries.piece(session, row.id or 0)


def attach_alert_lines(
    session: Session, about: Subject, alert_ids: Sequence[int], *, by: str, now: datetime
) -> tuple[EvidenceRow, ...]:
    """Attach the lines kept with alerts, one piece per alert and file, each line byte-exact."""
    query = (
        select(AlertEvidence)
        .where(col(AlertEvidence.alert_id).in_(alert_ids))
        .order_by(col(AlertEvidence.alert_id), col(AlertEvidence.path), col(AlertEvidence.offset))
    )
    kept: dict[tuple[int, str], list[AlertEvidence]] = {}
    for line in session.exec(query):
        kept.setdefault((line.alert_id, line.path), []).append(line)
    if not kept:
        raise NotFoundError("No lines are kept with these alerts.")
    with recording(
        session,
        verb="evidence.attach",
        by=by,
        now=now,
        summary=f"attached evidence to {about.name}",
    ) as action:
        action.about = (about.kind, about.id)
        return tuple(
            attach(session, about, _lines(alert_id, path, lines), by=by, now=now)
            for (alert_id, path), lines in kept.items()
        )


def _lines(alert_id: int, path: str, lines: Sequence[AlertEvidence]) -> Capture:
    return Capture(
        content=b"".join(line.raw + b"\n" for line in lines),
        kind="events",
        title=f"{len(lines)} lines of alert {alert_id}",
        media_type="text/plain",
        path=path,
        source_id=lines[0].source_id,
        generation_id=lines[0].generation_id,
        offset_from=lines[0].offset,
        offset_to=lines[-1].end,
        event_time=lines[0].event_time,
        reason="lines kept with the alert",
    )


def attach_events(
    session: Session, about: Subject, found: Sequence[Kept], reason: str, *, by: str, now: datetime
) -> EvidenceRow:
    """Attach a range of retained events of one file, byte for byte with their line endings."""
    lines = [kept.event.line for kept in found if kept.event.line is not None]
    if not lines:
        raise NotFoundError(
            "These lines are not retained any more.", hint="An alert keeps its own: attach those."
        )
    capture = Capture(
        content=b"".join(line.data + _ending(line) for line in lines),
        kind="events",
        title=f"{len(lines)} lines of {lines[0].path or lines[0].source}",
        media_type="text/plain",
        path=lines[0].path,
        source_id=found[0].source_id,
        generation_id=found[0].generation_id,
        offset_from=lines[0].offset,
        offset_to=lines[-1].end,
        event_time=found[0].event.time,
        reason=reason,
    )
    return attach(session, about, capture, by=by, now=now)


def _ending(line: RawLine) -> bytes:
    """Return the line ending as it stood in the file, told by its length."""
    return {0: b"", 2: b"\r\n"}.get(line.end - line.offset - len(line.data), b"\n")


def place_of(session: Session, alert_id: int) -> tuple[int, int, int]:
    """Return (source, generation, offset) of the line that raised an alert.

    Raises:
        NotFoundError: There is no such line.

    """
    query = (
        select(AlertEvidence.source_id, AlertEvidence.generation_id, AlertEvidence.offset)
        .where(col(AlertEvidence.alert_id) == alert_id)
        .order_by(col(AlertEvidence.trigger).desc(), col(AlertEvidence.id))
    )
    for source_id, generation_id, offset in session.exec(query):
        if source_id is not None and generation_id is not None:
            return source_id, generation_id, offset
    raise NotFoundError(f"The file of alert {alert_id} is not known any more.")


def content(session: Session, evidence_id: int, *, by: str, now: datetime, why: str) -> bytes:
    """Return the bytes of a piece of evidence; looking is written into its custody log.

    Raises:
        NotFoundError: There is no such evidence, or its bytes were erased.

    """
    row = _get(session, evidence_id)
    if row.content is None:
        raise NotFoundError(f"The bytes of evidence {evidence_id} were erased.")
    with recording(
        session, verb="evidence.export", by=by, now=now, summary=f"handed out {row.title}"
    ):
        session.add(Custody(evidence_id=evidence_id, verb="exported", at=now, by=by, detail=why))
    return row.content


def label_of(session: Session, evidence_id: int) -> str:
    """Return the marks that go for a piece of evidence, as a person is told them."""
    row = _get(session, evidence_id)
    marks = marks_of(session, row.subject_kind, row.subject_id)
    return replace(marks, tlp=Tlp(row.tlp)).label if row.tlp else marks.label


@dataclass(frozen=True, slots=True)
class Check:
    """Whether a piece of evidence is what it was."""

    id: int
    title: str
    sha256: str
    found: str | None
    """The digest of the bytes now; None when they were erased."""

    @property
    def is_whole(self) -> bool:
        """Whether the bytes are the ones that were attached; erased ones are not accused."""
        return self.found is None or self.found == self.sha256


def verify(
    session: Session, evidence_ids: Iterable[int] | None = None, *, by: str, now: datetime
) -> tuple[Check, ...]:
    """Compare the bytes of evidence with their digests; a mismatch goes into the custody log.

    That somebody looked is in the audit, whatever they found.
    """
    query = select(Evidence.id).order_by(col(Evidence.id))
    if evidence_ids is not None:
        query = query.where(col(Evidence.id).in_(tuple(evidence_ids)))
    checks = []
    with recording(
        session, verb="evidence.verify", by=by, now=now, summary="verified evidence"
    ) as action:
        for evidence_id in session.exec(query).all():
            check = _check(_get(session, evidence_id or 0))
            checks.append(check)
            if not check.is_whole:
                session.add(
                    Custody(
                        evidence_id=check.id,
                        verb="mismatch",
                        at=now,
                        by=by,
                        detail=f"the bytes now have {check.found}",
                    )
                )
        changed = [check.id for check in checks if not check.is_whole]
        action.say("evidence", None, checked=len(checks), changed=changed)
    return tuple(checks)


def _check(row: Evidence) -> Check:
    found = None if row.content is None else hashlib.sha256(row.content).hexdigest()
    return Check(row.id or 0, row.title, row.sha256, found)


def _get(session: Session, evidence_id: int) -> Evidence:
    row = session.get(Evidence, evidence_id)
    if row is None:
        raise NotFoundError(f"There is no evidence {evidence_id}.")
    return row
