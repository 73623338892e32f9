import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlmodel import select

from socconsole.core.kpi import figures
from socconsole.core.policy import SlaPolicy
from socconsole.core.tlp import Tlp
from socconsole.errors import ConflictError, ForbiddenError, TransitionError, UsageError
from socconsole.services import (
    business,
    countermeasures,
    declaring,
    escalations,
    incident_log,
    incidents,
    outages,
    response_plan,
    ticket_links,
    tickets,
)
from socconsole.services.case_edit import edit_incident
from socconsole.services.incident_log import Happening, KnownBad, Message
from socconsole.services.incident_merge import merge
from socconsole.services.incidents import Declaration, Impact
from socconsole.services.tickets import Report
from socconsole.store.queries import incidents as queries
from socconsole.store.queries import notes as note_queries
from socconsole.store.queries.incident_file import incident_file
from socconsole.store.queries.kpi import kpi_facts
from socconsole.store.tables import Alert, Incident, Ticket
from tests.store.rows import an_alert

HOUR = timedelta(hours=1)
SEV3 = Declaration(severity=3)


def declared(session, noon, severity=3, by="mara", fingerprint="f"):
    alert = an_alert(
        session, noon, fingerprint=fingerprint, first_seen=noon - HOUR, created_at=noon - HOUR / 2
    )
    ticket = tickets.open_from_alerts(session, [alert.id], by=by, now=noon)
    said = Declaration(severity=severity)
    return incidents.declare(session, ticket.id, said, by=by, now=noon + HOUR / 4)


def test_declaring_takes_ticket_alerts_and_clocks_along(database, noon):
    with database.begin() as session:
        row = declared(session, noon)
        alert = session.get(Alert, 1)
    assert (row.human_id, row.severity, row.phase) == ("INC-2026-001", 3, "declared")
    assert row.tickets == ("SOC-2026-001",)
    assert (row.started_at, row.detected_at) == (noon - HOUR, noon - HOUR / 2)
    assert row.first_response_at == noon
    assert row.declared_at == noon + HOUR / 4
    assert row.commander == "mara"
    assert alert.incident_id == row.id


def test_declaring_from_an_alert_opens_its_ticket_in_the_same_action(database, noon):
    from socconsole.store.undo import last_action, undo

    with database.begin() as session:
        alert = an_alert(session, noon)
    with database.begin() as session:
        row = declaring.declare_from_alerts(session, [alert.id], SEV3, by="mara", now=noon)
    assert row.tickets == ("SOC-2026-001",)
    with database.begin() as session:
        undo(session, last_action(session, "mara"), by="mara", now=noon)
    with database.read() as session:
        assert queries.incidents(session) == ()
        assert session.get(Alert, alert.id).status == "new"
        assert session.get(Incident, row.id).voided_at is not None


def test_a_ticket_is_in_one_incident(database, noon):
    with database.begin() as session:
        row = declared(session, noon)
        ticket_id = session.get(Alert, 1).ticket_id
        with pytest.raises(TransitionError, match=f"{row.human_id} already"):
            incidents.declare(session, ticket_id, SEV3, by="ben", now=noon)


def test_the_clocks_begin_with_the_earliest_alert_however_it_came_in(database, noon):
    def earlier(session, hours):
        long_ago = noon - hours * HOUR
        return an_alert(
            session, noon, fingerprint=f"-{hours}", first_seen=long_ago, created_at=long_ago
        ).id

    with database.begin() as session:
        row = declared(session, noon)
        (ticket_id,) = [t.id for t in session.exec(select(Ticket))]
        tickets.add_alerts(session, ticket_id, [earlier(session, 3)], by="mara", now=noon)
        (added,) = queries.by_ids(session, [row.id])
        other = tickets.open_from_alerts(session, [earlier(session, 5)], by="mara", now=noon)
        ticket_links.merge(session, [other.id], ticket_id, by="mara", now=noon)
        (merged,) = queries.by_ids(session, [row.id])
    assert (added.started_at, added.detected_at) == (noon - 3 * HOUR, noon - 3 * HOUR)
    assert (merged.started_at, merged.detected_at) == (noon - 5 * HOUR, noon - 5 * HOUR)


