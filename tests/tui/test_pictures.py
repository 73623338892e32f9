"""Pictures of the screens; `pytest tests/tui/test_pictures.py --snapshot-update` takes new ones."""

import dataclasses

import pytest

from socconsole.core.severity import Severity
from socconsole.tui.app import ConsoleApp
from tests.conftest import NOON
from tests.services.alert_making import bring, detection, minutes
from tests.tui.analyst import Analyst


@pytest.fixture
def alerts(database):
    levels = [Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW]
    made = [
        detection(f"Rule {n}", level=levels[n % 4], host=f"web-{n}", at=NOON - minutes(n))
        for n in range(8)
    ]
    bring(database, *made)


def picture(snap_compare, setup, size, text, *keys):
    """Compare the screen once `keys` are pressed and `text` is on it."""
    app = ConsoleApp(setup)

    async def ready(pilot):
        analyst = Analyst(app, pilot)
        await analyst.waits_until("no collector")
        await analyst.presses(*keys)
        await analyst.waits_until(text)
        await analyst.settles()

    return snap_compare(app, terminal_size=size, run_before=ready)


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
def test_the_queue(snap_compare, bare_setup, alerts, size):
    shown = "1/8" if size[0] < 120 else "Why it fired"
    assert picture(snap_compare, bare_setup, size, shown)


def test_the_queue_in_sixteen_colours(snap_compare, bare_setup, alerts):
    sixteen = dataclasses.replace(bare_setup, theme="sixteen")
    assert picture(snap_compare, sixteen, (80, 24), "2 marked", "space", "space")


def test_an_empty_queue(snap_compare, bare_setup):
    assert picture(snap_compare, bare_setup, (80, 24), "Welcome.")


def test_an_alert(snap_compare, bare_setup, alerts):
    assert picture(snap_compare, bare_setup, (80, 24), "Why it fired", "enter")


def test_help(snap_compare, bare_setup, alerts):
    assert picture(snap_compare, bare_setup, (80, 24), "Acknowledge", "question_mark")
