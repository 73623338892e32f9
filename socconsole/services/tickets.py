"""What an analyst can do with tickets."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, func, select

from socconsole.core.deeds import deed
from socconsole.core.disposition import Verdict, verdict_facts
from socconsole.core.lifecycle import TICKET
from socconsole.core.policy import SHIPPED, Settings
from socconsole.core.priority import suggested_impact, suggested_urgency
from socconsole.errors import NotFoundError, TransitionError, UsageError
from socconsole.services import knowledge, observables, templates, ticket_alerts, ticket_clock
from socconsole.services.ticket_clock import Stake
from socconsole.store.human_ids import next_human_id
from socconsole.store.queries import tickets as queries
from socconsole.store.queries.tickets import TicketRow
from socconsole.store.recording import recording
from socconsole.store.tables import Alert, Asset, ClockPause, Service, Task, Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a person told us: how a ticket begins that no rule saw."""

    title: str
    description: str = ""
    reporter: str = ""
    contact: str = ""
    channel: str = ""
    reported_at: datetime | None = None
    stake: Stake = field(default_factory=Stake)
    category: str = ""
    """Picks the template of that name or category."""
    template: str = ""
    assignee: str | None = None
    tags: tuple[str, ...] = ()
    tlp: str = "AMBER"
    asset: str = ""
    """The name of a host, account, device or service."""


def open_from_alerts(
    session: Session,
    alert_ids: Sequence[int],
    *,
    by: str,
    now: datetime,
    title: str = "",
    policy: Settings = SHIPPED,
) -> TicketRow:
    """Open one ticket from alerts: they are escalated, and it is the opener's.

    Raises:
        NotFoundError: An alert does not exist.
        TransitionError: An alert is closed, or in another ticket.

    """
    if not alert_ids:
        raise UsageError("A ticket is opened from at least one alert.")
    with recording(session, verb="ticket.open", by=by, now=now, summary="") as action:
        alerts = ticket_alerts.alert_rows(session, alert_ids)
        worst = max(alerts, key=lambda alert: alert.severity)
        impact = suggested_impact(_criticality(session, alerts))
        ticket = _new(session, policy, by=by, now=now, title=title or title_for(alerts))
        ticket.assignee = by
        ticket.asset_id = worst.asset_id
        ticket.service_id = worst.service_id
        ticket_clock.prioritise(ticket, Stake(impact, suggested_urgency(worst.severity)), policy)
        session.add(ticket)
        session.flush()
        ticket_alerts.put_in(session, alerts, ticket, by=by, now=now)
        for alert in alerts:
            observables.link_entities(session, alert, ticket, by=by, now=now)
        template = templates.template_for(alerts, policy.cases)
        templates.begin(session, ticket, template, by=by, now=now)
        runbooks = [alert.runbook for alert in alerts]
        templates.add_runbook_steps(session, ticket, runbooks, by=by, now=now)
        action.about = ("ticket", ticket.id or 0)
        action.summary = f"opened {ticket.human_id} from {_counted(len(alerts), 'alert')}"
    return _row(session, ticket)


def open_by_hand(
    session: Session, report: Report, *, by: str, now: datetime, policy: Settings = SHIPPED
) -> TicketRow:
    """Open a ticket for what a person reports."""
    if not report.title.strip():
        raise UsageError("A ticket needs a title.", hint="Say in a few words what was reported.")
    with recording(session, verb="ticket.open", by=by, now=now, summary="") as action:
        ticket = _new(session, policy, by=by, now=now, title=report.title.strip())
        ticket.description = report.description
        ticket.reporter = report.reporter or None
        ticket.contact = report.contact or None
        ticket.channel = report.channel or None
        ticket.reported_at = report.reported_at or now
        ticket.category = report.category
        ticket.tags = list(report.tags)
        ticket.tlp = report.tlp
        ticket.assignee = report.assignee
        if report.asset:
            _set_about(session, ticket, report.asset)
        ticket_clock.prioritise(ticket, report.stake, policy)
        session.add(ticket)
        session.flush()
        text = f"{ticket.title}\n{ticket.description}"
        observables.link_text(session, "ticket", ticket.id or 0, text, by=by, now=now)
        named = report.template or report.category
        template = templates.template_named(named, policy.cases) if named else None
        if report.template and template is None:
            raise NotFoundError(f"There is no template {report.template!r}.")
        templates.begin(session, ticket, template, by=by, now=now)
        action.about = ("ticket", ticket.id or 0)
        action.summary = f"opened {ticket.human_id}: {ticket.title}"
    return _row(session, ticket)


