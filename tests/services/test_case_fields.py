"""What a ticket's template asks beyond the columns every ticket has."""

import json

import pytest

from socconsole.core.disposition import parse_verdict
from socconsole.core.policy import CasesPolicy, Settings
from socconsole.core.tlp import Audience
from socconsole.errors import TransitionError, UsageError
from socconsole.services import exports, templates, tickets
from socconsole.services.case_edit import edit_ticket
from socconsole.services.exports import Format, Order
from socconsole.services.tickets import Report, Resolution
from socconsole.store.queries import notes as note_queries
from socconsole.store.queries.tickets import detail

LOST = """
category = "lost_device"
[[field]]
name = "encrypted"
title = "Disk was encrypted"
kind = "yes_no"
mandatory = true
[[field]]
name = "seen"
title = "Last seen at"
"""


@pytest.fixture
def policy(tmp_path):
    (tmp_path / "lost_device.toml").write_text(LOST)
    return Settings(cases=CasesPolicy(templates=(str(tmp_path),)))


def lost(session, noon, policy):
    report = Report(title="Lost laptop", category="lost_device")
    return tickets.open_by_hand(session, report, by="mara", now=noon, policy=policy)


def answer(session, row, noon, policy, base=None, **answers):
    changes = {f"field:{name}": text for name, text in answers.items()}
    started = {f"field:{name}": text for name, text in (base or {}).items()}
    return edit_ticket(session, row.id, changes, started, by="mara", now=noon, policy=policy)


def test_a_mandatory_field_is_answered_before_the_ticket_is_resolved(database, noon, policy):
    done = Resolution(parse_verdict("benign_positive:expected"))
    with database.begin() as session:
        row = lost(session, noon, policy)
        with pytest.raises(TransitionError, match="does not say yet: Disk was encrypted"):
            tickets.resolve(session, [row.id], done, by="mara", now=noon, policy=policy)
        with pytest.raises(UsageError, match="does not answer"):
            answer(session, row, noon, policy, encrypted="maybe")
        answer(session, row, noon, policy, encrypted="YES", seen="at 192.0.2.7")
        found = templates.answers(session, row.id, policy.cases)
        values = [seen.value for seen in note_queries.observables(session, "ticket", row.id)]
        (ended,) = tickets.resolve(session, [row.id], done, by="mara", now=noon, policy=policy)
    assert [(each.field.name, each.value) for each in found] == [
        ("encrypted", "yes"),
        ("seen", "at 192.0.2.7"),
    ]
    assert values == ["192.0.2.7"]
    assert ended.status == "resolved"


def test_two_answers_at_once_are_merged_by_field(database, noon, policy):
    with database.begin() as session:
        row = lost(session, noon, policy)
        answer(session, row, noon, policy, base={"encrypted": ""}, encrypted="yes")
        answer(session, row, noon, policy, base={"seen": ""}, seen="on the train")
        late = answer(session, row, noon, policy, base={"encrypted": ""}, encrypted="no")
        kept = detail(session, row.id).fields
    assert kept == {"encrypted": "yes", "seen": "on the train"}
    assert [(each.mine, each.theirs) for each in late.conflicts] == [("no", "yes")]


def test_fields_are_exported_and_outlive_their_template(database, noon, policy):
    order = Order(format=Format.JSON, audience=Audience.ORGANISATION)
    paper = Order(format=Format.MARKDOWN, audience=Audience.ORGANISATION)
    with database.begin() as session:
        row = lost(session, noon, policy)
        answer(session, row, noon, policy, encrypted="yes")
        document = json.loads(
            exports.export_ticket(session, row.id, order, by="mara", now=noon).text
        )
        shown = exports.export_ticket(session, row.id, paper, by="mara", now=noon).text
        (left,) = templates.answers(session, row.id, CasesPolicy())
    assert document["fields"] == {"encrypted": "yes"}
    assert "| encrypted | yes |" in shown
    assert (left.field.title, left.value) == ("encrypted", "yes")
