"""Tickets, incidents, handoff and metrics on screen."""

from datetime import timedelta

import pytest
from textual import events

from socconsole.services import business, handoffs, reviews, tickets
from socconsole.services.incidents import Declaration, declare
from socconsole.services.tickets import Report
from socconsole.store.queries import handoffs as handoff_queries
from socconsole.store.queries import incidents as incident_queries
from socconsole.store.queries import tickets as queries
from socconsole.store.tables import Ticket
from socconsole.tui.reading.freshness import ReadsAgain
from socconsole.tui.reading.store_access import StoreAccess
from tests.conftest import NOON
from tests.store.rows import an_alert
from tests.tui.analyst import at_the_console


@pytest.fixture
def opened(database):
    """Two tickets: one from an alert of mara's, one reported and nobody's."""
    with database.begin() as session:
        alert = an_alert(
            session, NOON - timedelta(hours=1), host="web-1", entities={"host": "web-1"}
        )
        mine = tickets.open_from_alerts(session, [alert.id], by="mara", now=NOON)
        other = tickets.open_by_hand(session, Report(title="Phish"), by="ben", now=NOON)
    return mine, other


@pytest.fixture
async def console(bare_setup, opened):
    async with at_the_console(bare_setup) as analyst:
        yield analyst


def ticket(database, number):
    with database.read() as session:
        return queries.by_ids(session, [number])[0]


async def test_an_empty_list_says_what_to_do_and_is_read_once(bare_setup, monkeypatch):
    read, asked = StoreAccess.read, []

    async def counted(store, query, *args, **kwargs):
        asked.append(query.__name__)
        return await read(store, query, *args, **kwargs)

    async with at_the_console(bare_setup) as analyst:
        monkeypatch.setattr(StoreAccess, "read", counted)
        monkeypatch.setattr(ReadsAgain, "on_store_changed", lambda _: None)  # presence writes too
        await analyst.presses("4")
        assert "No open ticket · + opens one by hand" in analyst.screen
        await analyst.presses("5")
        assert "No open incident · + declares one" in analyst.screen
        await analyst.presses("6")
        await analyst.waits_until("Nobody wrote what the next shift is walking into")
        await analyst.presses("9")
        await analyst.waits_until("Time to acknowledge")
    names = ("tickets", "incidents", "read_handoffs", "read_figures")
    assert [asked.count(name) for name in names] == [1, 1, 1, 1]


async def test_tickets_are_listed_and_narrowed(console):
    await console.presses("4")
    assert "SOC-2026-001" in console.screen
    assert "SOC-2026-002" in console.screen
    await console.presses("slash")
    await console.says("phish")
    assert "SOC-2026-001" not in console.screen
    await console.presses("backslash", "right_square_bracket")
    assert "SOC-2026-002" not in console.screen


async def test_a_list_holds_still_while_its_tickets_come_and_go(console, database, opened):
    with database.begin() as session:
        third = tickets.open_by_hand(session, Report(title="Lost phone"), by="ben", now=NOON)
    await console.presses("4", "j")
    assert "SOC-2026-003" in console.screen
    table = console.app.screen.table
    shown = list(table.ids)
    with database.begin() as session:
        tickets.start(session, [third.id], by="ben", now=NOON)
        session.get(Ticket, opened[0].id).status = "closed"
        tickets.open_by_hand(session, Report(title="Found phone"), by="ben", now=NOON)
    await console.waits_until("▲1 new · g")
    assert list(table.ids) == shown
    struck = {row.human_id: (row.status, table.gone(row)) for _, row in table.loaded}
    assert struck["SOC-2026-001"] == ("closed", True)
    assert struck["SOC-2026-003"] == ("in_progress", False)
    assert table.cursor == 1
    await console.presses("g")
    await console.waits_until("Found phone")
    assert "SOC-2026-001" not in console.screen
    assert "▲" not in console.screen


async def test_a_ticket_is_worked_to_its_end_by_keys(console, database, opened):
    await console.presses("4", "enter")
    assert "Brute force on web-1" in console.screen
    await console.presses("greater_than_sign")
    assert ticket(database, opened[0].id).status == "in_progress"
    await console.presses("c")
    await console.says("looked at 203.0.113.7")
    assert "203.0.113.7" in console.screen
    await console.presses("e", "h")
    await console.says("a botnet")
    assert "a botnet" in console.screen
    await console.presses("x", "f")
    await console.presses("enter")
    done = ticket(database, opened[0].id)
    assert (done.status, done.disposition) == ("resolved", "false_positive")
    await console.presses("u")
    assert ticket(database, opened[0].id).status == "in_progress"


async def test_a_key_behind_a_change_is_for_what_the_change_has_led_to(console):
    await console.presses("4", "j", "enter")
    await console.waits_until("Phish")
    for _ in range(2):
        console.app.post_message(events.Key("greater_than_sign", ">"))
    await console.waits_until("Resolve SOC-2026-002 as")


