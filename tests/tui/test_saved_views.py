"""Saved views, grouping, the verdict of last time and suppressions at the queue."""

import pytest
from textual import events

from socconsole.core.disposition import parse_verdict
from socconsole.services import alerts, incidents, tickets
from socconsole.services.tickets import Report
from socconsole.store.queries.views import views
from socconsole.tui.widgets.columns import Column
from socconsole.tui.widgets.layout import TableLayout
from socconsole.tui.widgets.prompt import PromptLine
from tests.conftest import NOON
from tests.services.alert_making import alert_of, bring, detection, minutes, rows_of
from tests.tui.analyst import at_the_console


@pytest.fixture
async def console(bare_setup, database):
    """A console with three alerts, the first of which came back after a harmless verdict."""
    (before,) = bring(database, detection(at=NOON - minutes(60)), now=NOON).alert_ids
    with database.begin() as session:
        said = parse_verdict("benign_positive:test")
        alerts.close(session, [before], said, by="ines", now=NOON - minutes(60 * 25))
    found = (detection("Web shell", host="web-1"), detection("Web shell", host="db-1"))
    bring(database, *found, detection(), now=NOON)
    async with at_the_console(bare_setup) as analyst:
        await analyst.waits_until("1/3")
        yield analyst


async def test_a_view_that_is_saved_without_a_name_is_asked_for_one(console, database):
    await console.presses("colon")
    await console.types("view save")
    assert "Name of the view to save:" in console.bottom
    await console.says("save")
    assert [view.name for view in rows_of(database, "view")] == ["save"]


async def test_a_filter_is_saved_as_a_view_and_found_in_the_bar(console, database):
    await console.presses("slash")
    await console.types("host:db*")
    await console.waits_until("1/1")
    await console.presses("colon")
    await console.types("view team Databases")
    await console.presses("backslash", "left_square_bracket")
    await console.waits_until("[Databases]")
    await console.waits_until("1/1")
    await console.presses("minus")
    await console.waits_until("[Open]")
    (view,) = rows_of(database, "view")
    assert (view.filter, view.shared) == ("host:db*", True)


async def test_grouping_counts_values_and_narrows_to_one(console):
    await console.presses("f", "g", "r")
    await console.waits_until("Web shell")
    await console.presses("enter")
    await console.waits_until("1/2")
    assert "/rule:" in console.screen


async def test_the_verdict_of_last_time_takes_one_key(console, database):
    await console.presses("slash")
    await console.types("rule:ssh")
    await console.waits_until("1/1")
    await console.presses("D")
    await console.waits_until("u undoes")
    row = alert_of(database, 4)
    assert (row.status, row.sub_reason) == ("closed", "test")


async def test_a_suppression_shows_its_back_test_before_it_is_saved(console, database):
    await console.presses("S")
    await console.types("")
    await console.types("load test")
    await console.waits_until("would have hidden 2 alerts")
    assert rows_of(database, "suppression") == []
    await console.presses("y")
    await console.waits_until("Suppressed until")
    (row,) = rows_of(database, "suppression")
    assert (row.reason, row.created_by) == ("load test", "mara")


async def test_a_view_keeps_columns_widths_and_order_and_the_team_finds_it(console, database):
    await console.presses("W", "j", "j", "enter", "j", "greater_than_sign", "J", "j", "s")
    await console.presses("q", "colon")
    await console.types("view team Mine too")
    with database.read() as session:
        (saved,) = [view for view in views(session, "jo") if view.owner == "mara"]
    layout = TableLayout.read(saved.columns, saved.sort)
    assert not next(one for one in layout.columns if one.name == "age").shown
    assert next(one for one in layout.columns if one.name == "rule").width == 27
    assert layout.sort == "user"
    await console.presses("right_square_bracket")
    assert "Age" in console.lines[2]
    await console.presses("colon")
    await console.types("view Mine too")
    assert "Age" not in console.lines[2]
    assert console.lines[2].index("Host") < console.lines[2].index("Rule")


def titles(console):
    table = console.app.screen.table
    return [table.row_at(place).title for place in range(table.line_count)]


async def test_incidents_and_actions_have_views_of_their_own_with_counts(bare_setup, database):
    with database.begin() as session:
        for severity, title in ((1, "Ransomware"), (3, "Lost laptop")):
            opened = tickets.open_by_hand(session, Report(title=title), by="ines", now=NOON)
            said = incidents.Declaration(severity=severity)
            incidents.declare(session, opened.id, said, by="ines", now=NOON)
    async with at_the_console(bare_setup) as console:
        await console.presses("5", "o", "t")
        assert titles(console) == ["Lost laptop", "Ransomware"]
        await console.presses("O")
        assert titles(console) == ["Ransomware", "Lost laptop"]
        await console.presses("4", "o", "i", "O")
        assert titles(console) == ["Ransomware", "Lost laptop"]
        await console.presses("5", "slash")
        await console.says("severity:1")
        await console.presses("colon")
        await console.says("view team Worst")
        await console.presses("backslash")
        await console.waits_until("Worst 1")
        assert "Lost laptop" in console.screen
        await console.presses("left_square_bracket")
        assert "[Worst]" in console.lines[1]
        assert "Lost laptop" not in console.screen
        await console.presses("U", "right_square_bracket", "slash")
        await console.says("verb:declare state:undoable")
        await console.presses("colon")
        await console.says("view save Declared")
        await console.presses("backslash", "left_square_bracket")
        await console.waits_until("Declared 2")
        await console.presses("colon")
        await console.says("view declared")
        assert "1/2" in console.screen
        await console.presses("colon")
        await console.says("view remove Declared", then="enter")
        await console.presses("y")
    with database.read() as session:
        kept = [(v.name, v.screen) for v in views(session, "jo", screen="incidents") if v.owner]
        assert kept == [("Worst", "incidents")]
        assert not [v for v in views(session, "mara", screen="actions") if v.owner]


def test_a_layout_sorts_numbers_before_words_and_nothing_last():
    column = Column("size", "Size", 4, str)
    rows = [(1, "10"), (2, "–"), (3, "9"), (4, "b"), (5, "A")]
    assert [n for n, _ in TableLayout(sort="size").sorted(rows, [column])] == [3, 1, 5, 4, 2]
    assert [n for n, _ in TableLayout().sorted(rows, [column])] == [1, 2, 3, 4, 5]


async def test_why_a_filter_is_none_is_told_to_its_end_in_eighty_columns(bare_setup):
    async with at_the_console(bare_setup) as analyst:
        for screen in ("1", "4", "5", "7", "8", "U"):
            await analyst.presses(screen, "slash")
            typed = events.Paste("colour_of_the_hat:blue")
            await analyst.app.screen.query_one(PromptLine).take(typed)
            why = "There is no field 'colour_of_the_hat' on "
            await analyst.waits_until(why, secs=9)
            (told,) = [line for line in analyst.lines if why in line]
            assert told.endswith(".") or ".  /" in told, told
            await analyst.presses("ctrl+c")
