"""Search results: a list like every other one, of lines."""

from array import array
from datetime import timedelta

from socconsole.core.event import EventCategory
from socconsole.store.events import Kept
from socconsole.store.queries.notes import evidence
from socconsole.store.queries.views import views
from socconsole.tui.reading.line_search import hit_of
from tests.conftest import NOON
from tests.tui.analyst import at_the_console
from tests.tui.test_tail_screen import Collector, collector, event

__all__ = ["collector"]
MINUTE = timedelta(minutes=1)


async def test_what_is_found_is_a_list_with_columns_order_and_views(
    bare_setup, collector: Collector, database
):
    collector.reads("web", "GET /a", "GET /b", at=NOON - 50 * MINUTE)
    collector.reads("auth", "it broke [/] \x1b]0;x\x07", category=EventCategory.EXCEPTION)
    async with at_the_console(bare_setup) as analyst:
        await analyst.presses("3", "slash")
        await analyst.says("source:web")
        await analyst.presses("o")
        assert "/source:web" in analyst.lines[1]
        assert "all that is retained" in analyst.screen
        table = analyst.app.screen.table
        assert [table.row_at(n).message for n in range(2)] == ["GET /b", "GET /a"]
        await analyst.presses("backslash")
        assert "it broke [/]" in analyst.screen
        assert "\x1b" not in analyst.screen
        await analyst.presses("o", "m")
        await analyst.presses("W")
        await analyst.presses("enter")
        await analyst.presses("q")
        assert [table.row_at(n).message[:6] for n in range(3)] == ["GET /a", "GET /b", "it bro"]
        await analyst.presses("O", "slash")
        await analyst.says("source:web or category:exception")
        assert table.row_at(0).message.startswith("it broke")
        await analyst.presses("colon")
        await analyst.says("view team Web")
        await analyst.waits_until("Web 3")
        await analyst.presses("g", "j", "e")
        assert "No further error" in analyst.bottom
        await analyst.presses("at")
        await analyst.says("11:30")
        assert table.line_count == 2
        await analyst.presses("F")
        await analyst.waits_until("GET /a")
        assert "/source:web or category:exception" in analyst.lines[1]
    with database.read() as session:
        (saved,) = [view for view in views(session, "jo", screen="results") if view.owner]
    assert (saved.name, saved.sort) == ("Web", "-message")
    assert [column["name"] for column in saved.columns if not column["shown"]] == ["time"]


async def test_results_hold_still_are_marked_and_become_evidence(bare_setup, collector, database):
    collector.reads("auth", "one", "two", "three")
    async with at_the_console(bare_setup) as analyst:
        await analyst.presses("colon")
        await analyst.says("hunt source:auth")
        await analyst.presses("space", "space")
        collector.reads("auth", "four")
        collector.reads("web", "five")
        await analyst.waits_until("▲1 new · g")
        await analyst.presses("g")
        assert "2 marked" in analyst.screen
        await analyst.presses("slash")
        await analyst.presses("ctrl+u")
        await analyst.says("three")
        assert "1 marked (1 hidden)" in analyst.screen
        await analyst.presses("backslash", "t")
        await analyst.says("Somebody tries passwords")
        assert "SOC-2026-001 has 2 lines" in analyst.bottom
        with database.read() as session:
            assert {piece.size for piece in evidence(session, "ticket", 1)} == {4, 6}
        await analyst.presses("enter")
        assert "byte 500" in analyst.screen
        await analyst.presses("q", "f", "g", "s")
        assert analyst.lines[3].split() == ["▌", "4", "auth"]


def test_a_line_has_an_id_of_its_own_wherever_its_source_counts_from():
    offsets = (0, 1, 2**40, 2**62)
    lines = [event("auth", 1, "one") for _ in offsets]
    for each, offset in zip(lines, offsets, strict=True):
        each.line.offset = offset
    ids = array("q", [hit_of(Kept(1, 1, each)).id for each in lines])
    assert len(set(ids)) == len(offsets)
