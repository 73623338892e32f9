"""The items of each section of a handoff, computed from the facts of the shift."""

from collections.abc import Callable, Iterable, Sequence

from socconsole.core.handoff_item import Item
from socconsole.core.shift_facts import ClosureFacts, Section, ShiftFacts, TicketFacts
from socconsole.core.sla import in_words


def _read_first(facts: ShiftFacts) -> Iterable[Item]:
    if facts.read_first.strip():
        yield Item(Section.READ_FIRST, "read_first", facts.read_first.strip())


def _incidents(facts: ShiftFacts) -> Iterable[Item]:
    worst_first = sorted(facts.incidents, key=lambda i: (i.severity, i.phase_since))
    for incident in worst_first:
        details = [f"in {incident.phase} for {in_words(facts.now - incident.phase_since)}"]
        if incident.last_action:
            when = f"{incident.last_action_at:%H:%MZ} " if incident.last_action_at else ""
            details.append(f"last: {when}{incident.last_action}")
        if incident.blockers:
            details.append(f"blocked by {incident.blockers}")
        if incident.active_countermeasures:
            details.append(f"{incident.active_countermeasures} countermeasures active")
        if incident.next_update_due_at:
            left = in_words(incident.next_update_due_at - facts.now)
            details.append(f"next update due in {left}")
        gaps = () if incident.next_step else ("a next step",)
        yield Item(
            Section.INCIDENTS,
            incident.ref,
            f"SEV{incident.severity} {incident.title}",
            owner=incident.commander,
            next_step=incident.next_step,
            due_at=incident.next_step_due_at,
            details=tuple(details),
            rows=(incident.ref,),
            gaps=gaps,
            marker=f"{incident.severity}\x1f{incident.phase}\x1f{incident.last_action}\x1f{incident.blockers}",
        )


def _ticket_gaps(ticket: TicketFacts) -> tuple[str, ...]:
    needed = {
        "a hypothesis": ticket.hypothesis,
        "what is unchecked": ticket.unchecked,
        "a next step": ticket.next_step,
        "a deadline": ticket.next_step_due_at,
    }
    return tuple(name for name, value in needed.items() if not value)


def _tickets(facts: ShiftFacts) -> Iterable[Item]:
    for ticket in sorted(facts.tickets, key=lambda t: (t.priority, t.ref)):
        details = []
        if ticket.hypothesis:
            details.append(f"we think: {ticket.hypothesis}")
        details.extend(f"ruled out: {found}" for found in ticket.ruled_out)
        if ticket.unchecked:
            details.append(f"not yet checked: {ticket.unchecked}")
        if ticket.sla_left is not None:
            details.append(f"SLA left: {in_words(ticket.sla_left)}")
        if ticket.incident:
            details.append(f"part of {ticket.incident}")
        status = ticket.status.replace("_", " ")
        yield Item(
            Section.TICKETS,
            ticket.ref,
            f"{ticket.priority} {ticket.title} ({status})",
            owner=ticket.assignee,
            next_step=ticket.next_step,
            due_at=ticket.next_step_due_at,
            details=tuple(details),
            rows=(ticket.ref,),
            gaps=_ticket_gaps(ticket),
            marker="\x1f".join((ticket.priority, ticket.status, ticket.title, *details[:-1])),
        )


def _queue(facts: ShiftFacts) -> Iterable[Item]:
    for waiting in sorted(facts.untriaged, key=lambda u: u.severity, reverse=True):
        label = waiting.severity.label
        age = in_words(facts.now - waiting.oldest)
        yield Item(
            Section.QUEUE,
            f"untriaged:{label}",
            f"{waiting.count} {label} untriaged, oldest {age}",
            rows=(f"filter:status:new severity:{label}",),
            marker=str(waiting.count),
        )
    for alert in facts.started:
        yield Item(
            Section.QUEUE,
            f"alert:{alert.id}",
            f"started, not finished: {alert.title}",
            owner=alert.assignee,
            details=(f"last: {alert.thought}",) if alert.thought else (),
            rows=(f"alert:{alert.id}",),
            gaps=() if alert.thought else ("a finding or a note",),
        )


def _waiting(facts: ShiftFacts) -> Iterable[Item]:
    for ticket in facts.tickets:
        if ticket.status == "waiting":
            since = ticket.waiting_since or facts.now
            yield Item(
                Section.WAITING,
                ticket.ref,
                f"{ticket.title}: waits on {ticket.waits_on}",
                owner=ticket.assignee,
                next_step=f"chase {ticket.waits_on}",
                due_at=ticket.chase_at,
                details=(f"since {in_words(facts.now - since)}",),
                rows=(ticket.ref,),
                marker=ticket.waits_on,
            )


