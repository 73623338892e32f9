"""The queue under the fingers."""

import asyncio
import threading

import pytest

from socconsole.core.severity import Severity
from socconsole.store.progress import counted
from socconsole.store.tables import RuleRecord
from tests.conftest import NOON
from tests.services.alert_making import alert_of, bring, bring_five, detection, minutes
from tests.tui.analyst import at_the_console


@pytest.fixture
async def console(bare_setup, database):
    """A console with five alerts of one rank: h4 (raised last) first."""
    bring_five(database)
    async with at_the_console(bare_setup) as analyst:
        await analyst.waits_until("1/5")
        yield analyst


def statuses(database):
    return [alert_of(database, number).status for number in range(1, 6)]


async def test_open_alerts_are_there_with_what_tells_them_apart(console):
    assert "▆H" in console.screen
    assert all(f"Rule {n}" in console.screen for n in range(5))
    await console.waits_until("new 5")


async def test_rules_on_trial_are_marked_on_the_line(console, database):
    trial = {"title": "Rule 0", "severity": Severity.HIGH, "status": "experimental"}
    with database.begin() as session:
        session.add(RuleRecord(id=alert_of(database, 1).rule_id, loaded_at=NOON, **trial))
    await console.presses("r")
    await console.waits_until("†Rule 0")
    assert console.screen.count("†") == 1


async def test_a_false_positive_takes_two_keys_and_comes_back_with_one(console, database):
    first = console.app.screen.table.cursor_id
    await console.presses("x", "f")
    assert alert_of(database, first).status == "closed"
    assert alert_of(database, first).disposition == "false_positive"
    assert console.app.screen.table.cursor_id != first
    assert "u undoes" in console.bottom
    await console.presses("u")
    assert alert_of(database, first).status == "new"


async def test_a_closed_row_stays_where_it_was_until_the_next_load(console):
    await console.presses("x", "f")
    assert "1/5" not in console.screen
    assert "2/5" in console.screen
    await console.presses("r")
    assert "/4" in console.screen


async def test_all_matching_are_closed_as_one_action_and_undone_as_one(console, database):
    await console.presses("asterisk", "x", "e")
    assert statuses(database) == ["closed"] * 5
    await console.presses("u")
    assert statuses(database) == ["new"] * 5


async def test_a_long_change_says_how_far_it_is_and_holds_no_key_up(console):
    halfway, go_on = threading.Event(), threading.Event()

    def long_verb(session, *, by, now):
        for row in counted(session, range(2_000), 2_000, 0.0, 1.0):
            if row == 1_000:
                halfway.set()
                go_on.wait(30)
        return "done"

    change = asyncio.ensure_future(console.app.change(long_verb))
    await asyncio.get_running_loop().run_in_executor(None, halfway.wait, 30)
    await console.pilot.press("j")
    await console.waits_until("2/5")
    await console.waits_until("50%")
    go_on.set()
    assert await change == "done"


async def test_keys_that_only_move_wait_for_nothing_that_loads_at_the_start(console, database):
    let_in = console.app._type_ahead.hold_start()
    await console.pilot.press("j", "j")
    await console.waits_until("3/5")
    await console.pilot.press("a", "k")
    assert console.app.screen.table.cursor == 2
    assert statuses(database) == ["new"] * 5
    let_in()
    await console.waits_until("2/5")
    assert sorted(statuses(database)) == ["acknowledged", *["new"] * 4]


async def test_a_acknowledges_and_stays_where_it_is(console, database):
    before = console.app.screen.table.cursor_id
    await console.presses("a")
    assert alert_of(database, before).assignee == "mara"
    assert console.app.screen.table.cursor_id == before
    await console.waits_until("ack mara")


async def test_w_claims_the_highest_alert_nobody_has(console, database):
    await console.presses("w")
    taken = [n for n in range(1, 6) if alert_of(database, n).assignee == "mara"]
    assert len(taken) == 1


async def test_dot_repeats_the_last_verb_with_its_answers(console, database):
    await console.presses("x", "k", "full_stop")
    closed = [n for n in range(1, 6) if alert_of(database, n).status == "closed"]
    assert len(closed) == 2
    assert {alert_of(database, n).sub_reason for n in closed} == {"test"}


async def test_shelving_asks_until_when_and_why(console, database):
    first = console.app.screen.table.cursor_id
    await console.presses("s", "enter")
    await console.types("waits for the patch")
    row = alert_of(database, first)
    assert row.status == "shelved"
    assert row.shelve_reason == "waits for the patch"
    assert row.shelved_until == NOON + minutes(120)


