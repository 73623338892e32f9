"""Keys typed before what they act on has been read."""

import asyncio
import importlib
import pkgutil

import pytest
from textual.screen import Screen

from socconsole.core.event import EventCategory
from socconsole.tui import screens as all_screens
from socconsole.tui.messages import StoreChanged
from socconsole.tui.reading.freshness import ReadsFirst
from socconsole.tui.reading.store_access import StoreAccess
from socconsole.tui.screens.around import AroundScreen
from socconsole.tui.screens.queue import QueueScreen
from tests.services.alert_making import bring, detection
from tests.tui.analyst import at_the_console
from tests.tui.gate import Gate
from tests.tui.test_tail_screen import Collector


@pytest.fixture
def gate(monkeypatch):
    made = Gate()
    read_in = StoreAccess._read_in

    def gated(self, pool, work):
        def later():
            made.wait()
            return work()

        return read_in(self, pool, later)

    monkeypatch.setattr(StoreAccess, "_read_in", gated)
    yield made
    made.open()


@pytest.fixture
async def actions(bare_setup, database, gate):
    """The list of what was done: two actions."""
    bring(database, *(detection(f"Rule {n}", host=f"h{n}") for n in range(2)))
    async with at_the_console(bare_setup) as analyst:
        await analyst.waits_until("1/2")
        await analyst.presses("a", "j", "a", "U")
        await analyst.waits_until("1/2")
        yield analyst
        gate.open()


async def turns(number=50):
    for _ in range(number):
        await asyncio.sleep(0)


async def test_keys_wait_for_what_the_key_before_them_has_read(actions, gate):
    gate.close()
    await actions.pilot.press("r", "j")
    await actions.waits_for(lambda: gate.waiting > 0)
    await turns()
    assert actions.app.screen.table.cursor == 0
    gate.open()
    await actions.waits_for(lambda: actions.app.screen.table.cursor == 1)


async def test_what_is_read_because_the_store_has_changed_holds_no_key_up(actions, gate):
    gate.close()
    actions.app.tell(StoreChanged())
    await actions.waits_for(lambda: gate.waiting > 0)
    await actions.pilot.press("j")
    await actions.waits_for(lambda: actions.app.screen.table.cursor == 1)
    assert gate.waiting


async def test_a_screen_that_is_still_being_read_can_be_left_and_holds_no_keys_elsewhere(
    actions, gate
):
    gate.close()
    await actions.pilot.press("r")
    await actions.waits_for(lambda: gate.waiting > 0)
    await actions.pilot.press("q", "j", "k", "j")
    await actions.waits_until("2/2")
    assert actions.app.screen.title == "Queue"


async def test_a_read_that_fails_lets_the_keys_in(actions, gate, monkeypatch):
    from socconsole.errors import StoreError
    from socconsole.store.queries import views

    def fails(*_args, **_how):
        raise StoreError("It broke.")

    monkeypatch.setattr(views, "views", fails)
    gate.close()
    await actions.pilot.press("r", "j")
    await actions.waits_for(lambda: gate.waiting > 0)
    gate.open()
    await actions.waits_for(lambda: actions.app.screen.table.cursor == 1)


def screens():
    """Every class of screens that reads."""
    names = (module.name for module in pkgutil.iter_modules(all_screens.__path__))
    modules = [importlib.import_module(f"{all_screens.__name__}.{name}") for name in names]
    made = {one for module in modules for one in vars(module).values() if isinstance(one, type)}
    made -= {QueueScreen}  # keys wait for the program to start
    return [
        one
        for one in made
        if issubclass(one, Screen) and (hasattr(one, "action_load") or hasattr(one, "load"))
    ]


def test_keys_wait_for_the_first_read_of_every_screen():
    assert len(screens()) > 10
    assert [one for one in screens() if not issubclass(one, ReadsFirst)] == []


@pytest.fixture
def collector(database):
    reading = Collector(database)
    yield reading
    reading.events.close()


@pytest.fixture
async def tail(bare_setup, collector, gate):
    """The live tail of three lines, the oldest an error."""
    collector.reads("auth", "one", category=EventCategory.EXCEPTION)
    collector.reads("auth", "two", "three")
    async with at_the_console(bare_setup) as analyst:
        await analyst.presses("3")
        yield analyst
        gate.open()


async def test_keys_typed_with_the_one_that_shows_the_lines_wait_for_them(
    bare_setup, collector, gate
):
    collector.reads("auth", "one", "two", "three")
    async with at_the_console(bare_setup) as analyst:
        gate.close()
        await analyst.pilot.press("3", "k", "k", "space")
        await analyst.waits_for(lambda: gate.waiting > 0)
        gate.open()
        await analyst.waits_until("1 marked")
        assert [line.text for line in analyst.app.screen.lines_meant] == ["one"]


async def test_a_key_that_reads_on_waits_for_what_is_being_read_because_of_the_store(tail, gate):
    await tail.presses("k", "g")
    view = tail.app.screen.view
    assert view.cursor_line.text == "one"
    gate.close()
    tail.app.tell(StoreChanged())
    await tail.waits_for(lambda: gate.waiting > 0)
    await tail.pilot.press("E", "j")
    await turns()
    assert "No further error" not in tail.bottom
    gate.open()
    await tail.waits_until("No further error.")
    await tail.waits_for(lambda: view.cursor_line.text == "two")


async def test_lines_that_come_in_while_others_are_read_are_read_afterwards(tail, collector, gate):
    gate.close()
    await tail.pilot.press("r")
    await tail.waits_for(lambda: gate.waiting > 0)
    collector.reads("auth", "four")
    tail.app.tell(StoreChanged())
    await turns()
    tail.app.paused = True  # nothing tells of a change any more
    gate.open()
    await tail.waits_until("four")


async def test_keys_behind_one_that_takes_the_filter_off_act_on_all_lines(tail, gate):
    await tail.presses("slash")
    await tail.types("two")
    gate.close()
    await tail.pilot.press("backslash", "k", "k", "space")
    await tail.waits_for(lambda: gate.waiting > 0)
    gate.open()
    await tail.waits_until("1 marked")
    assert [line.text for line in tail.app.screen.lines_meant] == ["one"]


async def test_a_key_behind_one_that_takes_more_lines_acts_on_them(tail, collector, gate):
    collector.reads("auth", *(f"line {n}" for n in range(60)))
    tail.app.open(AroundScreen("Around line 30", 1, 1, 3_400))
    await tail.waits_until("▌12:00:00Z line 30")
    gate.close()
    await tail.pilot.press("plus", "g")
    await tail.waits_for(lambda: gate.waiting > 0)
    gate.open()
    await tail.waits_until("±20 lines")
    await tail.waits_until("line 10")


async def test_what_was_asked_for_on_a_screen_that_was_left_meanwhile_comes_up_nowhere(tail, gate):
    for pressed in ("d", "f"):  # one opens a page, one asks
        gate.close()
        await tail.pilot.press(pressed)
        await tail.waits_for(lambda: gate.waiting > 0)
        await tail.pilot.press("q")
        await tail.waits_for(lambda: tail.app.screen.title == "Queue")
        gate.open()
        await tail.settles()
        assert tail.app.screen.title == "Queue"
        assert not tail.asked
        await tail.presses("3")
