from datetime import timedelta

import pytest

from socconsole.core.policy import CasesPolicy, Settings
from socconsole.errors import SettingsError, TransitionError, UsageError
from socconsole.services import incidents, reviews, tickets
from socconsole.services.case_edit import edit_incident
from socconsole.services.incidents import Declaration
from socconsole.services.tickets import Report
from socconsole.store.queries.incident_file import incident_file
from socconsole.store.queries.lessons import lessons
from socconsole.store.queries.tickets import detail, tasks_of
from tests.store.rows import an_alert

PHASES = ("analysis", "containment", "eradication", "recovery", "post_incident")


@pytest.fixture
def incident(database, noon):
    with database.begin() as session:
        alert = an_alert(session, noon - timedelta(hours=1), rule_id="r1")
        ticket = tickets.open_from_alerts(session, [alert.id], by="mara", now=noon)
        row = incidents.declare(session, ticket.id, Declaration(severity=2), by="mara", now=noon)
        for phase in PHASES:
            incidents.move_phase(session, row.id, phase, by="mara", now=noon)
        return row


def test_the_review_begins_with_what_the_record_knows(database, noon, incident):
    with database.read() as session:
        written = reviews.draft(session, incident.id, noon)
        candidate = reviews.root_cause_candidate(incident_file(session, incident.id))
    assert list(written) == list(reviews.QUESTIONS)
    assert "Brute force" in written["what_happened"]
    assert "MTTD" in written["impact"]
    assert written["root_cause"] == ""
    assert candidate.startswith("earliest evidence, 2026-11-21 11:00Z")


def test_a_person_writes_the_root_cause_before_it_is_done(database, noon, incident):
    with pytest.raises(UsageError, match="root cause"), database.begin() as session:
        reviews.finish(session, incident.id, by="mara", now=noon)
    with database.begin() as session:
        reviews.write(session, incident.id, {"root_cause": "no MFA"}, by="mara", now=noon)
        reviews.finish(session, incident.id, by="mara", now=noon)
        closed = incidents.move_phase(session, incident.id, "closed", by="mara", now=noon)
    assert (closed.phase, closed.outcome) == ("closed", "confirmed")


def test_an_action_becomes_a_ticket_linked_to_the_case(database, noon, incident):
    report = Report(title="Require MFA", assignee="ben", category="action_item")
    with database.begin() as session:
        row = reviews.add_action(session, incident.id, report, by="mara", now=noon)
        links = detail(session, row.id).links
        written = reviews.draft(session, incident.id, noon)
    assert row.assignee == "ben"
    assert [(link.human_id, link.kind) for link in links] == [("SOC-2026-001", "action_item")]
    assert written["action_items"] == ["SOC-2026-002 Require MFA"]


def test_a_lesson_is_shown_when_the_rule_fires_again(database, noon, incident):
    with database.begin() as session:
        reviews.add_lesson(session, incident.id, "look at the VPN too", by="mara", now=noon)
        assert [each.text for each in lessons(session, ["r1"])] == ["look at the VPN too"]
        assert lessons(session, ["other"]) == ()


def test_a_section_a_colleague_wrote_meanwhile_is_told_not_overwritten(database, noon, incident):
    with database.begin() as session:
        seen, _ = reviews.section(session, incident.id, "luck", noon)
        reviews.write(session, incident.id, {"luck": "theirs"}, by="ben", now=noon)
        mine = {"luck": "mine", "impact": "two hosts"}
        edited = reviews.write(
            session, incident.id, mine, {"luck": seen, "impact": ""}, by="mara", now=noon
        )
        written = reviews.draft(session, incident.id, noon)
    assert edited.applied == ("impact",)
    assert [(each.field, each.theirs) for each in edited.conflicts] == [("luck", "theirs")]
    assert (written["luck"], written["impact"]) == ("theirs", "two hosts")


def test_the_root_cause_is_one_wherever_it_was_written_last(database, noon, incident):
    with database.begin() as session:
        reviews.write(session, incident.id, {"root_cause": "no MFA"}, by="mara", now=noon)
        edit_incident(session, incident.id, {"root_cause": "stolen key"}, by="ben", now=noon)
        reviews.write(session, incident.id, {"luck": "none"}, by="mara", now=noon)
        told = incident_file(session, incident.id).detail
        written = reviews.draft(session, incident.id, noon)
    assert {told.root_cause, told.review["root_cause"], written["root_cause"]} == {"stolen key"}


def test_unknown_sections_are_refused(database, noon, incident):
    with pytest.raises(UsageError, match="blame"), database.begin() as session:
        reviews.write(session, incident.id, {"blame": "x"}, by="mara", now=noon)


def test_declaring_brings_the_plans_duties_calls_and_cadence(database, noon, incident):
    with database.read() as session:
        tasks = tasks_of(session, "incident", incident.id)
        file = incident_file(session, incident.id)
    titles = [task.title for task in tasks]
    assert "Tell management" in titles
    assert next(t for t in tasks if t.title == "Tell management").due_at == noon + timedelta(
        hours=1
    )
    assert {task.phase for task in tasks if task.phase} >= {"analysis", "containment"}
    assert file.detail.update_every == 60
    assert file.detail.row.next_update_due_at == noon + timedelta(hours=1)


def test_a_plan_that_cannot_be_read_names_its_file(database, noon, tmp_path):
    path = tmp_path / "plan.toml"
    path.write_text("severity = 3", encoding="utf-8")
    policy = Settings(cases=CasesPolicy(response_plan=str(path)))
    said = Declaration(severity=1)
    with database.begin() as session:
        ticket = tickets.open_by_hand(session, Report(title="x"), by="mara", now=noon)
    with pytest.raises(SettingsError, match="severity") as caught, database.begin() as session:
        incidents.declare(session, ticket.id, said, by="mara", now=noon, policy=policy)
    assert str(path) in caught.value.where


def test_an_incident_that_is_not_reviewed_stays_open(database, noon, incident):
    with pytest.raises(TransitionError, match="review"), database.begin() as session:
        incidents.move_phase(session, incident.id, "closed", by="mara", now=noon)
