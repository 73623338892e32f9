from dataclasses import replace
from datetime import UTC, datetime, timedelta

from socconsole.core.handoff import draft
from socconsole.core.handoff_item import Change, difference
from socconsole.core.severity import Severity
from socconsole.core.shift_facts import (
    ClosureFacts,
    HiddenFacts,
    IncidentFacts,
    Section,
    ShiftFacts,
    SourceFacts,
    StartedFacts,
    TicketFacts,
    UntriagedFacts,
    Written,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

TICKET = TicketFacts(
    ref="SOC-2026-014",
    title="Brute force on web-1",
    priority="P2",
    status="in_progress",
    assignee="mara",
    hypothesis="password spraying by a botnet",
    ruled_out=("the backup account (no login)",),
    unchecked="mailbox access of j.doe",
    next_step="search MailItemsAccessed",
    next_step_due_at=NOON + HOUR,
    sla_left=2 * HOUR,
)
INCIDENT = IncidentFacts(
    ref="INC-2026-003",
    title="Web shell",
    severity=2,
    phase="containment",
    phase_since=NOON - HOUR,
    commander="ben",
    last_action="blocked 203.0.113.7",
    last_action_at=NOON - HOUR / 2,
    next_step="rotate the keys",
    next_step_due_at=NOON + 2 * HOUR,
)
SHIFT = ShiftFacts(
    since=NOON - 8 * HOUR, now=NOON, shift_end=NOON + HOUR, read_first="A quiet night but one."
)


def refs(made, section):
    return [item.ref for item in made.in_section(section)]


def test_an_empty_shift_hands_over_nothing_but_its_paragraph():
    made = draft(SHIFT)
    assert [item.section for item in made.items] == [Section.READ_FIRST]
    assert made.warnings == ()


def test_incidents_come_worst_first():
    milder = replace(INCIDENT, ref="INC-2026-001", severity=4)
    made = draft(replace(SHIFT, incidents=[milder, INCIDENT]))
    assert refs(made, Section.INCIDENTS) == ["INC-2026-003", "INC-2026-001"]


def test_an_open_ticket_says_what_we_think_ruled_out_and_did_not_check():
    made = draft(replace(SHIFT, tickets=[TICKET]))
    (item,) = made.in_section(Section.TICKETS)
    assert item.owner == "mara"
    assert item.next_step == "search MailItemsAccessed"
    assert item.details == (
        "we think: password spraying by a botnet",
        "ruled out: the backup account (no login)",
        "not yet checked: mailbox access of j.doe",
        "SLA left: 2h 00m",
    )


def test_a_ticket_without_its_thinking_is_pointed_out_before_signing():
    bare = replace(
        TICKET, assignee=None, hypothesis="", unchecked="", next_step="", next_step_due_at=None
    )
    made = draft(replace(SHIFT, tickets=[bare]))
    assert made.warnings == (
        "SOC-2026-014 has no owner.",
        "SOC-2026-014 lacks a hypothesis, what is unchecked, a next step and a deadline.",
    )


def test_the_queue_counts_open_their_rows():
    untriaged = [
        UntriagedFacts(Severity.LOW, 9, NOON),
        UntriagedFacts(Severity.HIGH, 2, NOON - 3 * HOUR),
    ]
    started = [StartedFacts(3, "c", "mara")]
    made = draft(replace(SHIFT, untriaged=untriaged, started=started))
    counted, _, started = made.in_section(Section.QUEUE)
    assert counted.text == "2 high untriaged, oldest 3h 00m"
    assert counted.rows == ("filter:status:new severity:high",)
    assert started.text == "started, not finished: c"


def test_only_what_crosses_the_shift_is_told_of_suppressions():
    short = HiddenFacts("suppression:1", "scanner", "known", "mara", NOON + HOUR / 2)
    long = HiddenFacts("suppression:2", "backup", "planned", "mara", NOON + 5 * HOUR, hits=7)
    made = draft(replace(SHIFT, hidden=[long, short]))
    assert refs(made, Section.SUPPRESSIONS) == ["suppression:2"]
    assert made.warnings == ("suppression:2 outlives the shift and nobody reviewed it.",)


def test_a_waiting_ticket_says_on_whom_and_when_to_chase():
    waiting = replace(
        TICKET,
        status="waiting",
        waits_on="the ISP",
        chase_at=NOON + HOUR,
        waiting_since=NOON - HOUR,
    )
    (item,) = draft(replace(SHIFT, tickets=[waiting])).in_section(Section.WAITING)
    assert item.text == "Brute force on web-1: waits on the ISP"
    assert item.due_at == NOON + HOUR


def test_healthy_sources_are_not_mentioned():
    sources = [
        SourceFacts("auth", "ok", NOON),
        SourceFacts("nginx", "silent", NOON - HOUR, gaps=("11:00–11:20 lost 4096 bytes",)),
    ]
    made = draft(replace(SHIFT, sources=sources))
    (item,) = made.in_section(Section.SOURCES)
    assert item.text == "nginx is silent, last event 11:00Z"


def test_many_false_positives_of_one_rule_are_named():
    closures = [
        ClosureFacts(f"alert:{n}", "Cron", "false_positive", "mara", rule="Cron edited")
        for n in range(6)
    ]
    made = draft(replace(SHIFT, closures=closures))
    assert [item.text for item in made.in_section(Section.CLOSURES)] == [
        "6 closed as false positive",
        "6 false positives of one rule: Cron edited",
    ]


def test_written_lines_stand_in_their_sections():
    line = Written(Section.WATCH_LIST, "line:1", "if host-9 calls out, isolate it", "mara")
    made = draft(replace(SHIFT, written=[line]))
    assert refs(made, Section.WATCH_LIST) == ["line:1"]


def test_against_the_last_handoff_items_are_new_changed_the_same_or_ended():
    before = draft(replace(SHIFT, tickets=[TICKET], incidents=[INCIDENT])).items
    moved = replace(TICKET, hypothesis="a single attacker")
    fresh = replace(TICKET, ref="SOC-2026-015")
    after = draft(replace(SHIFT, tickets=[moved, fresh]), previous=before)
    changes = {item.ref: item.change for item in after.items}
    assert changes["SOC-2026-014"] is Change.CHANGED
    assert changes["SOC-2026-015"] is Change.NEW
    assert changes["read_first"] is Change.SAME
    assert [item.ref for item in after.ended] == ["INC-2026-003"]


def test_time_passing_alone_changes_no_ticket():
    before = draft(replace(SHIFT, tickets=[TICKET], incidents=[INCIDENT])).items
    later = replace(SHIFT, now=NOON + HOUR, tickets=[replace(TICKET, sla_left=HOUR)])
    after = draft(replace(later, incidents=[INCIDENT]), previous=before)
    assert {item.change for item in after.items} == {Change.SAME}


def test_comparing_a_handoff_with_itself_finds_nothing():
    items = draft(replace(SHIFT, tickets=[TICKET])).items
    compared, ended = difference(items, items)
    assert {item.change for item in compared} == {Change.SAME}
    assert ended == ()