async def test_the_filter_narrows_as_it_is_typed_and_escape_takes_it_back(console):
    await console.presses("slash", *"host:h3")
    await console.waits_until("1/1")
    assert "Rule 3" in console.screen
    await console.presses("escape")
    await console.waits_until("1/5")


async def test_a_wrong_filter_says_where_and_changes_nothing(console):
    await console.presses("slash")
    await console.types("severity>=huge")
    await console.waits_until("'huge' is not one of")
    assert "severity>=huge" in console.bottom  # to be mended, not to be typed again
    await console.presses("escape")
    await console.waits_until("1/5")


async def test_an_empty_result_says_which_key_changes_that(console):
    await console.presses("slash")
    await console.types("host:nowhere")
    await console.waits_until("takes the filter off")
    await console.presses("backslash")
    await console.waits_until("1/5")


async def test_new_alerts_are_counted_and_move_nothing(console, database):
    await console.presses("j")
    before = console.app.screen.table.cursor_id
    bring(database, detection("Newcomer", level=Severity.CRITICAL, host="h9"))
    await console.waits_until("▲1 new · g")
    assert console.app.screen.table.cursor_id == before
    assert "Newcomer" not in console.screen
    await console.presses("g")
    await console.waits_until("Newcomer")
    assert "1/6" in console.screen


async def test_new_alerts_fill_the_screen_until_the_first_key(console, database):
    bring(database, detection("Newcomer", level=Severity.CRITICAL, host="h9"))
    await console.waits_until("Newcomer")
    assert "new · g" not in console.screen
    await console.presses("j")
    bring(database, detection("Latecomer", level=Severity.CRITICAL, host="h9"))
    await console.waits_until("▲1 new · g")
    assert "Latecomer" not in console.screen


async def test_what_a_colleague_does_is_seen_in_place(console, database):
    from socconsole.services import alerts

    with database.begin() as session:
        alerts.acknowledge(session, [1], by="omar", now=NOON)
    await console.waits_until("omar")


async def test_views_are_a_bracket_away(console, database):
    await console.presses("a", "right_square_bracket", "right_square_bracket")
    await console.waits_until("1/1")
    assert "[Mine]" in console.lines[1]


async def test_what_needs_a_note_is_not_closed_without_one(console, database):
    first = console.app.screen.table.cursor_id
    await console.presses("x", "u", "enter")
    assert alert_of(database, first).status == "new"
    await console.presses("x", "u")
    await console.types("looked, could not tell")
    assert alert_of(database, first).disposition == "undetermined"


async def test_a_read_only_console_changes_nothing_and_says_so(bare_setup, database):
    import dataclasses

    bring(database, detection())
    async with at_the_console(dataclasses.replace(bare_setup, read_only=True)) as analyst:
        await analyst.waits_until("1/1")
        assert "READ-ONLY" in analyst.lines[0]
        await analyst.presses("a")
        assert "read-only" in analyst.bottom
    assert alert_of(database, 1).status == "new"


async def test_a_view_is_saved_with_its_filter_and_found_again(console):
    await console.presses("slash")
    await console.types("host:h3")
    await console.presses("colon")
    await console.types("view save Third")
    await console.waits_until("Third")
    await console.presses("backslash", "colon")
    await console.types("view Third")
    await console.waits_until("1/1")
    assert "[Third]" in console.lines[1]


async def test_columns_are_left_out_and_brought_back(console):
    assert "Host" in console.screen
    await console.presses("W", *"jjjj", "enter", "q")
    assert "Host" not in console.lines[2]
    await console.presses("W", *"jjjj", "enter", "q")
    assert "Host" in console.lines[2]


async def test_a_view_is_spread_over_the_values_of_a_field(console):
    await console.presses("f", "g", "h")
    await console.waits_until("Alerts by host")
    await console.presses("enter")
    await console.waits_until("1/1")


async def test_a_value_is_excluded(console):
    await console.presses("f", "x", "h")
    await console.waits_until("1/4")


async def test_commands_jump_filter_and_explain(console):
    await console.presses("colon")
    await console.types("alert 3")
    await console.waits_until("alert 3")
    await console.presses("q", "colon")
    await console.types("filter host:h1")
    await console.waits_until("1/1")
    await console.presses("colon")
    await console.types("manual filters")
    assert "Manual: filters" in console.screen


async def test_a_key_that_leaves_need_not_wait_until_the_screen_is_read(console):
    await console.presses("enter")
    await console.waits_until("J next")
    let_in = console.app.hold_keys_to_read()
    await console.pilot.press("q")
    await console.waits_until("1/5")
    await console.pilot.press("j")
    assert "1/5" in console.screen
    let_in()
    await console.waits_until("2/5")
