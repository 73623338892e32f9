"""Keys typed before what they act on has been read."""

import asyncio
import threading

import pytest

from socconsole.tui.messages import StoreChanged
from socconsole.tui.reading.store_access import StoreAccess
from tests.services.alert_making import bring, detection
from tests.tui.analyst import at_the_console


class Gate:
    """Lets reads of the store pass, or keeps them waiting in their threads."""

    def __init__(self):
        self._open = threading.Event()
        self._open.set()
        self.waiting = 0

    def close(self):
        self._open.clear()
        self.waiting = 0

    def open(self):
        self._open.set()

    def wait(self):
        self.waiting += not self._open.is_set()
        assert self._open.wait(30)


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