def test_alerts_are_attached_whole_with_the_ticket_that_some_are_in(database, noon):
    with database.begin() as session:
        row = declared(session, noon)
        loose, held = (an_alert(session, noon, fingerprint=name) for name in ("loose", "held"))
        ticket = tickets.open_from_alerts(session, [held.id], by="mara", now=noon)
        declaring.attach_alerts(session, row.id, [loose.id, held.id], by="mara", now=noon)
        assert {loose.ticket_id, held.ticket_id} == {ticket.id}
        assert {loose.incident_id, held.incident_id} == {row.id}
        more = an_alert(session, noon, fingerprint="more")
        whole = declaring.attach_alerts(session, row.id, [held.id, more.id], by="mara", now=noon)
        assert (more.incident_id, len(whole.tickets)) == (row.id, 2)


def test_nobody_waits_for_an_update_on_a_closed_incident(database, noon):
    with database.begin() as session:
        row = declared(session, noon)
        incident_log.set_cadence(session, row.id, 30, by="mara", now=noon)
        incidents.end_early(session, row.id, "declared_in_error", "a drill", by="mara", now=noon)
        last = Message(audience="staff", body="It was a drill.")
        assert incident_log.communicate(session, row.id, last, by="mara", now=noon) is None
        with pytest.raises(TransitionError, match="closed"):
            incident_log.set_cadence(session, row.id, 30, by="mara", now=noon)
        again = Message(audience="staff", body="More.", next_update_in=HOUR)
        with pytest.raises(TransitionError, match="closed"):
            incident_log.communicate(session, row.id, again, by="mara", now=noon)


def test_there_are_five_severities(database, noon):
    with database.begin() as session, pytest.raises(UsageError, match="SEV6"):
        declared(session, noon, severity=6)


def test_impact_and_roles_are_said_at_the_start(database, noon):
    said = Declaration(
        severity=2,
        impact=Impact(functional="high", confidentiality="high", recoverability="extended"),
        roles={"scribe": ("ben",), "responder": ("ann", "tom")},
        tlp="RED",
    )
    with database.begin() as session:
        ticket = tickets.open_by_hand(session, Report(title="x"), by="mara", now=noon)
        row = incidents.declare(session, ticket.id, said, by="mara", now=noon)
        detail = queries.detail(session, row.id)
    assert detail.impact["functional"] == "high"
    assert detail.impact["recoverability"] == "extended"
    assert row.roles == {"commander": ("mara",), "scribe": ("ben",), "responder": ("ann", "tom")}
    assert row.tlp == "RED"


def test_phases_run_forward_and_back_with_a_reason_and_every_entry_is_kept(database, noon):
    with database.begin() as session:
        row = declared(session, noon)
        for step, phase in enumerate(("analysis", "containment", "eradication"), start=1):
            moved = incidents.move_phase(session, row.id, phase, by="mara", now=noon + step * HOUR)
        assert moved.contained_at == noon + 3 * HOUR
        with pytest.raises(TransitionError, match="reason"):
            incidents.move_phase(session, row.id, "analysis", by="mara", now=noon)
        back = incidents.move_phase(
            session, row.id, "containment", "a second host", by="ben", now=noon + 5 * HOUR
        )
        assert back.contained_at is None
        again = incidents.move_phase(session, row.id, "eradication", by="ben", now=noon + 6 * HOUR)
        phases = queries.detail(session, row.id).phases
    assert again.contained_at == noon + 6 * HOUR
    assert [p.phase for p in phases] == [
        "declared",
        "analysis",
        "containment",
        "eradication",
        "containment",
        "eradication",
    ]
    assert phases[4].reason == "a second host"
    assert [p.left_at is None for p in phases] == [False] * 5 + [True]


