"""A store in which a team has worked: at least one of everything a screen can show."""

from datetime import datetime, timedelta

from socconsole.core.detection import Detection
from socconsole.core.disposition import Disposition, Verdict
from socconsole.core.event import Event, RawLine
from socconsole.core.severity import Severity
from socconsole.core.shift_facts import Section
from socconsole.services import (
    alerts,
    assets,
    countermeasures,
    escalations,
    evidence,
    findings,
    handoffs,
    incident_log,
    incidents,
    notes,
    reviews,
    suppressions,
    tasks,
    ticket_links,
    tickets,
    views,
)
from socconsole.store.database import Database, Session
from socconsole.store.events import EventStore
from socconsole.store.queries.subjects import subject
from socconsole.store.tables import Outage, RuleRecord, Service, SourceNote
from tests.services.alert_making import bring, detection
from tests.store.rows import a_source

ME, COLLEAGUE = "mara", "ben"
_LEVELS = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)


def fill(database: Database, now: datetime, *, copies: int = 2) -> None:
    """Work in an empty store as a team would.

    Args:
        database: Is written into.
        now: When the last of it happens.
        copies: How many rows every list gets at least; half of the alerts are in tickets.

    """
    early = now - timedelta(hours=2)
    bring(database, *(_detected(n, early) for n in range(2 * copies)), now=early)
    _store_events(database, copies, early)
    with database.begin() as session:
        _describe(session, copies, early)
        for number in range(1, copies + 1):
            _work_ticket(session, number, early + timedelta(minutes=20))
        ticket_links.link(session, 1, 2, by=ME, now=early)
        for number in range(1, copies + 1):
            _work_incident(session, number, early + timedelta(minutes=40))
        _work_alert(session, 2 * copies, now)
    with database.begin() as session:
        _quieten(session, copies, now)
        _hand_over(session, now)


def _detected(number: int, at: datetime) -> Detection:
    return detection(
        f"Rule {number + 1}",
        level=_LEVELS[number % 4],
        at=at + timedelta(minutes=number % 60),
        host=f"web-{number + 1}",
        user=f"user-{number + 1}",
        src_ip=f"203.0.113.{number % 250 + 1}",
    )


def _store_events(database: Database, copies: int, at: datetime) -> None:
    events = EventStore(database)
    for number in range(copies):
        name = f"log-{number + 1}"
        with database.begin() as session:
            row = a_source(session, at, name)
            batch = [_event(name, n, at) for n in range(2)]
            row.lines, row.unparsed, row.error = 2, 1, "permission denied"
            row.pattern, row.format, row.group = f"/var/log/{name}", "plain", "web"
            row.last_event_time = row.last_read_at = at
            events.append(session, row.id, row.id, batch, read_at=at)
            session.add(
                SourceNote(
                    source_id=row.id, kind="rotation", at=at, path=row.pattern, detail="to .1"
                )
            )
    events.close()


def _event(source: str, number: int, at: datetime) -> Event:
    text = f"{source} line {number}"
    line = RawLine(source, 1, number * 100, text.encode(), number * 100 + 99, f"/var/log/{source}")
    fields = {"message": text, "host": "web-1"}
    return Event("plain", (), fields, text, at, names={"host.name": "host"}, line=line)


def _describe(session: Session, copies: int, now: datetime) -> None:
    """Fill in what only a collector, an importer or an administrator writes."""
    for number in range(1, 2 * copies + 1):
        session.add(
            RuleRecord(
                id=f"id-Rule {number}",
                title=f"Rule {number}",
                severity=_LEVELS[number % 4],
                author="somebody",
                description="What it looks for.",
                body=f"title: Rule {number}\nlevel: high",
                tags=["attack.t1110"],
                references=["https://example.org"],
                false_positives=["backups"],
                runbook="brute_force",
                path=f"/rules/{number}.yml",
                loaded_at=now,
                detections=number,
            )
        )
    entries = [
        assets.AssetEntry(name=f"web-{n}", owner="web team", contact="4711", description="A shop")
        for n in range(1, copies + 1)
    ]
    assets.put(session, entries, by=COLLEAGUE, now=now)
    service = Service(name="shop", owner="web team", created_at=now, created_by=COLLEAGUE)
    session.add(service)
    session.flush()
    session.add(Outage(service_id=service.id, down_from=now))


