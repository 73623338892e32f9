"""Every verb of case work is in the audit: who, when, and from what to what."""

import ast
from datetime import timedelta
from pathlib import Path

from sqlmodel import select

from socconsole import services
from socconsole.core.deeds import DEEDS
from socconsole.core.disposition import parse_verdict
from socconsole.core.priority import Level
from socconsole.core.shift_facts import Section
from socconsole.core.tlp import Audience
from socconsole.services import (
    business,
    countermeasures,
    declaring,
    escalations,
    evidence,
    exports,
    findings,
    handoff_items,
    handoffs,
    incident_log,
    incident_merge,
    incidents,
    notes,
    observables,
    outages,
    precedents,
    reviews,
    tasks,
    ticket_links,
    tickets,
)
from socconsole.services.case_edit import edit_incident, edit_ticket
from socconsole.services.evidence import Capture
from socconsole.services.exports import Format, Order
from socconsole.services.findings import Check, Meaning
from socconsole.services.handoffs import Line
from socconsole.services.incident_log import Happening, KnownBad, Message
from socconsole.services.incidents import Declaration
from socconsole.services.ticket_clock import Stake
from socconsole.services.tickets import Report, Resolution
from socconsole.store.queries import handoffs as handoff_queries
from socconsole.store.queries import notes as note_queries
from socconsole.store.queries.actions import list_actions, list_entries
from socconsole.store.queries.subjects import Subject
from socconsole.store.queries.tickets import tasks_of
from socconsole.store.tables import Ticket
from tests.store.rows import an_alert

HOUR = timedelta(hours=1)
FALSE = parse_verdict("false_positive:bad_data")
MODULES = (
    "case_edit", "countermeasures", "declaring", "escalations", "evidence", "exports", "findings",
    "handoff_items", "handoffs", "incident_log", "incident_merge", "incidents", "notes",
    "observables", "outages", "precedents", "reviews", "tasks", "ticket_links", "tickets",
)  # fmt: skip


def verbs_written():
    """Return the verbs that stand in the services' recordings; those made up of parts apart."""
    found = set()
    for module in MODULES:
        path = Path(services.__path__[0]) / f"{module}.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "recording":
                (verb,) = (word.value for word in node.keywords if word.arg == "verb")
                if isinstance(verb, ast.Constant):
                    found.add(verb.value)
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "_Step":
                found.add(f"ticket.{node.args[0].value}")
    return found


class Walk:
    """Does one thing after the other, each by somebody else at another time."""

    def __init__(self, database, noon):
        self.database, self.noon = database, noon
        self.seen = set()
        self.steps = 0

    def does(self, verb, service, *arguments, **more):
        self.steps += 1
        by, now = f"analyst{self.steps}", self.noon + timedelta(seconds=self.steps)
        with self.database.begin() as session:
            result = service(session, *arguments, by=by, now=now, **more)
        with self.database.read() as session:
            entries = list_entries(session, by=by, limit=500)
            (action, *_) = list_actions(session, by=by)
        assert action.summary.split()[0] == DEEDS[verb].split()[0], (verb, action.summary)
        said = [entry for entry in entries if entry.at == now]
        assert said, f"{verb} left nothing in the audit"
        assert {entry.verb for entry in said} == {verb}
        for entry in said:
            assert entry.entity
            assert entry.before or entry.after, f"{verb} does not say what it did"
            if entry.operation == "update":
                assert entry.before.keys() == entry.after.keys()
                assert entry.before != entry.after
        self.seen.add(verb)
        return result


