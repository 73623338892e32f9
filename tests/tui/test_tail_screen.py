"""The live tail over a real event store."""

from datetime import timedelta

import pytest

from socconsole.core.event import Event, EventCategory, RawLine
from socconsole.store.events import EventStore
from socconsole.store.queries.notes import evidence
from socconsole.store.tables import Generation
from socconsole.tui.screens.around import AroundScreen
from tests.conftest import NOON
from tests.services.alert_making import bring, detection, rows_of
from tests.store.rows import a_source
from tests.tui.analyst import at_the_console


def event(source, number, text, category=EventCategory.INFORMATIONAL, at=NOON):
    data = text.encode()
    offset = number * 100
    # Lines one and two of a source lie beside each other; later ones have gaps between them.
    end = offset + (100 if number == 1 else len(data) + 1)
    line = RawLine(source, 1, offset, data, end, f"/var/log/{source}")
    fields = {"message": text}
    return Event("plain", (), fields, text, at, category=category, line=line)


class Collector:
    """Stores events as the real one does."""

    def __init__(self, database):
        self.database = database
        self.events = EventStore(database)
        self.count = 0

    def reads(self, source, *texts, category=EventCategory.INFORMATIONAL, at=NOON):
        with self.database.begin() as session:
            row = a_source(session, NOON, source)
            if session.get(Generation, row.id) is None:
                times = {"first_seen_at": NOON, "updated_at": NOON}
                session.add(Generation(id=row.id, source_id=row.id, path=source, **times))
            batch = []
            for text in texts:
                self.count += 1
                batch.append(event(source, self.count, text, category, at))
            row.lines += len(batch)
            self.events.append(session, row.id, row.id, batch, read_at=NOON)


@pytest.fixture
def collector(database):
    reading = Collector(database)
    yield reading
    reading.events.close()


async def test_lines_appear_as_they_are_read_and_can_be_narrowed(bare_setup, collector):
    collector.reads("auth", "Failed password for root", "session opened for mara")
    collector.reads("web", "GET /index.html", "POST /shell.php [/][bold]x")
    async with at_the_console(bare_setup) as analyst:
        await analyst.presses("3")
        assert "Failed password" in analyst.screen
        assert "POST /shell.php [/][bold]x" in analyst.screen
        collector.reads("auth", "sudo: root by mara", category=EventCategory.EXCEPTION)
        await analyst.waits_until("sudo: root by mara")
        await analyst.presses("right_square_bracket")
        assert "[auth]" in analyst.lines[1]
        assert "GET /index" not in analyst.screen
        await analyst.presses("slash")
        await analyst.types("password")
        assert "Failed password" in analyst.screen
        assert "sudo" not in analyst.screen
        await analyst.presses("backslash", "E", "enter")
        assert "byte 500" in analyst.screen
        await analyst.presses("q")
        assert "sudo: root by mara" in analyst.screen


async def test_a_jump_to_a_time_of_which_nothing_is_kept_says_where_it_leads(bare_setup, collector):
    collector.reads("auth", "Failed password for root")
    async with at_the_console(bare_setup) as analyst:
        await analyst.presses("3", "at")
        await analyst.says("2026-11-21 11:50Z")
        assert "the next is of 2026-11-21 12:00:00Z" in analyst.bottom
        await analyst.presses("at")
        await analyst.says("11:58Z")
        await analyst.waits_until("PAST")
        await analyst.presses("F")
        assert "Failed password" in analyst.screen


async def test_lines_have_views_with_counts_of_what_is_newest(bare_setup, collector, database):
    collector.reads("auth", "Failed password for root", "session opened for mara")
    collector.reads("web", "GET /index.html", "POST /shell.php", category=EventCategory.EXCEPTION)
    async with at_the_console(bare_setup) as analyst:
        await analyst.presses("3")
        await analyst.waits_until("Errors 2")
        await analyst.presses("left_square_bracket")
        assert "[Errors]" in analyst.lines[1]
        assert "Failed password" not in analyst.screen
        await analyst.presses("right_square_bracket", "right_square_bracket", "slash")
        await analyst.says("password or opened")
        await analyst.presses("colon")
        await analyst.says("view team Doors")
        await analyst.presses("backslash", "left_square_bracket")
        await analyst.waits_until("Doors 2")
        await analyst.presses("colon")
        await analyst.says("view doors")
        assert "session opened" in analyst.screen
        assert "shell.php" not in analyst.screen
    (view,) = rows_of(database, "view")
    assert (view.screen, view.filter) == ("tail", "source:auth (password or opened)")