async def test_keys_typed_before_a_ticket_is_read_are_for_it(console):
    await console.presses("4")
    for name in ("enter", "I"):
        console.app.post_message(events.Key(name, name if name == "I" else None))
    await console.waits_until("Declare from SOC-2026-00")
    assert "if unsure the higher" in console.bottom


async def test_what_a_note_points_at_is_opened_by_key(console, database, opened):
    await console.presses("4", "enter", "c")
    await console.says("like SOC-2026-002, ask @ben")
    await console.presses("enter")
    assert "@ben" in console.screen
    await console.presses("g", "j", "enter")
    assert "SOC-2026-002" in console.lines[1]
    assert "Phish" in console.screen
    await console.presses("q", "j", "enter")
    await console.waits_until("Tickets of ben")


async def test_a_note_is_corrected_and_a_value_is_ignored_by_keys(console, database):
    await console.presses("4", "enter", "c")
    await console.says("seen from 10.1.2.3")
    await console.presses("comma", "n", "enter")
    await console.says(" today")
    assert "seen from 10.1.2.3 today" in console.screen
    assert "corrected below" in console.screen
    await console.presses("comma", "i", "ctrl+u")
    await console.says("10.0.0.0/8")
    await console.says("ours")
    await console.presses("G")
    assert "ip     10.1.2.3" not in console.screen
    await console.presses("comma", "c")
    assert "No evidence is attached" in console.screen


async def test_a_word_that_is_no_number_is_said_not_passed_over(console, database, opened):
    with database.begin() as session:
        more = an_alert(session, NOON, fingerprint="more").id
        tickets.add_alerts(session, opened[0].id, [more], by="mara", now=NOON)
    await console.presses("4", "enter", "x", "f", "enter")
    await console.says(f"#{more} x2")
    assert "'x2' is no number" in console.bottom
    assert ticket(database, opened[0].id).status == "open"
    await console.presses("x", "f", "enter")
    await console.says(f"#{more}")
    done = ticket(database, opened[0].id)
    assert (done.status, done.alert_count) == ("resolved", 1)


async def test_waiting_asks_on_whom_and_when(console, database, opened):
    await console.presses("4", "s")
    await console.says("the ISP")
    await console.says("2h")
    row = ticket(database, opened[0].id)
    assert (row.status, row.waiting_on) == ("waiting", "the ISP")
    assert "‖" in console.screen


async def test_a_report_by_phone_is_taken_on_the_bottom_line(console, database):
    await console.presses("4", "plus")
    await console.says("Strange mail")
    await console.says("J. Doe, 4711")
    await console.presses("p")
    await console.says("lap-17, 10m")
    await console.says("phishing")
    assert "Strange mail" in console.screen
    assert "Find everybody who got it" in console.screen
    assert "! How far it went" in console.screen
    await console.presses("e", "f", "3", "2")
    assert "How far it went: opened" in console.screen


async def test_a_colleagues_edit_is_shown_not_overwritten(console, database, opened):
    await console.presses("4", "enter", "e", "n")
    with database.begin() as session:
        session.get(Ticket, opened[0].id).next_step = "theirs"
    await console.says("mine")
    assert "A colleague wrote: theirs" in console.bottom
    await console.presses("m")
    assert ticket(database, opened[0].id).next_step == "mine"


async def test_a_text_taken_up_again_does_not_overwrite_what_a_colleague_wrote_meanwhile(
    console, database, opened
):
    await console.presses("4", "enter", "e", "n")
    await console.says("my half", then="escape")
    with database.begin() as session:
        session.get(Ticket, opened[0].id).next_step = "theirs"
    await console.presses("e", "n")
    assert "(unfinished): my half" in console.bottom
    await console.presses("enter")
    assert "A colleague wrote: theirs" in console.bottom
    await console.presses("b")
    assert ticket(database, opened[0].id).next_step == "theirs; my half"


async def test_a_paragraph_taken_up_again_is_put_beside_a_colleagues(console, database, opened):
    await console.presses("H", "e")
    await console.says("my half", then="escape")
    with database.begin() as session:
        handoffs.write(session, "theirs", by="ben", now=NOON)
    await console.presses("e", "enter")
    assert "A colleague wrote: theirs" in console.bottom
    await console.presses("b")
    with database.read() as session:
        assert handoff_queries.open_draft(session).paragraph == "theirs\nmy half"


