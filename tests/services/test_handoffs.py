import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import event
from sqlmodel import func, select

from socconsole.core.disposition import parse_verdict
from socconsole.core.handoff_item import Change
from socconsole.core.policy import Settings, ShiftPolicy
from socconsole.core.shift_facts import Section
from socconsole.errors import ConflictError, TransitionError, UsageError
from socconsole.services import (
    actions,
    findings,
    handoff_items,
    handoff_paper,
    handoffs,
    incidents,
    ticket_links,
    tickets,
)
from socconsole.services.findings import Check, Meaning
from socconsole.services.handoff_watch import is_overdue, left_over
from socconsole.services.handoffs import Line
from socconsole.services.incidents import Declaration
from socconsole.services.tickets import Report, Resolution
from socconsole.store.audit import verify
from socconsole.store.queries import handoffs as queries
from socconsole.store.queries import notes as note_queries
from socconsole.store.queries import tickets as ticket_queries
from socconsole.store.queries.shift_facts import Cut, shift_facts
from socconsole.store.queries.subjects import Subject
from socconsole.store.tables import (
    AuditAnchor,
    DetectionCount,
    EventCount,
    Handoff,
    HandoffItem,
    Presence,
    RuleRecord,
    Ticket,
)
from tests.store.rows import a_source, an_alert

HOUR = timedelta(hours=1)


def a_ticket(session, noon, title="case", by="mara", complete=True):
    report = Report(title=title, assignee=by)
    row = tickets.open_by_hand(session, report, by=by, now=noon)
    if complete:
        ticket = session.get(Ticket, row.id)
        ticket.hypothesis, ticket.unchecked = "a botnet", "the mail gateway"
        ticket.next_step, ticket.deadline = "ask the ISP", noon + HOUR
        session.flush()
    return row


def signed(session, noon, by="mara"):
    handoffs.write(session, "One brute force, quiet otherwise.", by=by, now=noon)
    return handoffs.sign(session, by=by, now=noon)


def refs(items):
    return [item.ref for item in items]


def test_a_source_is_silent_when_nothing_is_read_whatever_times_its_lines_have(database, noon):
    with database.begin() as session:
        for name, read_at in (("behind", noon), ("mute", noon - HOUR)):
            source = a_source(session, noon, name)
            source.max_silence, source.last_read_at = 60.0, read_at
            source.last_event_time = noon - 9 * HOUR
        session.flush()
        facts = shift_facts(session, Cut(noon - HOUR, noon, noon + HOUR))
    assert {one.name: one.silent_for for one in facts.sources} == {"behind": None, "mute": HOUR}


def test_a_draft_is_computed_from_the_store(database, noon):
    with database.begin() as session:
        a_ticket(session, noon)
        an_alert(session, noon - HOUR)
        made = handoffs.draft(session, now=noon)
    assert refs(made.in_section(Section.TICKETS)) == ["SOC-2026-001"]
    (waiting,) = made.in_section(Section.QUEUE)
    assert waiting.text == "1 high untriaged, oldest 1h 00m"
    assert "Nobody wrote what the next shift is walking into." in made.warnings


def test_open_work_is_not_handed_over_without_its_thinking(database, noon):
    with database.begin() as session:
        a_ticket(session, noon, complete=False)
        with pytest.raises(TransitionError, match="SOC-2026-001 lacks a hypothesis"):
            signed(session, noon)


def test_a_plan_nobody_reviewed_for_half_a_year_is_pointed_out(database, noon):
    with database.read() as session:
        fresh = handoffs.draft(session, now=noon)
        stale = handoffs.draft(session, now=noon + timedelta(days=181))
    assert not any("response plan" in warning for warning in fresh.warnings)
    assert "Nobody reviewed the response plan since 2026-11-21" in stale.warnings[-1]


def test_a_started_alert_is_not_handed_over_without_a_word(database, noon):
    with database.begin() as session:
        alert = an_alert(session, noon, status="acknowledged", assignee="mara")
        with pytest.raises(TransitionError, match=f"alert:{alert.id} lacks a finding or a note"):
            signed(session, noon)
        about = Subject("alert", alert.id, f"alert:{alert.id}")
        check = Check(checked="logins", result="none", meaning=Meaning.RULES_OUT)
        findings.add(session, about, check, by="mara", now=noon)
        assert signed(session, noon).state == "signed"


