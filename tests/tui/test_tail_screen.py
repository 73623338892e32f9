"""The live tail over a real event store."""

import pytest

from socconsole.core.event import Event, EventCategory, RawLine
from socconsole.store.events import EventStore
from socconsole.store.queries.notes import evidence
from socconsole.store.tables import Generation
from tests.conftest import NOON
from tests.store.rows import a_source
from tests.tui.analyst import at_the_console


def event(source, number, text, category=EventCategory.INFORMATIONAL):
    data = text.encode()
    offset = number * 100
    # Lines one and two of a source lie beside each other; later ones have gaps between them.
    end = offset + (100 if number == 1 else len(data) + 1)
    line = RawLine(source, 1, offset, data, end, f"/var/log/{source}")
    fields = {"message": text}
    return Event("plain", (), fields, text, NOON, category=category, line=line)


class Collector:
    """Stores events as the real one does."""

    def __init__(self, database):
        self.database = database
        self.events = EventStore(database)
        self.count = 0

    def reads(self, source, *texts, category=EventCategory.INFORMATIONAL):
        with self.database.begin() as session:
            row = a_source(session, NOON, source)
            if session.get(Generation, row.id) is None:
                times = {"first_seen_at": NOON, "updated_at": NOON}
                session.add(Generation(id=row.id, source_id=row.id, path=source, **times))
            batch = []
            for text in texts:
                self.count += 1
                batch.append(event(source, self.count, text, category))
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


async def test_a_wrong_filter_says_where_it_is_wrong(bare_setup, collector):
    collector.reads("auth", "one")
    async with at_the_console(bare_setup) as analyst:
        await analyst.presses("3", "slash")
        await analyst.types("one (two")
        assert "column" in analyst.bottom


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
        await analyst.presses("q", "u", "u")
        assert "Undid ticket.open" in analyst.bottom


async def test_marks_that_the_filter_hides_are_left_out_and_counted(bare_setup, collector):
    collector.reads("auth", "one", "two")
    async with at_the_console(bare_setup) as analyst:
        await analyst.presses("3", "k", "space", "space", "slash")
        await analyst.types("two")
        assert "1 marked, 1 hidden" in analyst.screen
        await analyst.presses("t")
        assert "Attach 1 line to" in analyst.bottom