def test_every_verb_of_case_work_is_in_the_audit(database, noon):
    walk = Walk(database, noon)
    with database.begin() as session:
        ids = [an_alert(session, noon, fingerprint=f"f{n}").id for n in range(4)]
        business.put(session, business.ServiceEntry(name="shop"), by="mara", now=noon)
    one = walk.does("ticket.open", tickets.open_from_alerts, ids[:1])
    other = walk.does("ticket.open", tickets.open_by_hand, Report(title="b", category="phishing"))
    about = Subject("ticket", one.id, one.human_id)
    ticket_verbs(walk, one, other, ids)
    written(walk, about)
    incident = incident_verbs(walk, one, ids)
    review(walk, incident)
    handoff(walk)
    endings(walk, one, other)
    made_of_parts = {
        "ticket.edit", "incident.edit", "ticket.export", "incident.export",
        "countermeasure.approve", "countermeasure.activate", "countermeasure.verify",
        "countermeasure.remove",
    }  # fmt: skip
    assert walk.seen - made_of_parts == verbs_written()
    assert walk.seen >= made_of_parts


def ticket_verbs(walk, one, other, ids):
    walk.does("ticket.add_alerts", tickets.add_alerts, one.id, ids[1:2])
    walk.does("ticket.detach_alerts", tickets.detach_alerts, one.id, ids[1:2])
    walk.does("ticket.assign", tickets.assign, [one.id], "ben")
    walk.does("ticket.wait", tickets.wait, [one.id], "the ISP", walk.noon + HOUR)
    walk.does("ticket.start", tickets.start, [one.id])
    walk.does("ticket.watch", tickets.watch, [one.id], "lea")
    walk.does("ticket.set_priority", tickets.set_priority, [one.id], Stake(urgency=Level.LOW))
    walk.does("ticket.edit", edit_ticket, one.id, {"hypothesis": "a botnet"})
    walk.does("ticket.edit", edit_ticket, other.id, {"field:sender": "x@bad.example"})
    walk.does("ticket.link", ticket_links.link, one.id, other.id)
    walk.does("ticket.unlink", ticket_links.unlink, one.id, other.id)


def written(walk, about):
    note = walk.does("note.add", notes.add, about, "seen 192.0.2.7")
    walk.does("note.correct", notes.correct, note.id, "seen 192.0.2.8")
    check = Check(checked="a", result="b", meaning=Meaning.RULES_OUT)
    walk.does("finding.add", findings.add, about, check)
    piece = walk.does("evidence.attach", evidence.attach, about, Capture(content=b"x"))
    walk.does("evidence.export", evidence.content, piece.id, why="to look")
    walk.does("evidence.verify", evidence.verify)
    walk.does("task.add", tasks.add, about, [tasks.Step(title="x"), tasks.Step(title="y")])
    with walk.database.read() as session:
        first, second = [task.id for task in tasks_of(session, "ticket", about.id)][-2:]
        (value, *_) = note_queries.observables(session, "ticket", about.id)
    walk.does("task.finish", tasks.finish, first)
    walk.does("task.reopen", tasks.reopen, first)
    walk.does("task.cancel", tasks.cancel, second, "not needed")
    walk.does("observable.ignore", observables.ignore, value.id)
    walk.does("observable.follow", observables.ignore, value.id, ignored=False)
    walk.does("observable.ignore", observables.ignore_all, "10.0.0.0/8", "ours")
    walk.does("observable.follow", observables.follow_all, "10.0.0.0/8")
    request = escalations.Request(whom="ben", reason="whose is it")
    number = walk.does("escalation.ask", escalations.ask, about, request)
    walk.does("escalation.answer", escalations.answer, number, "ours")
    order = Order(format=Format.JSON, audience=Audience.ORGANISATION)
    walk.does("ticket.export", exports.export_ticket, about.id, order)


