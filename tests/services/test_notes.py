import hashlib
from datetime import timedelta

import pytest
from sqlmodel import select

from socconsole.core.shift_facts import Section
from socconsole.errors import NotFoundError, TransitionError, UsageError
from socconsole.services import (
    escalations,
    evidence,
    findings,
    handoffs,
    notes,
    observables,
    tickets,
)
from socconsole.services.evidence import Capture
from socconsole.services.findings import Check, Meaning
from socconsole.services.tickets import Report
from socconsole.store.queries import notes as queries
from socconsole.store.queries import tickets as ticket_queries
from socconsole.store.queries.occurrences import occurrences
from socconsole.store.queries.subjects import Subject, subject
from socconsole.store.tables import AlertEvidence, Evidence, Observable
from socconsole.store.undo import last_action, undo
from tests.services.alert_making import statements_of
from tests.store.rows import an_alert, take_the_guards_away


def a_case(session, noon, title="case") -> Subject:
    row = tickets.open_by_hand(session, Report(title=title), by="mara", now=noon)
    return Subject("ticket", row.id, row.human_id)


def test_thousands_of_notes_take_as_many_statements_as_a_few(database, noon):
    with database.begin() as session:
        ids = [an_alert(session, noon, fingerprint=str(n)).id for n in range(60)]
    check = Check(checked="proxy", result="198.51.100.9 asked", meaning=Meaning.SUPPORTS)
    taken = []
    for some in (ids[:20], ids[20:]):
        abouts = [Subject("alert", number, f"alert {number}") for number in some]
        with statements_of(database) as said, database.begin() as session:
            notes.add_to_each(session, abouts, "saw 203.0.113.7", by="mara", now=noon)
            findings.add_to_each(session, abouts, check, by="mara", now=noon)
        taken.append(len(said))
    assert taken[1] <= taken[0]  # the first ones make the values known
    with database.begin() as session:
        for number in (ids[0], ids[-1]):
            seen = [each.value for each in queries.observables(session, "alert", number)]
            assert sorted(seen) == ["198.51.100.9", "203.0.113.7"]
        undo(session, last_action(session, "mara"), by="mara", now=noon)
        assert queries.findings(session, "alert", ids[-1]) == ()
        assert len(queries.notes(session, "alert", ids[-1])) == 1


def test_a_note_that_mentions_a_new_value_can_be_undone(database, noon):
    with database.begin() as session:
        cases = [a_case(session, noon) for _ in range(3)]
        done = []
        for hour, about in enumerate(cases):
            told = f"saw 203.0.113.{7 if hour < 2 else 8}"
            notes.add(session, about, told, by="mara", now=noon + timedelta(hours=hour))
            done.append(last_action(session, "mara"))
        for action in (done[0], done[2]):
            undo(session, action, by="mara", now=noon + timedelta(hours=4))
        assert [len(queries.notes(session, "ticket", about.id)) for about in cases] == [0, 1, 0]
        seen = [queries.observables(session, "ticket", about.id) for about in cases]
        assert [[each.value for each in values] for values in seen] == [[], ["203.0.113.7"], []]
        left = session.exec(select(Observable.value)).all()
    assert left == ["203.0.113.7"]  # the other case mentions it too


def test_a_note_is_signed_dated_and_links_what_it_mentions(database, noon):
    with database.begin() as session:
        about, other = a_case(session, noon), a_case(session, noon)
        body = f"@ben see {other.name}: 203.0.113.7 again"
        row = notes.add(session, about, body, by="mara", now=noon)
        links = ticket_queries.detail(session, about.id).links
        seen = [o.value for o in queries.observables(session, "ticket", about.id)]
    assert (row.created_by, row.created_at, row.body) == ("mara", noon, body)
    assert [link.human_id for link in links] == [other.name]
    assert seen == ["203.0.113.7"]


