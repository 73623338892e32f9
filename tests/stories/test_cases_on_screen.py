"""Tickets, incidents and handoffs as people work them: real screens over the real services."""

import json
import re
import time
from datetime import timedelta

import pytest
import stix2

from socconsole.core.policy import Settings, ShiftPolicy
from socconsole.core.severity import Severity
from socconsole.services import tickets
from socconsole.services.tickets import Report
from socconsole.store.database import Database
from socconsole.store.queries import handoffs as handoff_queries
from socconsole.store.queries import incidents as incident_queries
from socconsole.store.queries import tickets as ticket_queries
from socconsole.store.tables import Ticket
from socconsole.tui.setup import Setup
from tests.conftest import NOON
from tests.services.alert_making import alert_of, bring, detection
from tests.terminal import Terminal, environment
from tests.tui.analyst import at_the_console

HOUR = timedelta(hours=1)


@pytest.fixture
def database(chosen_database):
    return chosen_database


@pytest.fixture
def console(tmp_path, chosen_url):
    """Return an analyst's console by login, at a time of the day."""

    def console(login, now=NOON):
        return at_the_console(
            Setup(
                login=login,
                open_database=lambda: Database(chosen_url),
                now=lambda: now,
                settings=Settings(shift=ShiftPolicy(leads=("lea",))),
                config_folder=tmp_path / login / "config",
                state_folder=tmp_path / login / "state",
            )
        )

    return console


def ticket(database, number):
    with database.read() as session:
        return ticket_queries.by_ids(session, [number])[0]


async def test_tickets_from_a_selection_to_the_same_as_last_time(console, database):
    ids = bring(
        database,
        detection("Cron edited", user="root", level=Severity.HIGH, tags=()),
        detection("Cron edited", user="backup", level=Severity.HIGH, tags=()),
    ).alert_ids
    async with console("mara") as mara:
        # Both alerts become one ticket with one key; title, entities and evidence come along.
        await mara.presses("space", "space", "t")
        await mara.says("")
        await mara.waits_until("SOC-2026-001 has 2 alerts")
        await mara.presses("T")
        await mara.waits_until("Alerts (2)")
        assert "Observables (3)" in mara.screen
        await mara.presses("G")
        assert "Failed password for root" in mara.screen
        # What was thought, checked and seen is written once.
        await mara.presses("e", "h")
        await mara.says("the nightly job was changed")
        await mara.presses("C")
        await mara.says("the change calendar")
        await mara.says("planned, from 192.0.2.7")
        await mara.presses("r")
        await mara.waits_until("rules out")
        # A mandatory task blocks the end until it is done.
        await mara.presses("m", "m")
        await mara.says("ask the owner")
        await mara.presses("x", "e")
        await mara.says("the owner changed it")
        await mara.says("")
        await mara.waits_until("mandatory task is still open")
        open_task = ticket_tasks(database, 1)[-1]
        await mara.presses("m", "d")
        await mara.says(str(open_task.id))
        await mara.presses("x", "e")
        assert "the owner changed it" in mara.bottom
        await mara.presses("enter")
        await mara.says("")
        await mara.waits_until("resolved as benign positive: expected")
        assert {alert_of(database, number).disposition for number in ids} == {"benign_positive"}
        await mara.presses("greater_than_sign")
        assert ticket(database, 1).status == "closed"
        # The same again: the closed one is offered with its reason, and cited when it is repeated.
        bring(database, detection("Cron edited", host="web-2", level=Severity.HIGH, tags=()))
        await mara.presses("q", "g", "t")
        await mara.says("")
        await mara.presses("T")
        await mara.waits_until("Like it, closed")
        await mara.presses("D", "y")
        await mara.waits_until("Resolved as SOC-2026-001 was")
    again = ticket(database, 2)
    assert (again.status, again.disposition) == ("resolved", "benign_positive")
    with database.read() as session:
        links = ticket_queries.detail(session, 2).links
    assert [(link.human_id, link.kind) for link in links] == [("SOC-2026-001", "precedent")]