def test_phases_cannot_be_skipped(database, noon):
    with database.begin() as session:
        row = declared(session, noon)
        with pytest.raises(TransitionError, match="declared: 'recovery' is not possible"):
            incidents.move_phase(session, row.id, "recovery", by="mara", now=noon)


def test_a_sev2_closes_only_after_its_review(database, noon):
    phases = ("analysis", "containment", "eradication", "recovery", "post_incident")
    with database.begin() as session:
        row = declared(session, noon, severity=2)
        for phase in phases:
            incidents.move_phase(session, row.id, phase, by="mara", now=noon)
        with pytest.raises(TransitionError, match="review"):
            incidents.move_phase(session, row.id, "closed", by="mara", now=noon)


def test_the_review_is_due_five_working_days_after_recovery(database, noon):
    phases = ("analysis", "containment", "eradication", "recovery", "post_incident")
    with database.begin() as session:
        row = declared(session, noon, severity=2)
        assert row.review_due_at is None
        for phase in phases:
            row = incidents.move_phase(session, row.id, phase, by="mara", now=noon)
        # Noon is a Saturday: Monday is the first working day, Friday the fifth.
        assert row.review_due_at == noon + timedelta(days=6)
        again = incidents.move_phase(session, row.id, "recovery", "back", by="mara", now=noon)
        assert again.review_due_at is None


def test_a_false_alarm_ends_early_with_its_reason(database, noon):
    with database.begin() as session:
        row = declared(session, noon, severity=1)
        ended = incidents.end_early(
            session, row.id, "declared_in_error", "a drill", by="mara", now=noon
        )
    assert (ended.phase, ended.outcome) == ("closed", "declared_in_error")


def test_command_moves_only_when_somebody_takes_it(database, noon):
    with database.begin() as session:
        row = declared(session, noon)
        with pytest.raises(TransitionError, match="not assigned"):
            incidents.assign_role(session, row.id, "commander", "ben", by="mara", now=noon)
        assert incidents.take_command(session, row.id, by="ben", now=noon).commander == "ben"
        with pytest.raises(TransitionError, match="already"):
            incidents.take_command(session, row.id, by="ben", now=noon)


def test_a_role_is_had_once(database, noon):
    roles = {"responder": ("ben", "ben")}
    with database.begin() as session:
        ticket = tickets.open_by_hand(session, Report(title="x"), by="mara", now=noon)
        said = Declaration(severity=3, roles=roles)
        row = incidents.declare(session, ticket.id, said, by="mara", now=noon)
        assert row.roles["responder"] == ("ben",)
        with pytest.raises(TransitionError, match="ben is responder"):
            incidents.assign_role(session, row.id, "responder", "ben", by="mara", now=noon)


def test_a_deputy_named_by_two_at_the_same_moment_is_one(database, noon):
    with database.begin() as session:
        incident_id = declared(session, noon).id
    start = threading.Barrier(2)

    def name(by: str) -> None:
        with database.begin() as session:
            if not database.is_sqlite:  # there one waits for the other to begin
                start.wait(10)
            incidents.assign_role(session, incident_id, "deputy", by, by=by, now=noon)

    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(name, by) for by in ("ann", "ben")]
    refused = [each.exception() for each in asked if each.exception()]
    assert [type(each) for each in refused] == [] if database.is_sqlite else [ConflictError]
    with database.read() as session:
        assert len(queries.by_ids(session, [incident_id])[0].roles["deputy"]) == 1


def test_one_deputy_at_a_time_but_any_number_of_responders(database, noon):
    with database.begin() as session:
        row = declared(session, noon)
        for role, login in (
            ("deputy", "a"),
            ("deputy", "b"),
            ("responder", "c"),
            ("responder", "d"),
        ):
            row = incidents.assign_role(session, row.id, role, login, by="mara", now=noon)
    assert row.roles["deputy"] == ("b",)
    assert row.roles["responder"] == ("c", "d")