def test_mentioning_a_ticket_twice_links_it_once(database, noon):
    with database.begin() as session:
        about, other = a_case(session, noon), a_case(session, noon)
        notes.add(session, about, other.name, by="mara", now=noon)
        notes.add(session, other, f"back to {about.name}", by="mara", now=noon)
        assert len(ticket_queries.detail(session, about.id).links) == 1


def test_a_correction_keeps_what_it_corrects(database, noon):
    with database.begin() as session:
        about = a_case(session, noon)
        first = notes.add(session, about, "it was ben", by="mara", now=noon)
        second = notes.correct(session, first.id, "it was bill", by="mara", now=noon)
        kept = queries.notes(session, "ticket", about.id)
        with pytest.raises(TransitionError, match="already"):
            notes.correct(session, first.id, "no, bob", by="mara", now=noon)
    assert [(n.body, n.corrected) for n in kept] == [("it was ben", True), ("it was bill", False)]
    assert second.corrects_id == first.id


def test_an_empty_note_is_refused(database, noon):
    with pytest.raises(UsageError), database.begin() as session:
        notes.add(session, a_case(session, noon), "  \n", by="mara", now=noon)


def test_a_note_with_bytes_no_database_takes_is_kept_all_the_same(database, noon):
    with database.begin() as session:
        row = notes.add(session, a_case(session, noon), "a\x00b", by="mara", now=noon)
    assert row.body == "a\ufffdb"


def test_an_observable_knows_how_often_it_occurs_elsewhere(database, noon):
    with database.begin() as session:
        one, two = a_case(session, noon), a_case(session, noon)
        notes.add(session, one, "1.2.3.4 and 5.6.7.8", by="mara", now=noon)
        notes.add(session, two, "1[.]2[.]3[.]4", by="mara", now=noon)
        an_alert(session, noon, source_ip="1.2.3.4")
        seen = queries.observables(session, "ticket", one.id)
    assert [(o.value, o.elsewhere) for o in seen] == [("1.2.3.4", 2), ("5.6.7.8", 0)]


def test_each_value_an_alert_is_about_is_followed_and_its_own_ticket_is_not_elsewhere(
    database, noon
):
    about = {"host": "web-1", "user": ["deploy", "oracle"]}
    with database.begin() as session:
        alert = an_alert(session, noon, host="web-1", username="deploy", entities=about)
        an_alert(session, noon, host="web-1", username="root", title="deploy of web-1")
        ticket = tickets.open_from_alerts(session, [alert.id], by="mara", now=noon)
        seen = queries.observables(session, "ticket", ticket.id)
        of_alert = queries.observables(session, "alert", alert.id)
    assert [(o.value, o.elsewhere) for o in seen] == [("web-1", 1), ("deploy", 0), ("oracle", 0)]
    assert [(o.value, o.elsewhere) for o in of_alert] == [
        ("web-1", 2), ("deploy", 1), ("oracle", 1),
    ]  # fmt: skip


def test_an_ignored_value_is_followed_no_longer(database, noon):
    with database.begin() as session:
        about, other = a_case(session, noon), a_case(session, noon)
        notes.add(session, about, "1.2.3.4", by="mara", now=noon)
        (row,) = queries.observables(session, "ticket", about.id)
        observables.ignore(session, row.id, by="mara", now=noon)
        notes.add(session, other, "1.2.3.4", by="mara", now=noon)
        assert queries.observables(session, "ticket", about.id) == ()
        assert queries.observables(session, "ticket", other.id) == ()


