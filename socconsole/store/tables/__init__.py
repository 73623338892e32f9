"""All tables: columns and constraints, nothing else."""

from typing import Any

from sqlalchemy.types import TypeEngine

from socconsole.store.tables.alerts import (
    Alert,
    AlertEvidence,
    AlertGroup,
    Asset,
    Context,
    Service,
    View,
)
from socconsole.store.tables.incidents import (
    Communication,
    Countermeasure,
    Handoff,
    HandoffAmendment,
    HandoffItem,
    Incident,
    IncidentPhase,
    IncidentRole,
    Outage,
    TimelineEntry,
)
from socconsole.store.tables.ingest import (
    DetectionCount,
    EventCount,
    Generation,
    Lease,
    MatcherState,
    Node,
    Presence,
    RefusedRule,
    RuleRecord,
    Source,
    SourceNote,
    Suppression,
    WindowPart,
)
from socconsole.store.tables.record import (
    Action,
    AuditAnchor,
    AuditEntry,
    AuditPayload,
    Change,
    ChangeHead,
    HumanSequence,
    Meta,
    Setting,
)
from socconsole.store.tables.row import METADATA, Edited, Identified, Recorded, Row, table_of
from socconsole.store.tables.tickets import (
    ClockPause,
    Custody,
    Draft,
    Escalation,
    Evidence,
    Finding,
    LegalHold,
    Note,
    Observable,
    ObservableLink,
    Task,
    Ticket,
    TicketAlert,
    TicketLink,
    TicketTerm,
)

_NONE: frozenset[object] = frozenset()
_kinds: dict[str, TypeEngine[Any]] = {}
for _table in METADATA.tables.values():
    _table.dialect_options["sqlite"]["strict"] = True
    for _column in _table.columns:
        # SQLAlchemy makes a class to compare with for every instance of a type.
        _column.type = _kinds.setdefault(repr(_column.type), _column.type)
        # Columns grow fast while they are made, and each keeps sets of what few have: 0.7 MB.
        _column.__dict__ = {
            name: _NONE if isinstance(each, set) and not each else each
            for name, each in vars(_column).items()
        }

__all__ = [
    "METADATA",
    "Action",
    "Alert",
    "AlertEvidence",
    "AlertGroup",
    "Asset",
    "AuditAnchor",
    "AuditEntry",
    "AuditPayload",
    "Change",
    "ChangeHead",
    "ClockPause",
    "Communication",
    "Context",
    "Countermeasure",
    "Custody",
    "DetectionCount",
    "Draft",
    "Edited",
    "Escalation",
    "EventCount",
    "Evidence",
    "Finding",
    "Generation",
    "Handoff",
    "HandoffAmendment",
    "HandoffItem",
    "HumanSequence",
    "Identified",
    "Incident",
    "IncidentPhase",
    "IncidentRole",
    "Lease",
    "LegalHold",
    "MatcherState",
    "Meta",
    "Node",
    "Note",
    "Observable",
    "ObservableLink",
    "Outage",
    "Presence",
    "Recorded",
    "RefusedRule",
    "Row",
    "RuleRecord",
    "Service",
    "Setting",
    "Source",
    "SourceNote",
    "Suppression",
    "Task",
    "Ticket",
    "TicketAlert",
    "TicketLink",
    "TicketTerm",
    "TimelineEntry",
    "View",
    "WindowPart",
    "table_of",
]
