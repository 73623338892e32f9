"""The items of each section of a handoff, computed from the facts of the shift."""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

from socconsole.core.expected import WEEKS, VolumeFacts, by_source, deviation
from socconsole.core.handoff_item import Item
from socconsole.core.observable import defang
from socconsole.core.shift_facts import (
    ClosureFacts,
    IncidentFacts,
    Section,
    ShiftFacts,
    SourceFacts,
    TicketFacts,
)
from socconsole.core.sla import in_words


def _read_first(facts: ShiftFacts) -> Iterable[Item]:
    if facts.read_first.strip():
        yield Item(Section.READ_FIRST, "read_first", facts.read_first.strip())


def _incidents(facts: ShiftFacts) -> Iterable[Item]:
    worst_first = sorted(facts.incidents, key=lambda i: (i.severity, i.phase_since))
    for incident in worst_first:
        thoughts = list(_thoughts(incident.hypothesis, incident.unchecked))
        phase = incident.phase.replace("_", " ")
        details = [*thoughts, f"{phase} for {in_words(facts.now - incident.phase_since)}"]
        if incident.last_action:
            when = f"{incident.last_action_at:%H:%MZ} " if incident.last_action_at else ""
            details.append(f"last: {when}{incident.last_action}")
        if incident.blockers:
            details.append(f"blocked by {incident.blockers}")
        if incident.active_countermeasures:
            many = "s" if incident.active_countermeasures > 1 else ""
            details.append(f"{incident.active_countermeasures} countermeasure{many} active")
        if incident.next_update_due_at:
            left = in_words(incident.next_update_due_at - facts.now)
            details.append(f"next update due in {left}")
        details.extend(
            f"{what} {'overdue ' if at < facts.now else 'in '}{in_words(abs(at - facts.now))}"
            for what, at in incident.owed
        )
        yield Item(
            Section.INCIDENTS,
            incident.ref,
            f"SEV{incident.severity} {incident.title}",
            owner=incident.commander,
            next_step=incident.next_step,
            due_at=incident.next_step_due_at,
            details=tuple(details),
            rows=(incident.ref,),
            gaps=_incident_gaps(incident),
            marker="\x1f".join(
                (
                    str(incident.severity),
                    incident.phase,
                    incident.last_action,
                    incident.blockers,
                    *thoughts,
                )
            ),
        )


def _thoughts(hypothesis: str, unchecked: str) -> Iterable[str]:
    if hypothesis:
        yield f"we think: {hypothesis}"
    if unchecked:
        yield f"not yet checked: {unchecked}"


_LOOKED_INTO = frozenset({"declared", "analysis", "containment", "eradication"})
"""Phases in which there has to be an idea of what it is."""


