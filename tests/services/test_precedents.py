import pytest

from socconsole.core.disposition import parse_verdict
from socconsole.core.policy import CasesPolicy, Settings
from socconsole.errors import TransitionError
from socconsole.services import notes, precedents, tickets
from socconsole.services.tickets import Report, Resolution
from socconsole.store.queries.similar import search, similar
from socconsole.store.queries.subjects import Subject
from socconsole.store.queries.tickets import detail
from tests.store.rows import an_alert

EXPECTED = parse_verdict("benign_positive:expected", note="the scanner of the auditors")
NO_TEMPLATES = Settings(cases=CasesPolicy())


def ended(session, noon, title, verdict=EXPECTED, text=""):
    row = tickets.open_by_hand(session, Report(title=title, description=text), by="ben", now=noon)
    tickets.resolve(session, [row.id], Resolution(verdict), by="ben", now=noon)
    return row


def test_a_closed_ticket_with_the_same_words_is_found_with_the_reason(database, noon):
    with database.begin() as session:
        like = ended(session, noon, "Port scan by the Qualys appliance")
        for n in range(8):
            ended(session, noon, f"Printer {n} is offline")
        row = tickets.open_by_hand(session, Report(title="Qualys scan again"), by="m", now=noon)
        found = similar(session, row.id)
    assert found[0].human_id == like.human_id
    assert "qualys" in found[0].reason
    assert found[0].disposition == "benign_positive"


def test_a_shared_observable_or_rule_is_a_reason(database, noon):
    with database.begin() as session:
        like = ended(session, noon, "Something else", text="from 203.0.113.7")
        alert = an_alert(session, noon, rule_id="r9", fingerprint="a")
        ruled = tickets.open_from_alerts(session, [alert.id], by="ben", now=noon, title="Odd")
        tickets.resolve(session, [ruled.id], Resolution(EXPECTED), by="ben", now=noon)
        again = an_alert(
            session, noon, rule_id="r9", fingerprint="b", entities={"source_ip": "203.0.113.7"}
        )
        row = tickets.open_from_alerts(session, [again.id], by="mara", now=noon, title="New")
        found = {each.human_id: each.reason for each in similar(session, row.id)}
    assert "same rule" in found[ruled.human_id]
    assert "shares 203.0.113.7" in found[like.human_id]


def test_an_open_ticket_is_no_precedent_of_anything(database, noon):
    with database.begin() as session:
        tickets.open_by_hand(session, Report(title="Qualys scan"), by="ben", now=noon)
        row = tickets.open_by_hand(session, Report(title="Qualys scan"), by="ben", now=noon)
        assert similar(session, row.id) == ()


def test_a_reopened_ticket_leaves_the_knowledge_base(database, noon):
    with database.begin() as session:
        row = ended(session, noon, "Qualys scan")
        assert [each.human_id for each in search(session, "qualys")] == [row.human_id]
        tickets.reopen(session, [row.id], "came back", by="ben", now=noon)
        assert search(session, "qualys") == ()


def test_the_knowledge_base_is_searched_by_words(database, noon):
    with database.begin() as session:
        one = ended(session, noon, "Beacon to bad.example", text="powershell started it")
        ended(session, noon, "Printer offline")
        assert [each.id for each in search(session, 'powershell" OR beacon')] == [one.id]
        assert search(session, "nothing like it") == ()


def test_same_as_last_time_resolves_and_cites(database, noon):
    with database.begin() as session:
        like = ended(session, noon, "Qualys scan")
        row = tickets.open_by_hand(session, Report(title="Qualys scan"), by="mara", now=noon)
        done = precedents.apply(session, row.id, like.id, by="mara", now=noon)
        seen = detail(session, row.id)
    assert (done.status, done.disposition, done.sub_reason) == (
        "resolved",
        "benign_positive",
        "expected",
    )
    assert seen.resolution == f"Same as {like.human_id}: the scanner of the auditors"
    assert [(link.human_id, link.kind) for link in seen.links] == [(like.human_id, "precedent")]


def test_a_true_positive_is_never_repeated_without_looking(database, noon):
    verdict = parse_verdict("true_positive:malicious", note="x")
    with database.begin() as session:
        like = ended(session, noon, "Web shell", verdict)
        row = tickets.open_by_hand(session, Report(title="Web shell"), by="mara", now=noon)
        with pytest.raises(TransitionError, match="no precedent"):
            precedents.apply(session, row.id, like.id, by="mara", now=noon)


def test_corrections_after_the_end_do_not_break_the_index(database, noon):
    with database.begin() as session:
        row = ended(session, noon, "Qualys scan")
        about = Subject("ticket", row.id, row.human_id)
        notes.add(session, about, "a late note", by="ben", now=noon)
        assert [each.id for each in search(session, "qualys")] == [row.id]