def _work_ticket(session: Session, number: int, now: datetime) -> None:
    if number % 2:
        made = tickets.open_from_alerts(session, [number], by=ME, now=now)
    else:
        report = tickets.Report(
            title=f"Report {number}",
            description="It looked strange.",
            reporter="J. Doe",
            contact="4711",
            channel="phone",
            tags=("phishing",),
            assignee=COLLEAGUE,
        )
        made = tickets.open_by_hand(session, report, by=COLLEAGUE, now=now)
    about = subject(session, made.human_id)
    notes.add(session, about, f"asked the owner of web-{number}", by=COLLEAGUE, now=now)
    check = findings.Check(
        checked="the login", result="none after 12:00", meaning=findings.Meaning.RULES_OUT
    )
    findings.add(session, about, check, by=ME, now=now)
    step = tasks.Step(title="Lock the account", description="at the directory", team="IT")
    tasks.add(session, about, [step], by=ME, now=now)
    evidence.attach(
        session, about, evidence.file_capture(b"a dump", "/tmp/dump.txt"), by=ME, now=now
    )
    request = escalations.Request(whom="the ISP", reason="block it", channel="mail")
    answered = escalations.ask(session, about, request, by=ME, now=now)
    escalations.answer(session, answered, "they will", by=ME, now=now)
    row = tickets.get(session, made.id)
    row.hypothesis, row.unchecked, row.next_step = "a botnet", "the gateway", "ask the owner"
    row.deadline = now + timedelta(hours=8)
    session.add(row)


def _work_incident(session: Session, number: int, now: datetime) -> None:
    wish = incidents.Declaration(
        severity=2,
        title=f"Intruder {number}",
        summary="Somebody is in.",
        scope="the web tier",
        roles={"scribe": [COLLEAGUE]},
        indicators=["bad.example"],
    )
    made = incidents.declare(session, number, wish, by=ME, now=now)
    about = subject(session, made.human_id)
    incidents.move_phase(session, made.id, "analysis", by=ME, now=now)
    notes.add(session, about, "the phone rang", by=COLLEAGUE, now=now)
    happened = incident_log.Happening(at=now, text="took the host off", kind="decision")
    incident_log.add_timeline_entry(session, made.id, happened, by=ME, now=now)
    told = incident_log.Message(audience="board", body="we are on it", channel="phone")
    incident_log.communicate(session, made.id, told, by=ME, now=now)
    block = countermeasures.Proposal(title="block", target="bad.example", rollback="unblock")
    countermeasures.propose(session, made.id, block, by=ME, now=now)
    reviews.write(session, made.id, {"root_cause": "no MFA"}, by=ME, now=now)
    reviews.add_lesson(session, made.id, "look at the VPN", by=ME, now=now)
    row = incidents.get(session, made.id)
    row.next_step, row.blockers = "watch the proxy", "no proxy log"
    session.add(row)


def _work_alert(session: Session, alert_id: int, now: datetime) -> None:
    about = subject(session, f"alert:{alert_id}")
    notes.add(session, about, "seen before", by=COLLEAGUE, now=now)
    check = findings.Check(
        checked="the host", result="known scanner", meaning=findings.Meaning.SUPPORTS
    )
    findings.add(session, about, check, by=COLLEAGUE, now=now)
    alerts.assign(session, [alert_id], COLLEAGUE, by=ME, now=now)
    alerts.shelve(
        session, [alert_id - 1], until=now + timedelta(hours=1), reason="patch", by=ME, now=now
    )
    verdict = Verdict(Disposition.FALSE_POSITIVE, "rule_logic")
    alerts.close(session, [alert_id - 2], verdict, by=ME, now=now)


def _quieten(session: Session, copies: int, now: datetime) -> None:
    for number in range(1, copies + 1):
        until = now + timedelta(hours=4)
        wish = suppressions.wish_from_alert(session, number, reason="a scanner", until=until)
        suppressions.create(session, wish, by=ME, now=now)
    views.save(session, "Web", "host:web*", by=ME, now=now)
    views.save(session, "Team", "host:web-1", by=COLLEAGUE, now=now, shared=True)


def _hand_over(session: Session, now: datetime) -> None:
    line = handoffs.Line(section=Section.WATCH_LIST, text="if host-9 calls out, isolate it")
    handoffs.add_line(session, line, by=COLLEAGUE, now=now)
    handoffs.write(session, "One intruder, the shop is down.", by=COLLEAGUE, now=now)
    handoffs.sign(session, by=COLLEAGUE, now=now)
    handoffs.amend(session, 1, "The shop is up.", by=COLLEAGUE, now=now)