def _incident_gaps(incident: IncidentFacts) -> tuple[str, ...]:
    needed: dict[str, object] = {
        "a next step": incident.next_step,
        "a deadline": incident.next_step_due_at,
    }
    if incident.phase in _LOOKED_INTO:
        thought = {"a hypothesis": incident.hypothesis, "what is unchecked": incident.unchecked}
        needed = {**thought, **needed}
    return tuple(name for name, value in needed.items() if not value)


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
        known = [*_thoughts(ticket.hypothesis, ticket.unchecked)]
        known[1:1] = [f"ruled out: {found}" for found in ticket.ruled_out]
        if ticket.incident:
            known.append(f"part of {ticket.incident}")
        clock = [] if ticket.sla_left is None else [f"SLA left: {in_words(ticket.sla_left)}"]
        status = ticket.status.replace("_", " ")
        yield Item(
            Section.TICKETS,
            ticket.ref,
            f"{ticket.priority} {ticket.title} ({status})",
            owner=ticket.assignee,
            next_step=ticket.next_step,
            due_at=ticket.next_step_due_at,
            details=(*known, *clock),
            rows=(ticket.ref,),
            gaps=_ticket_gaps(ticket),
            marker="\x1f".join((ticket.priority, ticket.status, ticket.title, *known)),
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


_MANY = 3
_TOGETHER = timedelta(minutes=5)


def _silent_together(facts: ShiftFacts) -> Iterable[Sequence[SourceFacts]]:
    """Yield groups of sources that fell silent at about the same time: one trouble, not many."""
    silent = [each for each in facts.sources if each.silent_for and each.last_event_at]
    silent.sort(key=lambda each: each.silent_for or timedelta(), reverse=True)
    group: list[SourceFacts] = []
    for source in [*silent, None]:
        if group and (
            source is None
            or (group[0].silent_for or timedelta()) - (source.silent_for or timedelta()) > _TOGETHER
        ):
            if len(group) >= _MANY:
                yield tuple(group)
            group = []
        if source is not None:
            group.append(source)


def _sources(facts: ShiftFacts) -> Iterable[Item]:
    rolled_up: set[str] = set()
    for group in _silent_together(facts):
        names = [source.name for source in group]
        heard = group[0].last_event_at
        rolled_up.update(names)
        yield Item(
            Section.SOURCES,
            f"sources:{names[0]}",
            f"{len(names)} sources fell silent together, last event {heard:%H:%MZ}",
            details=(", ".join(names),),
            rows=tuple(f"source:{name}" for name in names),
            marker="\x1f".join(sorted(names)),
        )
    for source in facts.sources:
        if source.name in rolled_up and not (source.error or source.unparsed or source.lag_bytes):
            continue
        troubles = [source.error] if source.error else []
        if source.silent_for is not None:
            limit = f", its limit is {in_words(source.max_silence)}" if source.max_silence else ""
            troubles.append(f"silent for {in_words(source.silent_for)}{limit}")
        troubles.extend(source.gaps)
        if source.unparsed:
            troubles.append(
                f"{source.unparsed} line{'s' * (source.unparsed != 1)} nobody could read"
            )
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
            f"{asked.case} asked {asked.whom} by {asked.channel} at {asked.at:%H:%MZ}, {answer}",
            next_step="" if asked.answered or not asked.next_contact_at else "ask again",
            due_at=None if asked.answered else asked.next_contact_at,
            details=(f"for: {asked.about}",) if asked.about else (),
            rows=(asked.case,),
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


def _expected_noise(facts: ShiftFacts) -> Iterable[Item]:
    yield from _volumes(facts)
    for rule in facts.noise:
        if rule.decided < _ENOUGH or rule.noise * 2 < rule.decided or rule.expected < 1:
            continue
        yield Item(
            Section.EXPECTED_NOISE,
            f"rule:{rule.rule_id}",
            f"{rule.title}: about {rule.expected:.0f} alerts in the coming shift",
            details=(
                f"{rule.noise} of {rule.decided} were noise in {WEEKS} weeks",
                f"the same hours before: {', '.join(map(str, rule.before))}",
            ),
            rows=(f"filter:rule:{rule.rule_id}",),
            marker=rule.rule_id,
        )
    yield from _written(Section.EXPECTED_NOISE)(facts)


_ENOUGH = 5
"""Fewer decided alerts of a rule say nothing about it."""


def _volumes(facts: ShiftFacts) -> Iterable[Item]:
    """Yield how much arrived in all, and each source that brought far more or less than usual."""
    sources = by_source(facts.volumes)
    if not sources:
        return
    total = sum(volume.events for volume in facts.volumes)
    usual = _usual(facts.volumes)
    yield Item(
        Section.EXPECTED_NOISE,
        "volume",
        f"{total:,} events from {len(sources)} sources{_against(usual)}",
        details=tuple(_category_lines(facts.volumes)),
        rows=tuple(f"source:{name}" for name in sources),
        marker=deviation(total, usual),
    )
    for name, found in sources.items():
        events, usual = sum(volume.events for volume in found), _usual(found)
        far = deviation(events, usual)
        if far:
            yield Item(
                Section.EXPECTED_NOISE,
                f"volume:{name}",
                f"{name}: {far} than usual, {events:,} events{_against(usual)}",
                details=tuple(_category_lines(found)),
                rows=(f"source:{name}",),
                marker=far,
            )


def _usual(volumes: Sequence[VolumeFacts]) -> float | None:
    known = [volume.usual for volume in volumes if volume.usual is not None]
    return sum(known) if known else None


def _against(usual: float | None) -> str:
    return "" if usual is None else f", usually {usual:,.0f} in these hours"


def _category_lines(volumes: Sequence[VolumeFacts]) -> Iterable[str]:
    categories = dict.fromkeys(volume.category for volume in volumes)
    for category in categories:
        own = [volume for volume in volumes if volume.category == category]
        yield f"{category}: {sum(each.events for each in own):,}{_against(_usual(own))}"


def _intelligence(facts: ShiftFacts) -> Iterable[Item]:
    if facts.confirmed:
        incidents = dict.fromkeys(incident for _, incident in facts.confirmed)
        shown = [defang(value) for value, _ in facts.confirmed[:_VALUES_SHOWN]]
        more = len(facts.confirmed) - len(shown)
        yield Item(
            Section.INTELLIGENCE,
            "confirmed",
            f"{len(facts.confirmed)} values confirmed as known bad",
            details=(", ".join(shown) + (f" and {more} more" if more else ""),),
            rows=tuple(incidents),
            marker=str(sorted(value for value, _ in facts.confirmed)),
        )
    yield from _written(Section.INTELLIGENCE)(facts)


_VALUES_SHOWN = 8


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
    _expected_noise,
    _maintenance,
    _written(Section.WATCH_LIST),
    _intelligence,
    _sources,
    _escalations,
    _closures,
    _written(Section.TUNING),
)
"""In the order they are read."""