async def test_an_incident_is_declared_from_a_ticket_and_led_by_keys(console, database):
    await console.presses("4", "I")
    assert "if unsure the higher" in console.bottom
    assert "an attacker at large" in console.screen
    await console.presses("2", "enter", "m", "s", "h", "h", "n", "n", "e")
    await console.says("the web tier")
    await console.says("bad[.]example")
    await console.says("scribee=ben")
    assert "Declare SEV2?" in console.bottom
    await console.presses("y")
    assert "There is no role 'scribee'" in console.screen
    assert "the web tier" in console.screen
    # Who leaves a question has said enough; Enter leaves a choice as it is.
    await console.presses("m", "enter", "m", "escape")
    assert "Declare SEV2?" in console.bottom
    assert "confidentiality high" in " ".join(console.screen.split())
    await console.presses("m", "s", "h", "h", "n", "n", "e", "enter", "enter", "ctrl+u")
    await console.says("scribe=ben")
    await console.presses("y")
    await console.waits_until("INC-2026-001")
    await console.waits_until("bad.example")
    await console.presses("greater_than_sign", "y")
    with database.read() as session:
        (row,) = incident_queries.incidents(session)
        before = len(incident_queries.detail(session, row.id).communications)
    assert (row.phase, row.severity, row.commander) == ("analysis", 2, "mara")
    await console.presses("o")
    await console.says("the board")
    await console.says("it is contained")
    await console.presses("escape")  # no answer to when the next update is due: nothing was told
    with database.read() as session:
        told = incident_queries.detail(session, row.id).communications
    assert len(told) == before
    await console.presses("q", "5")
    assert "SEV2 INC-2026-001" in console.screen
    await console.waits_until("INC-001 ask")


async def test_an_incident_is_asked_for_only_where_one_is_open(console, database, opened):
    await console.presses("4", "i")
    assert "No incident is open · I declares one" in console.bottom
    with database.begin() as session:
        declare(session, opened[0].id, Declaration(severity=2), by="mara", now=NOON)
    await console.presses("enter", "J", "i")
    assert "to incident: INC-2026-001" in console.bottom
    await console.presses("enter")
    assert {ticket(database, row.id).incident for row in opened} == {"INC-2026-001"}


async def test_what_a_colleague_wrote_into_the_review_meanwhile_is_kept(console, database, opened):
    with database.begin() as session:
        incident = declare(session, opened[0].id, Declaration(severity=2), by="mara", now=NOON)
    await console.presses("5", "enter", "w", "w", "l")
    with database.begin() as session:
        reviews.write(session, incident.id, {"luck": "theirs"}, by="ben", now=NOON)
    await console.says("mine")
    assert "A colleague wrote: theirs" in console.bottom
    await console.presses("b")
    await console.waits_until("Written · u undoes")
    with database.read() as session:
        written = incident_queries.detail(session, incident.id).review
    assert written["luck"] == "theirs\nmine"


async def test_what_is_hit_and_down_stands_on_the_incident_until_it_is_up(
    console, database, opened
):
    with database.begin() as session:
        declare(session, opened[0].id, Declaration(severity=2), by="mara", now=NOON)
    await console.presses("5", "enter", "e", "o")
    assert "No service is described yet" in console.bottom
    with database.begin() as session:
        business.put(session, business.ServiceEntry(name="shop"), by="mara", now=NOON)
    await console.presses("e", "o", "enter")
    await console.says("2h ago")
    await console.says("")
    await console.waits_until("DOWN for 2h")
    await console.presses("e", "i", "a", "3")
    await console.waits_until("availability high")
    await console.presses("e", "o", "enter", "enter")
    await console.says("30m ago")
    await console.waits_until("shop from 2026-11-21 10:00:00Z to 2026-11-21 11:30:00Z, 1h 30m")


async def test_a_handoff_is_written_signed_and_accepted_by_keys(console, database, opened):
    with database.begin() as session:
        for number in (1, 2):
            row = session.get(Ticket, number)
            row.hypothesis, row.unchecked, row.next_step = "x", "y", "z"
            row.deadline = NOON
    await console.presses("H", "e")
    await console.says("One brute force.")
    unsorted = console.screen
    # By what it says, from Z to A: sections stay, items take their lines along.
    await console.presses("W", "j", "s", "s", "q")
    words = ("walking into (1)", "One brute", "tickets (2)", "002 P3", "5d 0h", "001 P2", "1d 0h")
    assert sorted(words, key=console.screen.index) == list(words)
    assert console.screen != unsorted
    await console.presses("W", "backslash", "q")
    await console.presses("greater_than_sign", "y")
    await console.waits_until("signed mara")
    await console.presses("asterisk", "n")
    assert "Refuse them one by one" in console.bottom
    await console.presses("asterisk")
    await console.presses("j", "j", "j")
    await console.presses("y")
    await console.waits_until("✓ yes")


async def test_every_figure_opens_its_rows(console):
    await console.presses("9")
    await console.waits_until("Alerts")
    table = console.app.screen.query_one("VirtualTable")
    names = [figure.name for figure in console.app.screen._figures]
    table.move_to(names.index("alerts"))
    await console.presses("enter")
    await console.waits_until("alert:1")
    await console.presses("enter")
    await console.waits_until("Brute force")