def add_alerts(
    session: Session, ticket_id: int, alert_ids: Sequence[int], *, by: str, now: datetime
) -> TicketRow:
    """Escalate more alerts into a ticket that is open."""
    with recording(session, verb="ticket.add_alerts", by=by, now=now, summary="") as action:
        ticket = get(session, ticket_id)
        if ticket.status not in queries.OPEN_STATUSES:
            raise TransitionError(
                f"{ticket.human_id} is {ticket.status}.", hint="Reopen it before adding alerts."
            )
        alerts = ticket_alerts.alert_rows(session, alert_ids)
        ticket_alerts.put_in(session, alerts, ticket, by=by, now=now)
        for alert in alerts:
            observables.link_entities(session, alert, ticket, by=by, now=now)
        ticket.updated_at = now
        action.about = ("ticket", ticket_id)
        action.summary = f"added {_counted(len(alerts), 'alert')} to {ticket.human_id}"
    return _row(session, ticket)


def detach_alerts(
    session: Session, ticket_id: int, alert_ids: Sequence[int], *, by: str, now: datetime
) -> TicketRow:
    """Take alerts out of a ticket; they go back to whom they are assigned."""
    with recording(session, verb="ticket.detach_alerts", by=by, now=now, summary="") as action:
        ticket = get(session, ticket_id)
        alerts = [a for a in ticket_alerts.alerts_in(session, ticket) if a.id in set(alert_ids)]
        if len(alerts) != len(set(alert_ids)):
            raise NotFoundError(f"Not all of these alerts are in {ticket.human_id}.")
        ticket_alerts.take_out(session, alerts, ticket, by=by, now=now)
        ticket.updated_at = now
        action.about = ("ticket", ticket_id)
        action.summary = f"detached {_counted(len(alerts), 'alert')} from {ticket.human_id}"
    return _row(session, ticket)


def assign(
    session: Session, ticket_ids: Sequence[int], assignee: str | None, *, by: str, now: datetime
) -> tuple[TicketRow, ...]:
    """Give the tickets to an analyst; None gives them to nobody."""

    def step(ticket: Ticket) -> None:
        if ticket.status == "closed":
            raise TransitionError(f"{ticket.human_id} is closed.", hint="Reopen it first.")
        ticket.assignee = assignee

    return _each(session, ticket_ids, _Step("assign", step), by=by, now=now)


def start(
    session: Session, ticket_ids: Sequence[int], *, by: str, now: datetime
) -> tuple[TicketRow, ...]:
    """Work on the tickets: a waiting one's clock runs on, nobody's becomes the starter's."""

    def step(ticket: Ticket) -> None:
        ticket.status = TICKET.move(ticket.status, "start")
        ticket_clock.resume(session, ticket, now)
        ticket.started_at = ticket.started_at or now
        ticket.responded_at = ticket.responded_at or now
        ticket.assignee = ticket.assignee or by

    return _each(session, ticket_ids, _Step("start", step), by=by, now=now)


def wait(
    session: Session,
    ticket_ids: Sequence[int],
    waits_on: str,
    chase_at: datetime | None,
    *,
    by: str,
    now: datetime,
) -> tuple[TicketRow, ...]:
    """Wait for somebody: the clocks stand still until work starts again."""

    def step(ticket: Ticket) -> None:
        facts = {"waits_on": waits_on.strip(), "chase_at": chase_at}
        ticket.status = TICKET.move(ticket.status, "wait", facts)
        ticket.waiting_on, ticket.chase_at, ticket.waiting_since = waits_on.strip(), chase_at, now
        ticket.responded_at = ticket.responded_at or now
        reason = f"waits on {waits_on.strip()}"
        session.add(ClockPause(ticket_id=ticket.id or 0, since=now, reason=reason))

    return _each(session, ticket_ids, _Step("wait", step), by=by, now=now)


def watch(
    session: Session, ticket_ids: Sequence[int], login: str, *, by: str, now: datetime
) -> tuple[TicketRow, ...]:
    """Make somebody watch the tickets, or no longer where they do."""

    def step(ticket: Ticket) -> None:
        without = [each for each in ticket.watchers if each != login]
        ticket.watchers = without if login in ticket.watchers else [*without, login]

    return _each(session, ticket_ids, _Step("watch", step, login), by=by, now=now)


