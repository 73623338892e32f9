"""The table every list is made of."""

import time
from array import array

import pytest
from textual.app import ComposeResult
from textual.screen import Screen

from socconsole.errors import StoreError
from socconsole.tui.widgets.columns import Column
from socconsole.tui.widgets.prompt import PromptLine
from socconsole.tui.widgets.table import VirtualTable
from tests.tui.analyst import at_the_console
from tests.tui.gate import Gate


class Numbers:
    """A million rows; row n says "row n"."""

    def __init__(self, count):
        self.order = array("q", range(count, 0, -1))
        self.asked = 0

    def ids(self):
        return self.order

    def rows(self, ids):
        self.asked += len(ids)
        return {row_id: f"row {row_id}" for row_id in ids}


class Listing(Screen[None]):
    def __init__(self, source):
        super().__init__()
        self.source = source

    def compose(self) -> ComposeResult:
        yield VirtualTable(
            [Column("name", "Name", 12, str, grow=1)],
            source=self.source,
            empty="Nothing here · r asks again",
            gone=lambda row: row == "row 3",
        )
        yield PromptLine()

    def on_mount(self):
        self.query_one(VirtualTable).focus()
        self.query_one(VirtualTable).reload()


@pytest.fixture
async def open_list(bare_setup):
    async with at_the_console(bare_setup) as analyst:

        async def show(count):
            analyst.app.open(Listing(Numbers(count)))
            await analyst.settles()
            return analyst, analyst.app.screen.query_one(VirtualTable)

        yield show


async def test_a_million_rows_are_ready_at_once_and_jumps_are_exact(open_list):
    started = time.monotonic()
    analyst, table = await open_list(1_000_000)
    assert time.monotonic() - started < 5
    assert "row 1000000" in analyst.lines[1]
    await analyst.presses("G")
    assert "1000000/1000000" in analyst.screen
    assert table.cursor_row == "row 1"
    await analyst.presses("g", "j", "j", "k")
    assert table.cursor_row == "row 999999"
    assert table.source.asked < 2_000


async def test_marks_are_ids_and_a_verb_gets_those_the_view_still_has(open_list):
    analyst, table = await open_list(10)
    await analyst.presses("space", "space", "j", "space")
    assert list(table.selection().ids) == [10, 9, 7]
    assert "3 marked" in analyst.screen
    table.source.order = array("q", [8, 7])
    table.reload()
    await analyst.settles()
    assert list(table.selection().ids) == [7]
    assert table.selection().hidden == 2
    assert "1 marked (2 hidden)" in analyst.screen


async def test_without_marks_the_row_under_the_cursor_is_meant(open_list):
    analyst, table = await open_list(10)
    await analyst.presses("j")
    assert list(table.selection().ids) == [9]
    assert not table.selection().marked


async def test_a_range_grows_with_the_cursor_and_stays_when_it_is_ended(open_list):
    analyst, table = await open_list(10)
    await analyst.presses("v", "j", "j")
    assert list(table.selection().ids) == [10, 9, 8]
    await analyst.presses("v", "j", "j")
    assert list(table.selection().ids) == [10, 9, 8]


async def test_all_matching_is_a_snapshot_and_a_second_star_takes_it_back(open_list):
    analyst, table = await open_list(500)
    await analyst.presses("asterisk")
    assert len(table.selection()) == 500
    await analyst.presses("space")
    assert len(table.selection()) == 499
    await analyst.presses("asterisk")
    assert list(table.selection().ids) == [499]


async def test_the_cursor_is_bound_to_its_row_when_new_ones_arrive_above(open_list):
    analyst, table = await open_list(50)
    await analyst.presses("j", "j")
    before = table.cursor_row
    table.source.order = array("q", range(80, 0, -1))
    table.set_foot(pill="▲30 new · g")
    await analyst.settles()
    assert table.cursor_row == before
    assert "▲30 new · g" in analyst.screen
    table.reload()
    await analyst.settles()
    assert table.cursor_row == before
    await analyst.presses("g")
    assert table.cursor_row == "row 80"
    assert "new · g" not in analyst.screen