def test_what_to_expect_comes_from_the_same_hours_of_the_weeks_before(database, noon):
    week = timedelta(weeks=1)
    with database.begin() as session:
        source = a_source(session, noon)
        # The record reaches back to the beginning of the shift two weeks ago.
        session.add(
            EventCount(hour=noon - 2 * week - 6 * HOUR, source_id=source.id, category="warning")
        )
        session.add(RuleRecord(id="r", title="Cron edited", severity=1, loaded_at=noon))
        for back, events, alerts in ((0, 900, 0), (1, 300, 12), (2, 310, 10)):
            session.add(
                EventCount(
                    hour=noon - back * week - 2 * HOUR,
                    source_id=source.id,
                    category="exception",
                    events=events,
                )
            )
            session.add(
                DetectionCount(
                    hour=noon - back * week + 3 * HOUR,
                    rule_id="r",
                    source_id=source.id,
                    alerts=alerts,
                )
            )
        for number in range(6):
            an_alert(
                session,
                noon - timedelta(days=2),
                fingerprint=str(number),
                status="closed",
                disposition="false_positive",
                is_open=False,
            )
        made = handoffs.draft(session, now=noon)
    texts = [item.text for item in made.in_section(Section.EXPECTED_NOISE)]
    assert texts == [
        "900 events from 1 sources, usually 305 in these hours",
        "auth: more than usual, 900 events, usually 305 in these hours",
        "Cron edited: about 11 alerts in the coming shift",
    ]


def test_signing_fixes_the_items_and_anchors_the_audit_chain(database, noon):
    with database.begin() as session:
        a_ticket(session, noon)
    with database.begin() as session:
        row = signed(session, noon)
    with database.read() as session:
        items = queries.items(session, row.id)
        anchor = session.exec(select(AuditAnchor)).one()
        assert verify(session.connection()).broken_at is None
    assert (row.state, row.signed_by, row.authors) == ("signed", "mara", ("mara",))
    assert [item.item.section for item in items] == [Section.READ_FIRST, Section.TICKETS]
    assert {item.state for item in items} == {"pending"}
    assert (anchor.seq, anchor.hash.hex(), anchor.kind) == (
        row.audit_seq,
        row.audit_hash,
        "handoff",
    )


def test_accepting_item_by_item_moves_the_tickets_ownership(database, noon):
    with database.begin() as session:
        first, second = a_ticket(session, noon), a_ticket(session, noon)
        row = signed(session, noon)
        items = {i.item.ref: i.id for i in queries.items(session, row.id)}
        half = handoff_items.accept(
            session, row.id, [items[first.human_id]], by="ben", now=noon + HOUR
        )
        owners = [t.assignee for t in ticket_queries.by_ids(session, [first.id, second.id])]
        assert (half.state, owners) == ("signed", ["ben", "mara"])
        whole = handoff_items.accept(session, row.id, None, by="ben", now=noon + HOUR)
    assert (whole.state, whole.accepted_by, whole.self_accepted) == ("accepted", "ben", False)


def test_accepting_never_moves_command_of_an_incident(database, noon):
    with database.begin() as session:
        ticket = a_ticket(session, noon)
        incident = incidents.declare(
            session, ticket.id, Declaration(severity=3), by="mara", now=noon
        )
        row = signed(session, noon)
        handoff_items.accept(session, row.id, None, by="ben", now=noon)
        from socconsole.store.queries.incidents import by_ids

        assert by_ids(session, [incident.id])[0].commander == "mara"


def test_accepting_ones_own_handoff_is_marked(database, noon):
    with database.begin() as session:
        a_ticket(session, noon)
        row = signed(session, noon)
        assert handoff_items.accept(session, row.id, None, by="mara", now=noon).self_accepted