def test_an_entry_of_the_ignore_list_hides_what_it_covers_until_it_is_taken_off(database, noon):
    def values(session):
        return [row.value for row in queries.observables(session, "ticket", about.id)]

    with database.begin() as session:
        about = a_case(session, noon)
        notes.add(session, about, "10.1.2.3 and 192.0.2.1", by="mara", now=noon)
        with pytest.raises(UsageError, match="everything"):
            observables.ignore_all(session, "*", "no", by="mara", now=noon)
        covered = observables.ignore_all(session, "10.0.0.0/8", "ours", by="mara", now=noon)
        notes.add(session, about, "10.9.9.9 and 192.0.2.2", by="mara", now=noon)
        assert (covered, values(session)) == (1, ["192.0.2.1", "192.0.2.2"])
        (entry,) = observables.ignored(session)
        assert (entry.value, entry.reason, entry.by) == ("10.0.0.0/8", "ours", "mara")
        observables.ignore_all(session, "10.1.*", "ours too", by="mara", now=noon)
        observables.follow_all(session, "10.0.0.0/8", by="ben", now=noon)
        assert values(session) == ["192.0.2.1", "192.0.2.2"]
        observables.follow_all(session, "10.1.*", by="ben", now=noon)
        assert values(session) == ["10.1.2.3", "192.0.2.1", "192.0.2.2"]


def test_a_finding_says_what_was_checked_and_what_it_means(database, noon):
    check = Check(
        checked="mailbox access",
        query="MailItemsAccessed user=jdoe",
        result="none",
        meaning=Meaning.RULES_OUT,
    )
    with database.begin() as session:
        alert_id = an_alert(session, noon).id
        row = findings.add(session, subject(session, str(alert_id)), check, by="mara", now=noon)
    assert (row.subject_kind, row.checked, row.meaning) == ("alert", "mailbox access", "rules_out")


def test_a_finding_without_a_result_is_refused(database, noon):
    check = Check(checked="x", result="", meaning=Meaning.SUPPORTS)
    with pytest.raises(UsageError), database.begin() as session:
        findings.add(session, a_case(session, noon), check, by="mara", now=noon)


def test_evidence_is_kept_byte_exact_with_its_digest_and_custody(database, noon):
    content = b"\x00\xff raw \x1b[2J bytes\r\n"
    with database.begin() as session:
        about = a_case(session, noon)
        row = evidence.attach(
            session, about, Capture(content=content, filename="mem.bin"), by="mara", now=noon
        )
        back = evidence.content(session, row.id, by="ben", now=noon, why="for the lawyers")
        log = queries.custody(session, row.id)
    assert back == content
    assert (row.sha256, row.size) == (hashlib.sha256(content).hexdigest(), len(content))
    assert [(entry.verb, entry.by) for entry in log] == [("attached", "mara"), ("exported", "ben")]


def test_verifying_finds_bytes_that_were_changed(database, noon):
    with database.begin() as session:
        about = a_case(session, noon)
        row = evidence.attach(session, about, Capture(content=b"a"), by="mara", now=noon)
        good = evidence.attach(session, about, Capture(content=b"b"), by="mara", now=noon)
    with database.begin() as session:
        take_the_guards_away(session)
        session.get(Evidence, row.id).content = b"tampered"
    with database.begin() as session:
        checks = {c.id: c.is_whole for c in evidence.verify(session, by="ben", now=noon)}
        log = queries.custody(session, row.id)
    assert checks == {row.id: False, good.id: True}
    assert log[-1].verb == "mismatch"


def test_the_lines_of_an_alert_are_attached_as_they_were(database, noon):
    with database.begin() as session:
        alert = an_alert(session, noon)
        for offset, raw in ((0, b"one\xff"), (5, b"two")):
            session.add(
                AlertEvidence(
                    alert_id=alert.id,
                    source_id=alert.source_id,
                    path="/var/log/auth.log",
                    offset=offset,
                    end=offset + len(raw) + 1,
                    raw=raw,
                    event_time=noon,
                )
            )
        session.flush()
        about = a_case(session, noon)
        (row,) = evidence.attach_alert_lines(session, about, [alert.id], by="mara", now=noon)
        kept = session.exec(select(Evidence.content)).one()
    assert kept == b"one\xff\ntwo\n"
    assert (row.path, row.offset_from, row.offset_to) == ("/var/log/auth.log", 0, 9)