def test_a_countermeasure_lives_step_by_step(database, noon):
    proposal = countermeasures.Proposal(
        title="block", target="203.0.113.7", rollback="remove the rule"
    )
    with database.begin() as session:
        row = declared(session, noon)
        number = countermeasures.propose(session, row.id, proposal, by="mara", now=noon)
        with pytest.raises(TransitionError, match="proposed: 'verify' is not possible"):
            countermeasures.move(session, number, "verify", by="ben", now=noon)
        for verb in ("approve", "activate", "verify", "remove"):
            countermeasures.move(session, number, verb, by="ben", now=noon)
        (kept,) = queries.countermeasures(session, row.id)
    assert kept.state == "removed"
    assert [step for step, _, _ in kept.steps] == [
        "proposed",
        "approved",
        "activated",
        "verified",
        "removed",
    ]


def in_force(session, incident_id, noon, expires_at):
    proposal = countermeasures.Proposal(
        title="block", target="x", rollback="unblock", expires_at=expires_at
    )
    number = countermeasures.propose(session, incident_id, proposal, by="mara", now=noon)
    for verb in ("approve", "activate"):
        countermeasures.move(session, number, verb, by="mara", now=noon)
    return number


def test_what_has_expired_is_taken_back_or_extended_before_the_end(database, noon):
    phases = ("analysis", "containment", "eradication", "recovery", "post_incident")
    later = noon + 2 * HOUR
    with database.begin() as session:
        row = declared(session, noon)
        number = in_force(session, row.id, noon, noon + HOUR)
        for phase in phases:
            incidents.move_phase(session, row.id, phase, by="mara", now=noon)
        (overdue,) = queries.overdue_measures(session, later, [row.id])[row.id]
        assert overdue.is_overdue(later)
        with pytest.raises(TransitionError, match="expired and is still in force"):
            incidents.move_phase(session, row.id, "closed", by="mara", now=later)
        with pytest.raises(TransitionError, match="passed"):
            countermeasures.extend(session, number, noon, "why", by="mara", now=later)
        countermeasures.extend(session, number, None, "for good", by="mara", now=later)
        closed = incidents.move_phase(session, row.id, "closed", by="mara", now=later)
    assert closed.outcome == "confirmed"


def test_what_expired_before_it_began_is_not_activated(database, noon):
    proposal = countermeasures.Proposal(title="block", target="x", expires_at=noon + HOUR)
    with database.begin() as session:
        row = declared(session, noon)
        number = countermeasures.propose(session, row.id, proposal, by="mara", now=noon)
        countermeasures.move(session, number, "approve", by="mara", now=noon)
        with pytest.raises(TransitionError, match="expired at"):
            countermeasures.move(session, number, "activate", by="mara", now=noon + HOUR)


def test_two_incidents_that_are_one_are_merged_and_undone(database, noon):
    from socconsole.store.undo import last_action, undo

    with database.begin() as session:
        one, other = declared(session, noon), declared(session, noon - HOUR)
        number = in_force(session, one.id, noon, None)
        incident_log.add_indicator(session, one.id, KnownBad(text="1.2.3.4"), by="mara", now=noon)
        happening = Happening(at=noon, text="the phone rang")
        incident_log.add_timeline_entry(session, one.id, happening, by="mara", now=noon)
    with database.begin() as session:
        merge(session, one.id, other.id, "the same address", by="mara", now=noon)
    with database.read() as session:
        ended, whole = queries.detail(session, one.id), incident_file(session, other.id)
        assert session.get(Alert, 1).incident_id == other.id
    assert (ended.row.phase, ended.row.outcome) == ("closed", "merged")
    assert (ended.merged_into, ended.row.contained_at) == (other.human_id, None)
    assert whole.detail.row.tickets == ("SOC-2026-001", "SOC-2026-002")
    assert whole.detail.row.started_at == min(one.started_at, other.started_at)
    assert [measure.id for measure in whole.detail.countermeasures] == [number]
    assert [value.value for value in whole.indicators] == ["1.2.3.4"]
    assert "the phone rang" in [row.text for row in whole.timeline]
    with database.begin() as session:
        undo(session, last_action(session, "mara"), by="mara", now=noon)
    with database.read() as session:
        assert queries.detail(session, one.id).row.tickets == ("SOC-2026-001",)
        assert queries.detail(session, one.id).row.outcome is None