@dataclass(frozen=True, slots=True)
class Resolution:
    """How a ticket ended: one verdict for all its alerts, but for the exceptions."""

    verdict: Verdict
    exceptions: Mapping[int, Verdict | None] = field(default_factory=dict)
    """Alert → its own verdict; None takes it out of the ticket and leaves it open."""


def resolve(
    session: Session,
    ticket_ids: Sequence[int],
    resolution: Resolution,
    *,
    by: str,
    now: datetime,
    policy: Settings = SHIPPED,
) -> tuple[TicketRow, ...]:
    """Say that the owner is done: the tickets' alerts are closed with the verdict.

    Raises:
        TransitionError: A mandatory task is open or field empty, or the verdict lacks its note.
        NotFoundError: An exception is an alert of none of the tickets.

    """
    verdict = resolution.verdict
    ticket_alerts.require_in(session, ticket_ids, resolution.exceptions)

    def step(ticket: Ticket) -> None:
        templates.require_answers(session, ticket, policy.cases)
        facts = {
            **verdict_facts(verdict),
            "open_mandatory_tasks": _open_mandatory_tasks(session, ticket),
        }
        ticket.status = TICKET.move(ticket.status, "resolve", facts)
        ticket_clock.resume(session, ticket, now)
        ticket.responded_at = ticket.responded_at or now
        ticket.disposition, ticket.sub_reason = verdict.disposition.value, verdict.reason or None
        ticket.resolution = verdict.note or None
        ticket.resolved_at, ticket.resolved_by = now, by
        _close_alerts(session, ticket, resolution, policy, by, now)
        knowledge.index(session, ticket.id or 0)

    return _each(session, ticket_ids, _Step("resolve", step), by=by, now=now)


def _close_alerts(
    session: Session,
    ticket: Ticket,
    resolution: Resolution,
    policy: Settings,
    by: str,
    now: datetime,
) -> None:
    verdicts: dict[int, Verdict] = {}
    kept_open: list[Alert] = []
    for alert in ticket_alerts.alerts_in(session, ticket):
        verdict = resolution.exceptions.get(alert.id or 0, resolution.verdict)
        if verdict is None:
            kept_open.append(alert)
        elif alert.status != "closed":
            verdicts[alert.id or 0] = verdict
    ticket_alerts.close(session, verdicts, by=by, now=now, fold=policy.fold)
    ticket_alerts.take_out(session, kept_open, ticket, by=by, now=now)


def close(
    session: Session,
    ticket_ids: Sequence[int],
    *,
    by: str,
    now: datetime,
    policy: Settings = SHIPPED,
) -> tuple[TicketRow, ...]:
    """Verify resolved tickets and close them; the setting may ask for another analyst."""

    def step(ticket: Ticket) -> None:
        facts = {
            "needs_second_analyst": policy.alerts.resolve_needs_second_analyst,
            "by": by,
            "resolved_by": ticket.resolved_by,
        }
        ticket.status = TICKET.move(ticket.status, "close", facts)
        ticket.closed_at, ticket.closed_by = now, by

    return _each(session, ticket_ids, _Step("close", step), by=by, now=now)


def reopen(
    session: Session, ticket_ids: Sequence[int], reason: str, *, by: str, now: datetime
) -> tuple[TicketRow, ...]:
    """Take tickets up again: the alerts that were closed with them are escalated again."""
    if not reason.strip():
        raise TransitionError("Reopening asks for a reason.", hint="Say what came up.")

    def step(ticket: Ticket) -> None:
        ticket.status = TICKET.move(ticket.status, "reopen")
        alerts = ticket_alerts.alerts_in(session, ticket)
        ticket_alerts.come_back(session, alerts, ticket.resolved_at, by=by, now=now)
        ended = ticket.resolved_at or ticket.closed_at or now  # a merged one was never resolved
        ticket_clock.leave_out(session, ticket, ended, now)
        ticket.merged_into_id = None
        ticket.disposition = ticket.sub_reason = ticket.resolution = None
        ticket.resolved_at = ticket.resolved_by = ticket.closed_at = ticket.closed_by = None
        ticket.reopened_at, ticket.reopen_count = now, ticket.reopen_count + 1
        knowledge.forget(session, ticket.id or 0)

    return _each(session, ticket_ids, _Step("reopen", step, reason.strip()), by=by, now=now)