def test_an_item_is_decided_once(database, noon):
    with database.begin() as session:
        a_ticket(session, noon)
        row = signed(session, noon)
        ids = [item.id for item in queries.items(session, row.id)]
        handoff_items.accept(session, row.id, ids[:1], by="ben", now=noon)
        with pytest.raises(TransitionError, match="not waiting"):
            handoff_items.accept(session, row.id, ids[:1], by="ann", now=noon)


def test_a_ticket_voided_since_keeps_nobody_from_deciding_its_item(database, noon):
    with database.begin() as session:
        kept, gone, odd = (a_ticket(session, noon, title) for title in ("kept", "gone", "odd"))
        row = signed(session, noon)
        for each in (gone, odd):
            session.get(Ticket, each.id).voided_at = noon
        items = {i.item.ref: i.id for i in queries.items(session, row.id)}
        handoff_items.refuse(session, items[odd.human_id], "what is it?", by="ben", now=noon)
        assert handoff_items.accept(session, row.id, None, by="ben", now=noon).state == "accepted"
        assert session.get(Ticket, kept.id).assignee == "ben"
        assert session.get(Ticket, gone.id).assignee == "mara"


def test_who_decide_the_last_items_at_the_same_moment_finish_the_handoff(database, noon):
    with database.begin() as session:
        handoffs.write(session, "", by="mara", now=noon)
        first, second = a_ticket(session, noon), a_ticket(session, noon)
        row = handoffs.sign(session, by="mara", now=noon)
        items = {i.item.ref: i.id for i in queries.items(session, row.id)}
    start = threading.Barrier(2)

    def accept(ref: str) -> None:
        with database.begin() as session:
            if not database.is_sqlite:  # there one waits for the other to begin
                start.wait(10)
            handoff_items.accept(session, row.id, [items[ref]], by="ben", now=noon)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(accept, each.human_id) for each in (first, second)]:
            done.result()
    with database.read() as session:
        assert queries.handoff(session, row.id).state == "accepted"


def test_a_shift_that_two_sign_at_the_same_moment_is_handed_over_once(database, noon):
    with database.begin() as session:
        handoffs.write(session, "Quiet.", by="mara", now=noon)
        since = handoff_paper.paper_of_draft(session, now=noon).since
    start = threading.Barrier(2)

    def sign(by: str) -> int:
        with database.begin() as session:
            if not database.is_sqlite:  # there one waits for the other to begin
                start.wait(10)
            return handoffs.sign(session, by=by, now=noon, since=since).id

    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(sign, by) for by in ("mara", "ben")]
    (refused,) = [each.exception() for each in asked if each.exception()]
    assert isinstance(refused, ConflictError)
    assert "signed handoff 1 meanwhile" in str(refused)


def test_a_refused_item_goes_back_with_its_reason_or_to_the_lead(database, noon):
    policy = Settings(shift=ShiftPolicy(leads=("lea",)))
    with database.begin() as session:
        ticket = a_ticket(session, noon)
        row = signed(session, noon)
        item = queries.items(session, row.id)[1]
        refused = handoff_items.refuse(
            session, item.id, "which gateway?", by="ben", now=noon, policy=policy
        )
        (note,) = note_queries.notes(session, "ticket", ticket.id)
        owner = ticket_queries.by_ids(session, [ticket.id])[0].assignee
        assert left_over(session, "lea", now=noon, policy=policy.shift) == (
            "1 refused at handoff, yours",
        )
        assert left_over(session, "ben", now=noon, policy=policy.shift) == ()
    assert (refused.state, refused.reason, refused.lead) == ("refused", "which gateway?", "lea")
    assert note.body == "Refused at handoff, back to @lea: which gateway?"
    assert owner == "mara"


def test_a_signer_who_is_still_there_gets_it_back(database, noon):
    policy = Settings(shift=ShiftPolicy(leads=("lea",)))
    with database.begin() as session:
        from socconsole.store.tables import Node

        node = Node(
            kind="console", host="h", pid=1, login="mara", started_at=noon, heartbeat_at=noon
        )
        session.add(node)
        session.flush()
        session.add(Presence(node_id=node.id, login="mara", since=noon, seen_at=noon))
        a_ticket(session, noon)
        row = signed(session, noon)
        item = queries.items(session, row.id)[1]
        refused = handoff_items.refuse(session, item.id, "hm", by="ben", now=noon, policy=policy)
    assert refused.lead is None