def ticket_tasks(database, number):
    with database.read() as session:
        return ticket_queries.tasks_of(session, "ticket", number)


async def test_an_incident_from_the_alert_to_what_it_taught(console, database, tmp_path):
    bring(database, detection("Web shell", level=Severity.CRITICAL))
    async with console("mara") as mara:
        await mara.presses("I", "1")
        await mara.says("")
        await mara.presses("y")
        await mara.waits_until("INC-2026-001 declared")
        assert "commander mara" in mara.screen
        # The plan says who is told and asked, by when; each is done by one key and recorded.
        await mara.presses("o")
        assert "Told whom: management" in mara.bottom
        await mara.says("")
        await mara.says("an intruder on web-1")
        await mara.says("20m")
        await mara.presses("O", "n")
        await mara.says("may we cut it off?")
        await mara.says("phone")
        await mara.waits_until("incident manager on call")
        await mara.presses("m", "p")
        await mara.says("cut web-1 off")
        await mara.says("web-1")
        await mara.says("plug it in")
        await mara.says("2h")
        for step in ("a", "c", "v"):
            await mara.presses("m", step, "enter")
        await mara.presses("i")
        await mara.says("bad[.]example 203.0.113.7 CVE-2026-12345")
        await mara.presses("t", "d")
        await mara.says("we do not pay")
        await mara.presses("enter")
        for phase in ("analysis", "containment", "eradication", "recovery", "post_incident"):
            await mara.presses("greater_than_sign", "y")
            assert incident(database).phase == phase
        # It is handed out, and what is handed out can be read.
        bundle = stix2.parse(await handed_out(mara, tmp_path, "c", "s"))
        assert {"incident", "indicator", "vulnerability"} <= {o["type"] for o in bundle.objects}
        page = await handed_out(mara, tmp_path, "o", "h")
        assert page.count('<div class="label') == 2
        assert "we do not pay" in page
        assert json.loads(await handed_out(mara, tmp_path, "l", "j"))["label"] == "TLP:AMBER"
        # A SEV1 is not closed before its review; its action is a ticket, its lesson stays.
        await mara.presses("greater_than_sign", "y")
        await mara.waits_until("closes after its review")
        await mara.presses("w", "w", "r")
        await mara.says("uploads were executed")
        await mara.presses("w", "l")
        await mara.says("look for a second shell")
        await mara.presses("w", "a")
        await mara.says("Forbid execution of uploads")
        await mara.presses("enter", "w", "d")
        await mara.presses("m", "r", "enter", "greater_than_sign", "y")
        assert (incident(database).phase, incident(database).outcome) == ("closed", "confirmed")
        # The rule fires again: what was learned stands there.
        bring(database, detection("Web shell", host="web-2", level=Severity.CRITICAL))
        await mara.presses("q", "g", "t")
        await mara.says("")
        await mara.presses("T")
        await mara.waits_until("look for a second shell")
    with database.read() as session:
        told = incident_queries.detail(session, 1)
        action = ticket_queries.detail(session, 2)
    assert [each.audience for each in told.communications] == ["management"]
    assert (action.row.title, action.row.assignee) == ("Forbid execution of uploads", "mara")


def incident(database):
    with database.read() as session:
        return incident_queries.by_ids(session, [1])[0]


async def handed_out(analyst, tmp_path, audience, kind):
    """Export the incident on screen into a file and return its text."""
    path = tmp_path / f"out-{kind}"
    if audience == "c":  # to the community only what is green may go
        await analyst.presses("e", "l", "ctrl+u")
        await analyst.says("GREEN")
    await analyst.presses("E", audience, kind, "ctrl+u")
    await analyst.says(str(path))
    await analyst.waits_for(path.exists)
    if audience == "c":
        await analyst.presses("e", "l", "ctrl+u")
        await analyst.says("AMBER")
    return path.read_text(encoding="utf-8")