async def test_lines_of_some_time_ago_are_a_key_away(bare_setup, collector):
    minute = timedelta(minutes=1)
    bad = EventCategory.EXCEPTION
    collector.reads("auth", "first of all", at=NOON - 70 * minute)
    collector.reads("web", "it broke", "again", category=bad, at=NOON - 60 * minute)
    collector.reads("auth", *(f"line {n}" for n in range(100)), at=NOON - 10 * minute)
    async with at_the_console(bare_setup) as analyst:
        await analyst.presses("3", "at")
        await analyst.types("11:00:00")
        view = analyst.app.screen.view
        assert view.cursor_line.text == "it broke"
        assert "first of all" in analyst.screen
        assert "PAST · 0 newer" in analyst.screen
        collector.reads("auth", "late")
        await analyst.waits_until("PAST · 1 newer")
        await analyst.presses("F")
        assert "late" in analyst.lines[-3]
        await analyst.presses("E")
        assert view.cursor_line.text == "again"
        await analyst.presses("E", "E")
        assert "No further error" in analyst.bottom
        await analyst.presses("k", "p")
        assert view.cursor_line.text == "first of all"
        assert "2 errors" in analyst.screen


async def test_the_top_of_the_live_lines_is_not_the_end(bare_setup, collector):
    collector.reads("auth", *(f"line {n}" for n in range(100)))
    async with at_the_console(bare_setup) as analyst:
        await analyst.presses("3", "g", "k", "k")
        assert analyst.app.screen.view.cursor_line.text == "line 74"


async def test_the_value_under_the_cursor_narrows_and_is_hunted(bare_setup, collector):
    collector.reads("auth", "one")
    collector.reads("web", "two", "three")
    async with at_the_console(bare_setup) as analyst:
        await analyst.presses("3", "k", "f", "x", "s")
        assert "/!source:web" in analyst.lines[1]
        assert "two" not in analyst.screen
        await analyst.presses("backslash", "f", "g", "s")
        assert analyst.lines[3].split() == ["▌", "2", "web"]
        await analyst.presses("q", "z")
        assert "names no host" in analyst.bottom


async def test_a_wrong_filter_says_where_it_is_wrong(bare_setup, collector):
    collector.reads("auth", "one")
    async with at_the_console(bare_setup) as analyst:
        await analyst.presses("3", "slash")
        await analyst.types("one (two")
        assert "one (two" in analyst.bottom
        assert "This ( is never closed" in analyst.screen


async def test_an_empty_tail_says_what_to_do(bare_setup):
    async with at_the_console(bare_setup) as analyst:
        await analyst.presses("3")
        assert "No line yet" in analyst.screen


async def test_marked_lines_become_byte_exact_evidence_of_a_new_ticket(
    bare_setup, collector, database
):
    collector.reads("auth", "one", "two", "three", "four \x1b[2J", "five")
    async with at_the_console(bare_setup) as analyst:
        await analyst.presses("3", "k", "space", "k", "k", "k", "space", "k", "k", "space", "t")
        await analyst.types("Somebody tries passwords")
        assert "SOC-2026-001 has 3 lines" in analyst.bottom
        assert "marked" not in analyst.screen
        with database.read() as session:
            pieces = [piece.size for piece in evidence(session, "ticket", 1)]
        assert sorted(pieces) == [len("one\ntwo\n"), len("four \x1b[2J\n")]
        await analyst.presses("space", "t")
        await analyst.types("soc-2026-001")
        assert "SOC-2026-001 has 1 line" in analyst.bottom
        await analyst.presses("T")
        assert "Somebody tries passwords" in analyst.screen
        await analyst.presses("u", "u")
        await analyst.waits_until("Undid: opened SOC-")
        assert "one" in analyst.screen  # the ticket is gone, its screen too


async def test_marks_that_the_filter_hides_are_left_out_and_counted(bare_setup, collector):
    collector.reads("auth", "one", "two")
    async with at_the_console(bare_setup) as analyst:
        await analyst.presses("3", "k", "space", "space", "slash")
        await analyst.types("two")
        assert "1 marked, 1 hidden" in analyst.screen
        await analyst.presses("t")
        assert "Attach 1 line to" in analyst.bottom


async def test_a_large_terminal_shows_views_rate_and_the_tail_of_the_source_at_hand(
    bare_setup, collector, database
):
    collector.reads("auth", "sudo: session opened")
    collector.reads("web", "GET /")
    bring(database, detection(source="auth"))
    async with at_the_console(bare_setup, (200, 60)) as analyst:
        await analyst.waits_until("sudo: session opened")
        assert "GET /" not in analyst.screen
        await analyst.waits_until("now 1, peak 1, 1 in an hour")
        await analyst.waits_until("▌Open                  1")
        await analyst.waits_until("Why it fired")


async def test_as_many_lines_around_one_as_are_wanted(bare_setup, collector):
    collector.reads("auth", *(f"line {n}" for n in range(60)))
    async with at_the_console(bare_setup) as analyst:
        analyst.app.open(AroundScreen("Around line 30", 1, 1, 3_100))
        await analyst.waits_until("▌12:00:00Z line 30")
        assert "line 20" in analyst.screen
        assert "line 19" not in analyst.screen
        await analyst.presses("plus", "g")
        await analyst.waits_until("±20 lines")
        assert "line 10" in analyst.screen
        await analyst.presses("minus", "minus", "minus")
        await analyst.waits_until("±5 lines")
        assert "line 24" not in analyst.screen
