"""Keys of the queue typed before the list or the row they are meant for has been read."""

import asyncio

import pytest
from textual import events

from socconsole.errors import StoreError
from socconsole.services import views
from socconsole.tui.app import ConsoleApp
from socconsole.tui.messages import StoreChanged
from socconsole.tui.reading.alert_source import AlertSource
from socconsole.tui.saved_views import ViewBar
from tests.conftest import NOON
from tests.services.alert_making import alert_of, bring, bring_five, detection
from tests.tui.analyst import Analyst, at_the_console
from tests.tui.gate import Gate


@pytest.fixture
def gate(monkeypatch):
    """Holds up what the queue reads of its list and its rows."""
    made = Gate()
    for name in ("ids", "rows"):

        def gated(*args, read=AlertSource.__dict__[name]):
            made.wait()
            return read(*args)

        monkeypatch.setattr(AlertSource, name, gated)
    yield made
    made.open()


@pytest.fixture
async def queue(bare_setup, database, gate):
    """Five alerts of one rank on screen: h4 (raised last) first."""
    bring_five(database)
    async with at_the_console(bare_setup) as analyst:
        await analyst.waits_until("1/5")
        yield analyst
        gate.open()


async def turns(number=50):
    for _ in range(number):
        await asyncio.sleep(0)


def type_at_once(analyst, *keys):
    """Press keys without waiting for anything, as quick fingers and pastes do."""
    for pressed in keys:
        analyst.app.post_message(events.Key(pressed, pressed if len(pressed) == 1 else None))


def marked(analyst):
    return sorted(analyst.app.screen_stack[0].table.selection().ids)


async def test_all_that_is_marked_is_the_list_that_was_asked_for_last(queue, gate):
    asked = {
        ("f", "i", "h"): 1,
        ("backslash",): 5,
        ("o", "h"): 5,
        ("O",): 5,
        ("f", "x", "h"): 4,
        ("right_square_bracket", "right_square_bracket"): 0,
        ("left_square_bracket",): 4,
        ("slash", "ctrl+u", *"host:h2", "enter"): 1,
        ("r",): 1,
        ("colon", *"filter !host:h1", "enter"): 4,
    }
    table = queue.app.screen.table
    for keys, count in asked.items():
        gate.close()
        type_at_once(queue, *keys, "asterisk")
        await queue.waits_for(lambda: gate.waiting > 0)
        await turns()
        assert not table.marks.words(table.ids, 0), keys
        gate.open()
        await queue.waits_for(lambda: table.marks._all)
        assert len(table.selection()) == count == len(table.ids), keys
        await queue.presses("asterisk")


async def test_a_verb_behind_another_view_acts_on_what_it_shows(queue, gate, database):
    await queue.presses("j", "a")
    second = queue.app.screen.table.cursor_id
    gate.close()
    type_at_once(queue, "right_square_bracket", "right_square_bracket", "x", "f")
    await queue.waits_for(lambda: gate.waiting > 0)
    await turns()
    gate.open()
    await queue.waits_until("Closed as false positive")
    assert alert_of(database, second).status == "closed"


async def test_a_key_that_comes_in_as_the_one_before_comes_back_finds_its_question(
    queue, monkeypatch
):
    ahead = queue.app._type_ahead
    came_back = ahead._came_back
    late = [*"oh"]

    def comes_back(number):
        came_back(number)
        if late:
            type_at_once(queue, late.pop(0))

    monkeypatch.setattr(ahead, "_came_back", comes_back)
    type_at_once(queue, "f")
    await queue.waits_for(lambda: not late or queue.asked)
    type_at_once(queue, *late)
    late.clear()
    await queue.waits_until("1/1")
    assert "/host:h4" in queue.lines[1]


async def test_a_value_is_asked_for_of_a_row_that_has_to_be_read_first(queue, gate):
    table = queue.app.screen.table
    table._rows._rows.clear()
    gate.close()
    type_at_once(queue, "f", "i", "h")
    await queue.waits_for(lambda: gate.waiting > 0)
    await turns()
    gate.open()
    await queue.waits_until("1/1")
    assert "/host:h4" in queue.lines[1]


async def test_a_list_read_anew_because_the_store_has_changed_holds_no_key_up(queue, gate):
    queue.app.screen.table.has_failed = True
    gate.close()
    queue.app.tell(StoreChanged())
    await queue.waits_for(lambda: gate.waiting > 1)  # the rows, and the list
    type_at_once(queue, "j")
    await queue.waits_until("2/5")
    assert gate.waiting


async def test_a_list_that_cannot_be_read_lets_the_keys_in(queue, gate, monkeypatch):
    def fails(_source):
        gate.wait()
        raise StoreError("It broke.")

    monkeypatch.setattr(AlertSource, "ids", fails)
    gate.close()
    type_at_once(queue, "r", "j")
    await queue.waits_for(lambda: gate.waiting > 0)
    await turns()
    assert "1/5" in queue.screen
    gate.open()
    await queue.waits_until("2/5")
    assert "It broke." in queue.bottom


async def test_keys_typed_while_the_console_starts_wait_for_its_list(bare_setup, database, gate):
    bring(database, detection(host="h0"), detection(host="h1"))
    gate.close()
    app = ConsoleApp(bare_setup)
    async with app.run_test(size=(80, 24)) as pilot:
        analyst = Analyst(app, pilot)
        type_at_once(analyst, "asterisk", "x", "f")
        await analyst.waits_for(lambda: gate.waiting > 0)
        await turns()
        gate.open()
        await analyst.waits_until("Closed as false positive: 2 alerts")


async def test_a_saved_view_can_be_asked_for_before_it_was_read_which_there_are(
    bare_setup, database, monkeypatch
):
    bring(database, detection(host="h0"), detection(host="h1"))
    with database.begin() as session:
        views.save(session, "Third", "host:h1", by="mara", now=NOON)
    go_on, read_names = asyncio.Event(), ViewBar.read_names

    async def late(bar, app):
        await go_on.wait()
        await read_names(bar, app)

    monkeypatch.setattr(ViewBar, "read_names", late)
    app = ConsoleApp(bare_setup)
    async with app.run_test(size=(80, 24)) as pilot:
        analyst = Analyst(app, pilot)
        await analyst.waits_until("1/2")
        type_at_once(analyst, "colon", *"view Third", "enter")
        await turns()
        go_on.set()
        await analyst.waits_until("[Third]")


async def test_a_verb_behind_a_change_knows_what_the_change_has_led_to(queue, gate):
    gate.close()
    type_at_once(queue, "t", "enter", "k", "x", "t")
    await queue.waits_for(lambda: gate.waiting > 0)
    await turns()
    gate.open()
    await queue.waits_until("Note: what did you see")  # it is in a ticket: no lead is asked for