def test_refusing_asks_for_a_reason(database, noon):
    with database.begin() as session:
        a_ticket(session, noon)
        row = signed(session, noon)
        item = queries.items(session, row.id)[0]
        with pytest.raises(TransitionError, match="reason"):
            handoff_items.refuse(session, item.id, " ", by="ben", now=noon)


def test_the_next_handoff_is_a_difference_to_this_one(database, noon):
    with database.begin() as session:
        same, changed, ended = (a_ticket(session, noon, title) for title in "abc")
        signed(session, noon)
    later = noon + 8 * HOUR
    with database.begin() as session:
        session.get(Ticket, changed.id).hypothesis = "one person"
        verdict = parse_verdict("false_positive:bad_data")
        tickets.resolve(session, [ended.id], Resolution(verdict), by="ben", now=later)
        fresh = a_ticket(session, later, "d")
        made = handoffs.draft(session, now=later)
    changes = {item.ref: item.change for item in made.in_section(Section.TICKETS)}
    assert changes == {
        same.human_id: Change.SAME,
        changed.human_id: Change.CHANGED,
        fresh.human_id: Change.NEW,
    }
    assert refs(made.ended) == [ended.human_id]
    assert refs(made.in_section(Section.CLOSURES)) == [ended.human_id]


def test_a_closure_that_commits_late_is_in_the_next_handoff(database, noon):
    with database.begin() as session:
        ticket = a_ticket(session, noon)
        signed(session, noon + HOUR)
    with database.begin() as session:
        verdict = parse_verdict("false_positive:bad_data")
        before = noon + HOUR / 2
        tickets.resolve(session, [ticket.id], Resolution(verdict), by="mara", now=before)
        made = handoffs.draft(session, now=noon + 2 * HOUR)
    assert refs(made.in_section(Section.CLOSURES)) == [ticket.human_id]


def test_a_merged_ticket_is_told_among_the_closures_with_where_it_went(database, noon):
    with database.begin() as session:
        into, other = a_ticket(session, noon), a_ticket(session, noon, title="the same again")
        signed(session, noon + HOUR)
        ticket_links.merge(session, [other.id], into.id, by="ben", now=noon + HOUR)
        made = handoffs.draft(session, now=noon + 2 * HOUR)
    told = [(item.ref, item.text) for item in made.in_section(Section.CLOSURES)]
    assert told == [(other.human_id, f"the same again: merged into {into.human_id}, by ben")]


def test_what_changed_since_signing_is_shown(database, noon):
    with database.begin() as session:
        ticket = a_ticket(session, noon)
        a_ticket(session, noon)
        row = signed(session, noon)
        tickets.start(session, [ticket.id], by="mara", now=noon + HOUR)
        moved = handoff_paper.paper_of(session, row.id, now=noon + HOUR).changed_since
    assert [(item.ref, item.change) for item in moved] == [(ticket.human_id, Change.CHANGED)]


def test_two_authors_write_one_draft_and_lines_stand_in_their_sections(database, noon):
    with database.begin() as session:
        handoffs.write(session, "Quiet.", by="mara", now=noon)
        line = Line(section=Section.WATCH_LIST, text="if host-9 calls out, isolate it")
        handoffs.add_line(session, line, by="ben", now=noon)
        row = handoffs.sign(session, by="mara", now=noon)
        items = queries.items(session, row.id)
        with pytest.raises(UsageError, match="computed"):
            handoffs.add_line(session, Line(section=Section.QUEUE, text="x"), by="ben", now=noon)
    assert row.authors == ("mara", "ben")
    assert [(i.item.section, i.item.owner) for i in items][1] == (Section.WATCH_LIST, "ben")


