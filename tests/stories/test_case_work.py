"""Case work under stress: two analysts at once, and a handoff over many open tickets."""

import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from socconsole.core.shift_facts import Section
from socconsole.services import handoff_paper, handoffs, tickets
from socconsole.services.tickets import Report
from socconsole.store.queries import notes as note_queries
from socconsole.store.tables import AuditEntry, Finding, Ticket
from socconsole.tui.screens.handoff import rows_of

ROUNDS = 15

ANALYST = """
import sys
from datetime import UTC, datetime
from socconsole.errors import ConflictError
from socconsole.services import notes
from socconsole.services.case_edit import edit_ticket
from socconsole.store.database import Database
from socconsole.store.queries.fields import field_of
from socconsole.store.queries.subjects import Subject

url, login, field, rounds = sys.argv[1:]
database = Database(url)
about = Subject("ticket", 1, "SOC-2026-001")
applied = refused = 0
sys.stdin.readline()
for turn in range(int(rounds)):
    now = datetime.now(UTC)
    with database.read() as session:
        shared = field_of(session, "ticket", 1, "next_step")
    changes = {field: f"{login} {turn}", "next_step": f"{login} {turn}"}
    with database.begin() as session:
        result = edit_ticket(session, 1, changes, {"next_step": shared}, by=login, now=now)
        notes.add(session, about, f"{login} {turn}", by=login, now=now)
    assert field in result.applied
    applied += "next_step" in result.applied
    refused += len(result.conflicts)
    assert all(c.mine == f"{login} {turn}" and c.theirs != shared for c in result.conflicts)
database.close()
print(applied, refused)
"""


def analyst(url, login, field):
    return subprocess.Popen(
        [sys.executable, "-c", ANALYST, url, login, field, str(ROUNDS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


def test_two_analysts_at_one_ticket_lose_nothing(database, database_url, noon):
    with database.begin() as session:
        tickets.open_by_hand(session, Report(title="shared"), by="lea", now=noon)
    both = [
        analyst(database_url, "mara", "hypothesis"),
        analyst(database_url, "ben", "unchecked"),
    ]
    for one in both:
        one.stdin.write("go\n")
        one.stdin.flush()
    counts = [tuple(map(int, one.communicate(timeout=90)[0].split())) for one in both]
    assert [one.returncode for one in both] == [0, 0]
    assert [sum(count) for count in counts] == [ROUNDS, ROUNDS]
    with database.read() as session:
        ticket = session.get(Ticket, 1)
        written = [note.body for note in note_queries.notes(session, "ticket", 1)]
        edits = session.exec(select(AuditEntry).where(AuditEntry.verb == "ticket.edit")).all()
    assert (ticket.hypothesis, ticket.unchecked) == (f"mara {ROUNDS - 1}", f"ben {ROUNDS - 1}")
    assert sorted(written) == sorted(f"{who} {n}" for who in ("mara", "ben") for n in range(ROUNDS))
    assert {entry.by for entry in edits} == {"mara", "ben"}


def test_a_handoff_over_two_hundred_open_tickets_opens_at_once(database, noon):
    with database.begin() as session:
        for n in range(1, 201):
            session.add(
                Ticket(
                    human_id=f"SOC-2026-{n:03d}",
                    title=f"case {n}",
                    opened_at=noon - timedelta(hours=n),
                    opened_by="mara",
                    assignee="mara",
                    hypothesis="a botnet",
                    unchecked="the gateway",
                    next_step="ask",
                    deadline=noon,
                    due_at=noon + timedelta(hours=n),
                )
            )
        session.flush()
        for n in range(1, 201):
            session.add(
                Finding(
                    subject_kind="ticket",
                    subject_id=n,
                    checked="logins",
                    result="none",
                    meaning="rules_out",
                    created_at=noon,
                    created_by="mara",
                )
            )
    with database.begin() as session:
        handoffs.write(session, "Busy.", by="mara", now=noon)
        handoffs.sign(session, by="mara", now=noon)
    spent = []
    for _ in range(5):
        began = time.process_time()
        with database.read() as session:
            paper = handoff_paper.paper_of_draft(session, now=noon)
        rows = list(rows_of(paper, everything=True))
        spent.append(time.process_time() - began)
    assert len(paper.in_section(Section.TICKETS)) == 200
    assert len(rows) > 200
    assert min(spent) < 0.2


@pytest.mark.parametrize("everything", [False, True])
def test_what_is_the_same_is_folded_until_somebody_asks(chosen_database, noon, everything):
    with chosen_database.begin() as session:
        row = tickets.open_by_hand(session, Report(title="x", assignee="mara"), by="mara", now=noon)
        ticket = session.get(Ticket, row.id)
        ticket.hypothesis = ticket.unchecked = ticket.next_step = "x"
        ticket.deadline = noon
        session.flush()
        handoffs.write(session, "Quiet.", by="mara", now=noon)
        handoffs.sign(session, by="mara", now=noon)
        paper = handoff_paper.paper_of_draft(session, now=noon)
    shown = [row.text for row in rows_of(paper, everything=everything)]
    assert any("next: x" in text for text in shown) == everything
    narrow = list(rows_of(paper, everything=everything, width=25))
    assert max(len(row.shown or row.text) for row in narrow) <= 25