def test_the_escalation_path_names_who_is_next_until_somebody_answers(database, noon):
    with database.begin() as session:
        row = declared(session, noon, severity=1)
        declared_at = row.declared_at
        assert (row.escalate_to, row.escalate_at) == ("shift lead", declared_at)
        asked = escalations.escalate(session, row.id, "who decides?", by="mara", now=noon)
        (row,) = queries.by_ids(session, [row.id])
        assert (asked, row.escalate_to) == ("shift lead", "incident manager on call")
        assert row.escalate_at == declared_at + timedelta(minutes=15)
        escalations.escalate(session, row.id, "who decides?", "phone", by="mara", now=noon)
        first, second = note_queries.escalations(session, "incident", row.id)
        assert first.next_contact_at == declared_at + timedelta(minutes=15)
        escalations.answer(session, second.id, "I do", by="mara", now=noon)
        (row,) = queries.by_ids(session, [row.id])
        assert (row.escalate_to, row.escalate_at) == (None, None)
        with pytest.raises(TransitionError, match="Nobody is left"):
            escalations.escalate(session, row.id, "x", by="mara", now=noon)


def test_telling_somebody_the_plan_names_finishes_that_task(database, noon):
    with database.begin() as session:
        row = declared(session, noon, severity=2)
        assert "management" in response_plan.to_tell(session, row.id)
        message = Message(audience=" Management", body="an intruder")
        incident_log.communicate(session, row.id, message, by="mara", now=noon)
        assert "management" not in response_plan.to_tell(session, row.id)


def test_indicators_are_confirmed_from_defanged_text(database, noon):
    known = KnownBad(text="hxxp://bad[.]example/x", origin="sandbox", tlp=Tlp.GREEN)
    with database.begin() as session:
        row = declared(session, noon)
        values = incident_log.add_indicator(session, row.id, known, by="mara", now=noon)
        seen = note_queries.observables(session, "incident", row.id)
    assert [value.value for value in values] == ["http://bad.example/x", "bad.example"]
    assert all(o.indicator and o.confirmed_at == noon for o in seen)
    assert {(o.origin, o.tlp) for o in seen} == {("sandbox", "GREEN")}


def test_a_text_without_values_is_no_indicator(database, noon):
    with database.begin() as session:
        row = declared(session, noon)
        with pytest.raises(UsageError, match="holds no"):
            incident_log.add_indicator(session, row.id, KnownBad(text="hm"), by="mara", now=noon)


def test_a_message_sets_the_clock_of_the_next_one(database, noon):
    with database.begin() as session:
        row = declared(session, noon)
        incident_log.set_cadence(session, row.id, 20, by="mara", now=noon)
        message = Message(audience="management", body="contained", channel="mail")
        due = incident_log.communicate(session, row.id, message, by="mara", now=noon + HOUR)
        detail = queries.detail(session, row.id)
    assert due == noon + HOUR + timedelta(minutes=20)
    assert detail.row.next_update_due_at == due
    assert [c.audience for c in detail.communications] == ["management"]


def test_a_decision_is_a_line_of_the_timeline(database, noon):
    happening = Happening(at=noon - HOUR, text="we do not pay", kind="decision")
    with database.begin() as session:
        row = declared(session, noon)
        assert incident_log.add_timeline_entry(session, row.id, happening, by="mara", now=noon)
        wrong = Happening(at=noon, text="x", kind="rumour")
        with pytest.raises(UsageError, match="kind"):
            incident_log.add_timeline_entry(session, row.id, wrong, by="mara", now=noon)