def incident_verbs(walk, one, ids):
    said = Declaration(severity=2, indicators=("bad.example",))
    case = Subject("ticket", one.id, one.human_id)
    row = walk.does("incident.declare", declaring.declare_from, [case], said)
    second = walk.does("incident.declare", declaring.declare_from_alerts, ids[2:3], said)
    third = walk.does("ticket.open", tickets.open_by_hand, Report(title="c"))
    walk.does("incident.attach", incidents.attach_ticket, row.id, third.id)
    walk.does("incident.merge", incident_merge.merge, second.id, row.id, "one and the same")
    walk.does("incident.phase", incidents.move_phase, row.id, "analysis")
    walk.does("incident.severity", incidents.set_severity, row.id, 1, "worse")
    walk.does("incident.role", incidents.assign_role, row.id, "scribe", "ben")
    walk.does("incident.command", incidents.take_command, row.id)
    walk.does("incident.edit", edit_incident, row.id, {"scope": "web-1"})
    happening = Happening(at=walk.noon, text="we pay nothing", kind="decision")
    entry = walk.does("incident.timeline", incident_log.add_timeline_entry, row.id, happening)
    walk.does("incident.timeline_remove", incident_log.remove_timeline_entry, entry)
    walk.does("incident.indicator", incident_log.add_indicator, row.id, KnownBad(text="1.2.3.4"))
    message = Message(audience="board", body="we look")
    walk.does("incident.communicate", incident_log.communicate, row.id, message)
    walk.does("incident.cadence", incident_log.set_cadence, row.id, 20)
    walk.does("incident.escalate", escalations.escalate, row.id, "may we?")
    walk.does("incident.outage", outages.record, row.id, "shop", (walk.noon - HOUR, None))
    proposal = countermeasures.Proposal(title="block", target="x")
    number = walk.does("countermeasure.propose", countermeasures.propose, row.id, proposal)
    for verb in ("approve", "activate", "verify"):
        walk.does(f"countermeasure.{verb}", countermeasures.move, number, verb)
    later = walk.noon + 9 * HOUR
    walk.does("countermeasure.extend", countermeasures.extend, number, later, "still there")
    walk.does("countermeasure.remove", countermeasures.move, number, "remove")
    order = Order(format=Format.STIX, audience=Audience.ORGANISATION)
    walk.does("incident.export", exports.export_incident, row.id, order)
    drill = walk.does("incident.declare", declaring.declare_from_alerts, ids[3:], said)
    walk.does("incident.end", incidents.end_early, drill.id, "declared_in_error", "a drill")
    return row


def review(walk, row):
    walk.does("incident.review", reviews.write, row.id, {"root_cause": "no MFA"})
    walk.does("incident.lesson", reviews.add_lesson, row.id, "look at the VPN")
    report = Report(title="Require MFA")
    walk.does("incident.action_item", reviews.add_action, row.id, report)
    walk.does("incident.reviewed", reviews.finish, row.id)
    thought = {"next_step": "close it", "deadline": walk.noon, "unchecked": "-", "hypothesis": "x"}
    walk.does("incident.edit", edit_incident, row.id, thought)


def handoff(walk):
    with walk.database.begin() as session:
        for ticket in session.exec(select(Ticket)).all():
            ticket.hypothesis = ticket.unchecked = ticket.next_step = "x"
            ticket.deadline = walk.noon
    walk.does("note.add", notes.add, Subject("alert", 2, "alert:2"), "ours, it seems")
    walk.does("handoff.write", handoffs.write, "Busy.")
    walk.does("handoff.line", handoffs.add_line, Line(section=Section.TUNING, text="less noise"))
    row = walk.does("handoff.sign", handoffs.sign)
    with walk.database.read() as session:
        first, second, *_ = [item.id for item in handoff_queries.items(session, row.id)]
    walk.does("handoff.refuse", handoff_items.refuse, first, "unclear")
    walk.does("handoff.accept", handoff_items.accept, row.id, [second])
    walk.does("handoff.amend", handoffs.amend, row.id, "the VPN too")


def endings(walk, one, other):
    third = walk.does("ticket.open", tickets.open_by_hand, Report(title="d"))
    walk.does("ticket.resolve", tickets.resolve, [third.id], Resolution(FALSE))
    walk.does("ticket.close", tickets.close, [third.id])
    fourth = walk.does("ticket.open", tickets.open_by_hand, Report(title="d again"))
    walk.does("ticket.same_as", precedents.apply, fourth.id, third.id)
    walk.does("ticket.reopen", tickets.reopen, [third.id], "it came back")
    walk.does("ticket.merge", ticket_links.merge, [third.id], one.id)