def _suppressions(facts: ShiftFacts) -> Iterable[Item]:
    for hidden in sorted(facts.hidden, key=lambda h: h.until):
        if hidden.until > facts.shift_end:
            left = in_words(hidden.until - facts.now)
            yield Item(
                Section.SUPPRESSIONS,
                hidden.ref,
                f"{hidden.text}: {left} left, {hidden.hits} hidden",
                owner=hidden.author,
                due_at=hidden.until,
                details=(f"because {hidden.reason}",) if hidden.reason else (),
                rows=(hidden.ref,),
                marker=f"{hidden.text}\x1f{hidden.until.isoformat()}",
            )


def _maintenance(facts: ShiftFacts) -> Iterable[Item]:
    for window in sorted(facts.maintenance, key=lambda w: w.starts_at):
        if window.ends_at > facts.now:
            span = f"{window.starts_at:%d %b %H:%MZ} to {window.ends_at:%d %b %H:%MZ}"
            yield Item(
                Section.MAINTENANCE,
                window.ref,
                f"{window.text}, {span}",
                due_at=window.starts_at,
                rows=(window.ref,),
            )


def _sources(facts: ShiftFacts) -> Iterable[Item]:
    for source in facts.sources:
        troubles = [source.error] if source.error else []
        troubles.extend(source.gaps)
        if source.unparsed:
            troubles.append(f"{source.unparsed} lines nobody could read")
        if source.lag_bytes:
            troubles.append(f"{source.lag_bytes} bytes behind")
        if source.state == "ok" and not troubles:
            continue
        last = f"last event {source.last_event_at:%H:%MZ}" if source.last_event_at else "no event"
        yield Item(
            Section.SOURCES,
            f"source:{source.name}",
            f"{source.name} is {source.state}, {last}",
            details=tuple(troubles),
            rows=(f"source:{source.name}",),
            marker=f"{source.state}\x1f{source.error}\x1f{len(source.gaps)}",
        )


def _escalations(facts: ShiftFacts) -> Iterable[Item]:
    for asked in facts.escalations:
        answer = "answered" if asked.answered else "no answer yet"
        yield Item(
            Section.ESCALATIONS,
            asked.ref,
            f"{asked.about}: asked {asked.whom} by {asked.channel} at {asked.at:%H:%MZ}, {answer}",
            due_at=None if asked.answered else asked.next_contact_at,
            rows=(asked.ref,),
        )


def _closures(facts: ShiftFacts) -> Iterable[Item]:
    for closure in facts.closures:
        if closure.reopened or closure.disposition == "true_positive" or closure.is_ticket:
            again = "reopened: " if closure.reopened else ""
            turned_out = closure.disposition.replace("_", " ")
            yield Item(
                Section.CLOSURES,
                closure.ref,
                f"{again}{closure.title}: {turned_out}, by {closure.by}",
                rows=(closure.ref,),
            )
    yield from _closure_counts(facts.closures)


def _closure_counts(closures: Sequence[ClosureFacts]) -> Iterable[Item]:
    alerts = [c for c in closures if not c.is_ticket]
    by_disposition: dict[str, list[str]] = {}
    false_by_rule: dict[str, list[str]] = {}
    for closure in alerts:
        by_disposition.setdefault(closure.disposition, []).append(closure.ref)
        if closure.disposition == "false_positive" and closure.rule:
            false_by_rule.setdefault(closure.rule, []).append(closure.ref)
    for disposition, refs in sorted(by_disposition.items()):
        words = disposition.replace("_", " ")
        text = f"{len(refs)} closed as {words}"
        yield Item(Section.CLOSURES, f"closed:{disposition}", text, rows=tuple(refs))
    for rule, refs in sorted(false_by_rule.items()):
        if len(refs) >= _SPIKE:
            text = f"{len(refs)} false positives of one rule: {rule}"
            yield Item(Section.CLOSURES, f"spike:{rule}", text, rows=tuple(refs))


_SPIKE = 5
"""False positives of one rule in a shift that the next shift should know of."""


def _written(section: Section) -> Callable[[ShiftFacts], Iterable[Item]]:
    def lines(facts: ShiftFacts) -> Iterable[Item]:
        for line in facts.written:
            if line.section is section:
                yield Item(section, line.ref, line.text, line.owner, due_at=line.due_at)

    return lines


SECTIONS: tuple[Callable[[ShiftFacts], Iterable[Item]], ...] = (
    _read_first,
    _incidents,
    _tickets,
    _queue,
    _waiting,
    _suppressions,
    _written(Section.EXPECTED_NOISE),
    _maintenance,
    _written(Section.WATCH_LIST),
    _written(Section.INTELLIGENCE),
    _sources,
    _escalations,
    _closures,
    _written(Section.TUNING),
)
"""In the order they are read."""