def test_authors_who_begin_at_the_same_moment_write_one_draft(database, noon):
    start = threading.Barrier(4)

    def write(number: int) -> str:
        with database.begin() as session:
            if not database.is_sqlite:  # there one waits for the other to begin
                start.wait(10)
            if number % 2:
                line = Line(section=Section.WATCH_LIST, text=f"line {number}")
                return str(handoffs.add_line(session, line, by=f"a{number}", now=noon))
            handoffs.write(session, f"text {number}", base="", by=f"a{number}", now=noon)
            return "written"

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(write, number) for number in range(4)]
    refused = [each.exception() for each in asked if each.exception()]
    assert [str(each)[:29] for each in refused] == ["Another author wrote meanwhile"[:29]]
    with database.read() as session:
        (row,) = session.exec(select(Handoff)).all()
        assert (len(row.authors), row.paragraph[:5]) == (3, "text ")
        assert session.exec(select(func.count()).select_from(HandoffItem)).one() == 2


def test_no_second_draft_comes_to_be_by_an_undo(database, noon):
    with database.begin() as session:
        handoffs.write(session, "Quiet.", by="alice", now=noon)
        handoffs.sign(session, by="alice", now=noon)
    with database.begin() as session:
        handoffs.write(session, "The next shift's.", by="bob", now=noon + HOUR)
    with pytest.raises(ConflictError), database.begin() as session:
        actions.undo(session, by="alice", now=noon + HOUR)
    with database.read() as session:
        assert session.exec(select(Handoff.state).order_by(Handoff.id)).all() == ["signed", "draft"]


def test_the_paragraph_of_another_author_is_not_overwritten(database, noon):
    with database.begin() as session:
        handoffs.write(session, "Quiet.", by="ben", now=noon)
        with pytest.raises(ConflictError, match=r"Another author wrote meanwhile: Quiet\."):
            handoffs.write(session, "Busy.", base="", by="mara", now=noon)
        assert handoffs.write(session, "Busy.", base="Quiet.", by="mara", now=noon)


def test_an_amendment_stays_visible_as_said_late(database, noon):
    with database.begin() as session:
        row = signed(session, noon)
        handoffs.amend(session, row.id, "I forgot the VPN", by="mara", now=noon + HOUR)
        (said,) = queries.amendments(session, row.id)
        with pytest.raises(TransitionError):
            handoffs.amend(
                session, handoffs.write(session, "next", by="m", now=noon).id, "x", by="m", now=noon
            )
    assert (said.by, said.at, said.text) == ("mara", noon + HOUR, "I forgot the VPN")


def test_a_handoff_nobody_accepts_goes_to_the_lead_fifteen_minutes_into_the_shift(database, noon):
    policy = ShiftPolicy()
    with database.begin() as session:
        row = signed(session, noon + HOUR)
        begins, leads = noon + 2 * HOUR, ShiftPolicy(leads=("lea",))
        late = begins + timedelta(minutes=16)
        assert not is_overdue(row, begins + timedelta(minutes=15), policy)
        assert is_overdue(row, late, policy)
        assert left_over(session, "lea", now=begins, policy=leads) == ()
        (told,) = left_over(session, "lea", now=late, policy=leads)
        assert told == f"handoff {row.id} not accepted, you lead: accept it"
        (others,) = left_over(session, "ben", now=late, policy=leads)
        assert others == f"handoff {row.id} not accepted, goes to lea"


def test_two_handoffs_are_compared(database, noon):
    with database.begin() as session:
        a_ticket(session, noon)
        first = signed(session, noon)
        a_ticket(session, noon)
        second = signed(session, noon + HOUR)
        found = {i.ref: i.change for i in handoffs.compare(session, first.id, second.id)}
    assert found["SOC-2026-001"] is Change.SAME
    assert found["SOC-2026-002"] is Change.NEW


def test_a_rehearsal_asks_all_that_a_draft_asks(database, noon):
    asked: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *call: asked.append(call[2]))
    with database.read() as session:
        handoffs.rehearse(session, now=noon)
        rehearsed = set(asked)
        asked.clear()
        handoff_paper.paper_of_draft(session, now=noon)
    assert len(rehearsed) > 10
    assert set(asked) <= rehearsed
