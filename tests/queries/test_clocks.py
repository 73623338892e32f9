"""The clocks of a shift name what is due next."""

from datetime import timedelta

from socconsole.core.severity import Severity
from socconsole.services import alerts
from socconsole.store.queries.clocks import Due, shift_clocks
from socconsole.store.tables import Countermeasure, Escalation, Incident, Task, Ticket
from tests.services.alert_making import NOON, bring, detection, minutes
from tests.store.rows import an_alert

TARGETS = {Severity.CRITICAL: minutes(15), Severity.HIGH: minutes(60), Severity.LOW: minutes(999)}


def clocks(database, now):
    with database.read() as session:
        return shift_clocks(session, now, TARGETS)


def test_nothing_is_due_where_there_is_nothing(database):
    empty = clocks(database, NOON)
    assert (empty.acknowledge, empty.missed, empty.ticket, empty.incident) == (None, 0, None, None)


def test_the_next_alert_to_breach_is_named_and_missed_ones_are_counted(database):
    critical, high, _ = bring(
        database,
        detection("A", level=Severity.CRITICAL),
        detection("B", level=Severity.HIGH),
        detection("C", level=Severity.LOW),
    ).alert_ids
    assert clocks(database, NOON).acknowledge == Due(f"alert {critical}", NOON + minutes(15))
    later = clocks(database, NOON + minutes(20))
    assert (later.acknowledge, later.missed) == (Due(f"alert {high}", NOON + minutes(60)), 1)
    with database.begin() as session:
        alerts.acknowledge(session, [critical, high], by="mara", now=NOON)
    assert clocks(database, NOON + minutes(20)).missed == 0


def test_tickets_and_incidents_are_named_by_their_due_time(database):
    with database.begin() as session:
        for number, (status, hours) in enumerate((("open", 5), ("closed", 1), ("open", 3))):
            session.add(
                Ticket(
                    human_id=f"SOC-2026-00{number}",
                    title="t",
                    status=status,
                    opened_at=NOON,
                    opened_by="mara",
                    due_at=NOON + timedelta(hours=hours),
                )
            )
        session.add(
            Incident(
                human_id="INC-2026-001",
                title="i",
                severity=2,
                declared_at=NOON,
                declared_by="mara",
                next_update_due_at=NOON - minutes(5),
            )
        )
    now = clocks(database, NOON)
    assert now.ticket == Due("SOC-2026-002", NOON + timedelta(hours=3))
    assert now.incident == Due("INC-2026-001", NOON - minutes(5))


def test_the_first_duty_is_named_whatever_it_is(database):
    with database.begin() as session:
        incident = Incident(
            human_id="INC-2026-001", title="i", severity=2, declared_at=NOON, declared_by="mara"
        )
        session.add(incident)
        session.flush()
        assert clocks_in(session).duty is None
        measure = Countermeasure(
            incident_id=1, title="block", target="x", state="active", proposed_at=NOON,
            proposed_by="mara", expires_at=NOON + minutes(50),
        )  # fmt: skip
        session.add(measure)
        assert clocks_in(session).duty.name == "INC-2026-001 take back block"
        session.add(
            Task(
                subject_kind="incident", subject_id=1, title="Tell management", created_at=NOON,
                created_by="mara", due_at=NOON + minutes(40),
            )
        )  # fmt: skip
        assert clocks_in(session).duty.name == "INC-2026-001 tell management"
        incident.escalate_to, incident.escalate_at = "head of IT", NOON + minutes(30)
        assert clocks_in(session).duty == Due("INC-2026-001 ask head of IT", NOON + minutes(30))
        incident.phase, incident.review_due_at = "post_incident", NOON + minutes(20)
        assert clocks_in(session).duty.name == "INC-2026-001 review"
        incident.review_due_at = NOON + timedelta(days=3)
        session.add(
            Ticket(
                human_id="SOC-2026-009", title="t", status="waiting", opened_at=NOON,
                opened_by="mara", waiting_on="the ISP", chase_at=NOON + minutes(10),
            )
        )  # fmt: skip
        assert clocks_in(session).duty.name == "SOC-2026-009 chase the ISP"


def test_whom_we_asked_is_to_be_asked_again_while_the_case_is_open(database):
    with database.begin() as session:
        ticket = Ticket(human_id="SOC-2026-009", title="t", opened_at=NOON, opened_by="mara")
        incident = Incident(
            human_id="INC-2026-001", title="i", severity=2, declared_at=NOON, declared_by="mara"
        )
        alert = an_alert(session, NOON)
        session.add_all((ticket, incident))
        session.flush()
        asked = [
            Escalation(
                subject_kind=kind, subject_id=1, whom="ben", asked_at=NOON, asked_by="mara",
                next_contact_at=NOON + minutes(ahead),
            )
            for kind, ahead in (("ticket", 10), ("incident", 20), ("alert", 30))
        ]  # fmt: skip
        session.add_all(asked)
        assert clocks_in(session).duty == Due("SOC-2026-009 ask ben again", NOON + minutes(10))
        ticket.resolved_at = NOON
        assert clocks_in(session).duty.name == "INC-2026-001 ask ben again"
        asked[1].answered_at = NOON
        assert clocks_in(session).duty.name == f"alert {alert.id} ask ben again"
        alert.is_open, alert.status = False, "closed"
        assert clocks_in(session).duty is None


def clocks_in(session):
    session.flush()
    return shift_clocks(session, NOON, TARGETS)