def set_priority(
    session: Session,
    ticket_ids: Sequence[int],
    stake: Stake,
    *,
    by: str,
    now: datetime,
    policy: Settings = SHIPPED,
) -> tuple[TicketRow, ...]:
    """Give the tickets what the grid says, or the override; their due times follow.

    Raises:
        TransitionError: The override has no reason.

    """
    step = _Step("set_priority", lambda ticket: ticket_clock.prioritise(ticket, stake, policy))
    return _each(session, ticket_ids, step, by=by, now=now)


def get(session: Session, ticket_id: int) -> Ticket:
    """Return the row of a ticket that was not voided.

    Raises:
        NotFoundError: There is none.

    """
    ticket = session.get(Ticket, ticket_id)
    if ticket is None or ticket.voided_at is not None:
        raise NotFoundError(f"There is no ticket {ticket_id}.")
    return ticket


def title_for(alerts: Sequence[Alert]) -> str:
    """Return the title of a ticket: the worst alert's, with the thing it is about."""
    worst = max(alerts, key=lambda alert: (alert.severity, -(alert.id or 0)))
    about = worst.host or worst.username or worst.source_ip
    more = f" (+{len(alerts) - 1})" if len(alerts) > 1 else ""
    return f"{worst.title} on {about}{more}" if about else f"{worst.title}{more}"


@dataclass(frozen=True, slots=True)
class _Step:
    """What a verb does to one ticket."""

    verb: str
    change: Callable[[Ticket], None]
    detail: str = ""


def _each(
    session: Session,
    ticket_ids: Sequence[int],
    step: _Step,
    *,
    by: str,
    now: datetime,
) -> tuple[TicketRow, ...]:
    """Do one step to many tickets as one action."""
    verb = f"ticket.{step.verb}"
    with recording(session, verb=verb, by=by, now=now, summary="") as action:
        rows = [get(session, ticket_id) for ticket_id in dict.fromkeys(ticket_ids)]
        if len(rows) == 1:
            action.about = ("ticket", ticket_ids[0])
        for ticket in rows:
            step.change(ticket)
            ticket.updated_at = now
            session.add(ticket)
        names = rows[0].human_id if len(rows) == 1 else _counted(len(rows), "ticket")
        action.summary = f"{deed(verb)} {names}" + (f": {step.detail}" if step.detail else "")
    return queries.by_ids(session, ticket_ids)


def _new(session: Session, policy: Settings, *, by: str, now: datetime, title: str) -> Ticket:
    zone = ZoneInfo(policy.shift.timezone)
    human_id = next_human_id(session, "SOC", now, zone)
    return Ticket(human_id=human_id, title=title, opened_at=now, opened_by=by)


def _open_mandatory_tasks(session: Session, ticket: Ticket) -> int:
    query = select(func.count()).where(
        col(Task.subject_kind) == "ticket",
        col(Task.subject_id) == ticket.id,
        col(Task.mandatory),
        col(Task.state) == "open",
    )
    return session.exec(query).one()


def _criticality(session: Session, alerts: Sequence[Alert]) -> str | None:
    """Return the highest criticality among the alerts' assets, or None when none is known."""
    ids = {alert.asset_id for alert in alerts if alert.asset_id is not None}
    if not ids:
        return None
    known = session.exec(select(Asset.criticality).where(col(Asset.id).in_(ids)))
    return max(known, key=("low", "medium", "high", "critical").index, default=None)


def _set_about(session: Session, ticket: Ticket, name: str) -> None:
    """Say which asset or service a ticket is about; a name nobody knows is kept in words."""
    wanted = name.strip().lower()
    ticket.asset_id = session.exec(
        select(Asset.id).where(func.lower(col(Asset.name)) == wanted)
    ).first()
    if ticket.asset_id is None:
        ticket.service_id = session.exec(
            select(Service.id).where(func.lower(col(Service.name)) == wanted)
        ).first()
    if ticket.asset_id is None and ticket.service_id is None:
        ticket.description = f"{ticket.description}\n\nAbout: {name.strip()}".strip()


def _row(session: Session, ticket: Ticket) -> TicketRow:
    assert ticket.id is not None
    return queries.by_ids(session, (ticket.id,))[0]


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