@pytest.mark.parametrize("name", ["SOC-2026-001", "soc-2026-001", "1"])
def test_a_ticket_is_found_by_what_people_call_it(database, noon, name):
    from socconsole.store.queries.subjects import ticket

    with database.begin() as session:
        about = a_case(session, noon)
        assert ticket(session, name) == about


@pytest.mark.parametrize("name", ["SOC-2026-999", "alert:9", "nothing", "%"])
def test_what_does_not_exist_is_said_so(database, noon, name):
    with database.begin() as session, pytest.raises(NotFoundError):
        subject(session, name)


def test_a_range_around_a_line_is_attached_byte_for_byte(database, noon):
    from socconsole.core.event import Event, LogSource, RawLine
    from socconsole.store.events import EventStore
    from socconsole.store.tables import Generation
    from tests.store.rows import a_source

    written = [b"one\xff\n", b"two\r\n", b"three\n", b"four"]
    with database.begin() as session:
        source = a_source(session, noon)
        generation = Generation(
            source_id=source.id, path="/log", first_seen_at=noon, updated_at=noon
        )
        session.add(generation)
        session.flush()
        place = source.id, generation.id
    events, offset = [], 0
    for data in written:
        bare = data.rstrip(b"\r\n")
        line = RawLine("auth", place[1], offset, bare, offset + len(data), "/log")
        offset += len(data)
        raw = bare.decode(errors="replace")
        events.append(Event("plain", (LogSource(),), {"message": raw}, raw, noon, line=line))
    store = EventStore(database)
    try:
        with database.begin() as session:
            store.append(session, *place, events, read_at=noon)
            session.get(Generation, place[1]).offset = offset
        found = store.around(*place, events[1].line.offset, 1, 1)
        everything = store.around(*place, events[1].line.offset, 9, 9)
    finally:
        store.close()
    with database.begin() as session:
        about = a_case(session, noon)
        row = evidence.attach_events(session, about, found, "why", by="mara", now=noon)
        whole = evidence.attach_events(session, about, everything, "why", by="mara", now=noon)
        kept = {e.id: e.content for e in session.exec(select(Evidence))}
    assert kept[row.id] == b"".join(written[:3])
    assert kept[whole.id] == b"".join(written)
    assert (row.offset_from, row.offset_to, row.path) == (0, len(b"".join(written[:3])), "/log")


def test_whom_we_asked_is_kept_until_they_answer_and_is_in_the_handoff(database, noon):
    request = escalations.Request(whom="the ISP", reason="who had the address", channel="phone")
    with database.begin() as session:
        about = a_case(session, noon)
        number = escalations.ask(session, about, request, by="mara", now=noon)
        made = handoffs.draft(session, now=noon)
        (item,) = made.in_section(Section.ESCALATIONS)
        escalations.answer(session, number, "a customer", by="ben", now=noon)
        (row,) = queries.escalations(session, "ticket", about.id)
        with pytest.raises(TransitionError, match="already"):
            escalations.answer(session, number, "x", by="ben", now=noon)
    assert item.text == "SOC-2026-001 asked the ISP by phone at 12:00Z, no answer yet"
    assert (item.rows, item.details) == (("SOC-2026-001",), ("for: who had the address",))
    assert (row.answer, row.answered_at) == ("a customer", noon)


def test_a_value_is_found_in_alerts_nobody_worked_too(database, noon):
    with database.begin() as session:
        about = a_case(session, noon)
        notes.add(session, about, "203[.]0[.]113[.]7 again", by="mara", now=noon)
        alert = an_alert(session, noon, source_ip="203.0.113.7")
        assert occurrences(session, "203.0.113.7") == (about.name, f"alert:{alert.id}")
        assert occurrences(session, "203[.]0[.]113[.]7") == (about.name, f"alert:{alert.id}")
        assert occurrences(session, "192.0.2.1") == ()