def test_the_severity_changes_with_a_reason(database, noon):
    with database.begin() as session:
        row = declared(session, noon)
        worse = incidents.set_severity(session, row.id, 1, "data is out", by="mara", now=noon)
        with pytest.raises(TransitionError, match="reason"):
            incidents.set_severity(session, row.id, 2, "", by="mara", now=noon)
    assert (worse.severity, worse.escalate_to) == (1, "shift lead")


def test_incidents_are_listed_worst_first(database, noon):
    with database.begin() as session:
        three, one = declared(session, noon, 3), declared(session, noon, 1)
        assert [row.id for row in queries.incidents(session)] == [one.id, three.id]


def test_nothing_the_adversary_may_notice_is_done_under_pap_amber(database, noon):
    proposal = countermeasures.Proposal(title="block", target="203.0.113.7")
    with database.begin() as session:
        row = declared(session, noon)
        number = countermeasures.propose(session, row.id, proposal, by="mara", now=noon)
        countermeasures.move(session, number, "approve", by="mara", now=noon)
        edit_incident(session, row.id, {"pap": "AMBER"}, by="mara", now=noon)
        with pytest.raises(ForbiddenError, match="PAP:AMBER"):
            countermeasures.move(session, number, "activate", by="mara", now=noon)
        edit_incident(session, row.id, {"pap": "GREEN"}, by="mara", now=noon)
        assert countermeasures.move(session, number, "activate", by="mara", now=noon) == "active"


def test_downtime_is_minutes_of_a_service_in_an_incident(database, noon):
    with database.begin() as session:
        row = declared(session, noon)
        business.put(session, business.ServiceEntry(name="Shop"), by="mara", now=noon)
        outages.record(session, row.id, "shop", (noon - HOUR, None), by="mara", now=noon)
        outages.record(session, row.id, "shop", (noon - HOUR, noon), by="mara", now=noon)
        with pytest.raises(UsageError, match="before"):
            outages.record(session, row.id, "shop", (noon, noon - HOUR), by="mara", now=noon)
        facts = kpi_facts(session, noon - HOUR, noon + HOUR, SlaPolicy())
    found = {figure.name: figure for figure in figures(facts)}["downtime"]
    assert (found.value, found.n, found.unit.value) == (60, 1, "minutes")


def test_an_objective_says_how_much_of_its_downtime_a_service_has_used(database, noon):
    """Two incidents may tell of the same hour; it was lost once."""
    shop = business.ServiceEntry(name="shop", objective=90)
    with database.begin() as session:
        business.put(session, shop, by="mara", now=noon)
        for number in range(2):
            row = declared(session, noon, fingerprint=str(number))
            outages.record(session, row.id, "shop", (noon - HOUR, noon), by="mara", now=noon)
        facts = kpi_facts(session, noon - 19 * HOUR, noon + HOUR, SlaPolicy())
    found = {figure.name: figure for figure in figures(facts)}["objective shop"]
    assert (found.value, found.n, len(found.refs)) == (0.5, 2, 2)


def test_the_clocks_of_an_incident_are_figures(database, noon):
    with database.begin() as session:
        row = declared(session, noon)
        for step, phase in enumerate(("analysis", "containment", "eradication")):
            incidents.move_phase(session, row.id, phase, by="mara", now=noon + step * HOUR)
        facts = kpi_facts(session, noon - HOUR, noon + 9 * HOUR, SlaPolicy())
    found = {figure.name: figure for figure in figures(facts)}
    assert found["mttd"].value == HOUR.total_seconds() / 2
    assert found["mttr_respond"].value == HOUR.total_seconds() / 2
    assert found["mttc"].value == 2.5 * HOUR.total_seconds()
    assert (found["mttr_resolve"].open, found["mttr_resolve"].refs) == (1, (row.human_id,))
