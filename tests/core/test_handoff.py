from dataclasses import replace
from datetime import UTC, datetime, timedelta

from socconsole.core.expected import NoiseFacts, VolumeFacts
from socconsole.core.handoff import contingency, draft
from socconsole.core.handoff_item import Change, difference
from socconsole.core.severity import Severity
from socconsole.core.shift_facts import (
    ClosureFacts,
    EscalationFacts,
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
    hypothesis="somebody got in by the upload form",
    unchecked="the other web servers",
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


def test_an_incident_says_what_is_owed_and_what_is_missing():
    owed = (("tell management", NOON - HOUR), ("ask head of IT", NOON + HOUR))
    bare = replace(INCIDENT, owed=owed, hypothesis="", unchecked="", next_step="")
    (item,) = draft(replace(SHIFT, incidents=[bare])).in_section(Section.INCIDENTS)
    assert item.details[2:] == (
        "tell management overdue 1h 00m",
        "ask head of IT in 1h 00m",
    )
    assert item.gaps == ("a hypothesis", "what is unchecked", "a next step")
    late = replace(INCIDENT, phase="recovery", hypothesis="", unchecked="")
    (recovering,) = draft(replace(SHIFT, incidents=[late])).in_section(Section.INCIDENTS)
    assert recovering.gaps == ()


def test_expected_noise_is_figures_that_open_their_rows():
    volumes = [
        VolumeFacts("auth", "informational", 900, (300, 310)),
        VolumeFacts("auth", "exception", 50, (0, 0)),
        VolumeFacts("nginx", "informational", 1000, (1000, 1100)),
    ]
    noise = [
        NoiseFacts("r1", "Cron edited", (12, 10, 11), noise=19, decided=20),
        NoiseFacts("r2", "Web shell", (1, 1, 1), noise=0, decided=9),
        NoiseFacts("r3", "Rare", (0, 1, 0), noise=9, decided=9),
    ]
    made = draft(replace(SHIFT, volumes=volumes, noise=noise))
    whole, auth, cron = made.in_section(Section.EXPECTED_NOISE)
    assert whole.text == "1,950 events from 2 sources, usually 1,355 in these hours"
    assert whole.details[0] == "informational: 1,900, usually 1,355 in these hours"
    assert whole.rows == ("source:nginx", "source:auth")
    assert auth.text == "auth: more than usual, 950 events, usually 305 in these hours"
    assert cron.text == "Cron edited: about 11 alerts in the coming shift"
    assert cron.details[0] == "19 of 20 were noise in 4 weeks"
    assert cron.rows == ("filter:rule:r1",)


def test_every_number_opens_something():
    asked = EscalationFacts("escalation:1", "SOC-2026-014", "ben", "phone", NOON, "ours?", False)
    made = draft(
        replace(
            SHIFT,
            incidents=[INCIDENT],
            tickets=[TICKET],
            untriaged=[UntriagedFacts(Severity.LOW, 9, NOON)],
            started=[StartedFacts(3, "c", "mara")],
            hidden=[HiddenFacts("suppression:2", "backup", "x", "mara", NOON + 5 * HOUR)],
            sources=[SourceFacts("nginx", "silent", NOON)],
            escalations=[asked],
            closures=[ClosureFacts("alert:1", "x", "true_positive", "mara")],
            volumes=[VolumeFacts("auth", "exception", 5)],
            confirmed=[("bad.example", "INC-2026-003")],
        )
    )
    computed = [item for item in made.items if item.section is not Section.READ_FIRST]
    assert len({item.section for item in computed}) == 9
    assert all(item.rows for item in computed)
    (told,) = made.in_section(Section.ESCALATIONS)
    assert told.rows == ("SOC-2026-014",)
    (known,) = made.in_section(Section.INTELLIGENCE)
    assert known.details == ("bad[.]example",)


def test_a_line_of_the_watch_list_says_when_and_what_to_do():
    assert contingency("host-9 calls out", "isolate it") == "if host-9 calls out, isolate it"
    assert contingency("If it rains,", "close it") == "If it rains, close it"


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


def test_many_suppressions_that_outlive_the_shift_are_counted():
    hidden = [
        HiddenFacts(f"suppression:{n}", "x", "y", "mara", NOON + 5 * HOUR) for n in range(1, 6)
    ]
    (warning,) = draft(replace(SHIFT, hidden=hidden)).warnings
    assert warning.startswith("5 outlive the shift and nobody reviewed them: suppression:1, ")


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
        SourceFacts(
            "nginx",
            "silent",
            NOON - HOUR,
            gaps=("11:00–11:20 lost 4096 bytes",),
            silent_for=HOUR,
            max_silence=HOUR / 4,
        ),
    ]
    made = draft(replace(SHIFT, sources=sources))
    (item,) = made.in_section(Section.SOURCES)
    assert item.text == "nginx is silent, last event 11:00Z"
    assert item.details[0] == "silent for 1h 00m, its limit is 15m"


def test_sources_that_fell_silent_together_are_one_trouble():
    """One that is ill besides, or was silent long before, still stands by itself."""
    sources = [
        SourceFacts(name, "silent", NOON - HOUR, silent_for=silent, unparsed=unparsed)
        for name, silent, unparsed in (
            ("auth", HOUR, 0),
            ("dns", HOUR + HOUR / 60, 0),
            ("web", HOUR, 7),
            ("lab", 5 * HOUR, 0),
        )
    ]
    made = draft(replace(SHIFT, sources=sources))
    assert [item.text.partition(",")[0] for item in made.in_section(Section.SOURCES)] == [
        "3 sources fell silent together",
        "web is silent",
        "lab is silent",
    ]


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
    within = replace(TICKET, ref="SOC-2026-015", incident="INC-2026-003")
    before = draft(replace(SHIFT, tickets=[TICKET, within], incidents=[INCIDENT])).items
    later = [replace(TICKET, sla_left=HOUR), replace(within, sla_left=HOUR)]
    shift = replace(SHIFT, now=NOON + HOUR, tickets=later, incidents=[INCIDENT])
    after = draft(shift, previous=before)
    assert {item.change for item in after.items} == {Change.SAME}


def test_a_change_says_what_was_said_before_waiting_or_not():
    waiting = replace(TICKET, sla_left=None)
    before = draft(replace(SHIFT, tickets=[waiting])).items
    moved = replace(waiting, assignee="ben", next_step="read the mails", unchecked="the laptop")
    (item,) = draft(replace(SHIFT, tickets=[moved]), previous=before).in_section(Section.TICKETS)
    assert item.change is Change.CHANGED
    assert item.was == (
        "owner mara",
        "next: search MailItemsAccessed by 01 Mar 13:00Z",
        "not yet checked: mailbox access of j.doe",
    )
    only_unchecked = replace(waiting, unchecked="the laptop")
    items = draft(replace(SHIFT, tickets=[only_unchecked]), previous=before).items
    assert Change.CHANGED in {item.change for item in items}


def test_comparing_a_handoff_with_itself_finds_nothing():
    items = draft(replace(SHIFT, tickets=[TICKET])).items
    compared, ended = difference(items, items)
    assert {item.change for item in compared} == {Change.SAME}
    assert ended == ()