async def test_a_handoff_from_the_draft_to_the_lead(console, database):
    with database.begin() as session:
        for title in ("Brute force", "Phish"):
            report = Report(title=title, assignee="mara")
            tickets.open_by_hand(session, report, by="mara", now=NOON - HOUR)
        session.get(Ticket, 2).hypothesis = "somebody clicked"
        for number in (1, 2):
            row = session.get(Ticket, number)
            row.unchecked, row.next_step, row.deadline = "the proxy", "ask", NOON + HOUR
    async with console("mara") as mara:
        # Open work without its hypothesis is refused; Enter leads to it.
        await mara.presses("H", "e")
        await mara.says("One brute force; quiet otherwise.")
        await mara.presses("plus", "w")
        await mara.says("host-9 calls out")
        await mara.says("isolate it")
        await mara.says("")
        await mara.waits_until("if host-9 calls out, isolate it")
        await mara.presses("greater_than_sign")
        await mara.waits_until("SOC-2026-001 lacks a hypothesis")
        goes_to(mara, "SOC-2026-001")
        await mara.presses("enter", "e", "h")
        await mara.says("a botnet")
        await mara.presses("q", "greater_than_sign", "y")
        await mara.waits_until("signed mara")
    async with console("ben", NOON + 3 * HOUR) as ben:
        # The next shift sees the one that waits, takes one ticket and refuses the other.
        await ben.presses("6")
        await ben.waits_until("signed mara")
        goes_to(ben, "SOC-2026-001")
        await ben.presses("y")
        await ben.waits_until("✓ yes")
        assert ticket(database, 1).assignee == "ben"
        goes_to(ben, "SOC-2026-002")
        await ben.presses("n")
        await ben.says("which proxy?")
        await ben.waits_until("refused by ben: which proxy?")
    assert ticket(database, 2).assignee == "mara"
    with database.read() as session:
        (row,) = handoff_queries.handoffs(session)
        states = {item.item.ref: item for item in handoff_queries.items(session, row.id)}
    assert states["SOC-2026-002"].lead == "lea"
    assert row.audit_hash
    async with console("lea", NOON + 3 * HOUR) as lea:
        # Mara has gone: what was refused is the lead's, who is told on the status line.
        await lea.presses("6")
        await until_told(lea, "1 refused at handoff, yours")


async def until_told(analyst, words):
    end = time.monotonic() + 20
    while words not in analyst.app.pulse.clocks:
        assert time.monotonic() < end, analyst.app.pulse.clocks
        await analyst.pilot.pause(0.05)


def goes_to(analyst, name):
    """Put the cursor on the item called so."""
    table = analyst.app.screen.table
    names = {row.entry.item.ref: number for number, row in reversed(table.loaded) if row.entry}
    assert table.move_to_id(names[name])


TYPED_PER_SECOND = 5.0
"""Letters; a person who also listens types sixty words in two minutes."""


def test_a_phishing_report_by_phone_takes_under_thirty_seconds(tmp_path, chosen_url, database):
    answers = (
        "Mail: parcel held, link to pay", "J. Doe, 4711", None, "lap-17, 10m", "phishing"
    )  # fmt: skip
    with Terminal(["--db", chosen_url], environment(tmp_path)) as terminal:
        terminal.waits_for("0/0")
        keys, began = 0, time.monotonic()
        for key in ("4", "+"):
            terminal.press(key)
            keys += 1
        terminal.waits_for("what is reported")
        for prompt, answer in zip(
            ("Reported by", "By", "About which host", "Kind", "P3"), answers, strict=True
        ):
            typed = [*answer, "enter"] if answer else ["p"]
            terminal.press(*typed)
            keys += len(typed)
            terminal.waits_for(prompt)
        terminal.waits_for("SOC-2026-001")
        program = time.monotonic() - began
    assert keys / TYPED_PER_SECOND + program < 30, (keys, program)
    with database.read() as session:
        made = ticket_queries.detail(session, 1)
    assert (made.reporter, made.contact, made.channel) == ("J. Doe", "4711", "phone")
    assert made.reported_at < made.row.opened_at
    assert re.search(r"About: lap-17", made.description)
    assert made.template == "phishing"