async def test_a_table_that_is_still_read_does_not_say_it_is_empty(open_list):
    _, table = await open_list(0)
    fresh = VirtualTable([], empty="Nothing here")
    assert (fresh.empty, table.empty) == ("Loading …", "Nothing here · r asks again")


async def test_an_empty_table_says_which_key_changes_that(open_list):
    analyst, _ = await open_list(0)
    await analyst.presses("j", "space", "G", "asterisk", "enter")
    assert "Nothing here · r asks again" in analyst.screen


async def test_a_row_that_left_the_view_stays_where_it_was_struck_through(open_list):
    analyst, _ = await open_list(4)
    strips = analyst.app.screen._compositor.render_strips()
    struck = [s.text for strip in strips for s in strip if s.style and s.style.strike]
    assert any("row 3" in text for text in struck)
    assert not any("row 2" in text for text in struck)


class Unseen(str):
    """A row that differs from the one before in what no column shows."""

    __hash__ = str.__hash__

    def __eq__(self, other):
        return self is other


async def test_rows_that_look_as_before_are_not_painted_again(open_list, monkeypatch):
    _, table = await open_list(5)
    painted = []
    monkeypatch.setattr(table, "refresh", painted.append)
    table.take_rows({row_id: Unseen(f"row {row_id}") for row_id in table.ids})
    assert painted == []
    table.take_rows({4: Unseen("row IV")})
    assert [part.y for part in painted] == [2]


async def test_a_move_made_while_the_order_is_on_its_way_is_kept(open_list):
    analyst, table = await open_list(50)
    table.reload()
    table.action_move(3)
    await analyst.settles()
    assert table.cursor_row == "row 47"


async def test_a_redraw_shows_the_lines_that_the_terminal_has_shifted(open_list, monkeypatch):
    analyst, table = await open_list(500)
    assert "row 500" in analyst.lines[1]  # painted, and kept by Textual for the next time
    with monkeypatch.context() as terminal:
        terminal.setattr(type(analyst.app._driver), "is_headless", False)
        table.move_to(30)
    assert "row 500" not in analyst.lines[1]
    assert "row 470" in analyst.screen


async def test_a_key_behind_a_jump_waits_for_the_row_it_leads_to(open_list, monkeypatch):
    analyst, table = await open_list(2_000)
    gate = Gate()
    read = table.source.rows

    def gated(ids):
        gate.wait()
        return read(ids)

    monkeypatch.setattr(table.source, "rows", gated)
    gate.close()
    await analyst.pilot.press("G", "space")
    await analyst.waits_for(lambda: gate.waiting > 0)
    assert not table.selection().marked
    gate.open()
    await analyst.waits_for(lambda: table.selection().marked)
    assert list(table.selection().ids) == [1]


async def test_a_row_that_cannot_be_read_lets_the_keys_in_and_is_not_gone_to(
    open_list, monkeypatch
):
    analyst, table = await open_list(2_000)

    def fails(_ids):
        raise StoreError("It broke.")

    with monkeypatch.context() as broken:
        broken.setattr(table.source, "rows", fails)
        await analyst.presses("G", "space")
    assert list(table.selection().ids) == [2_000]
    await analyst.presses("G")
    await analyst.waits_for(lambda: table.cursor_row == "row 1")


async def test_a_row_that_is_gone_by_now_can_be_jumped_to(open_list, monkeypatch):
    analyst, table = await open_list(2_000)
    monkeypatch.setattr(table.source, "rows", lambda ids: {})
    await analyst.presses("G", "space")
    assert list(table.selection().ids) == [1]


async def test_what_is_about_all_rows_waits_for_the_order_that_is_on_its_way(
    open_list, monkeypatch
):
    analyst, table = await open_list(10)
    gate = Gate()
    monkeypatch.setattr(table.source, "order", array("q", range(20, 0, -1)))
    monkeypatch.setattr(table.source, "ids", lambda: gate.wait() or table.source.order)
    gate.close()
    table.reload()
    await analyst.pilot.press("j", "asterisk", "G")
    await analyst.waits_for(lambda: gate.waiting > 0)
    assert table.cursor == 1
    assert not table.selection().marked
    gate.open()
    await analyst.waits_for(lambda: table.cursor == 19)
    assert len(table.selection()) == 20
