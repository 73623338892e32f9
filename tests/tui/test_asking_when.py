"""Moments are asked for in the team's time zone, and leaving is no answer."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from socconsole.errors import UsageError
from socconsole.tui.verbs.ask_when import When, ask_moment, ask_when
from tests.conftest import NOON


def app_that_hears(typed: str | None) -> SimpleNamespace:
    async def ask(_label, **_how):
        return typed

    return SimpleNamespace(ask=ask, now=lambda: NOON, zone="Asia/Kolkata")


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        (None, None),
        (" ", When(None)),
        ("2h", When(NOON + timedelta(hours=2))),
        ("18:30", When(NOON + timedelta(hours=1))),
        ("18:30Z", When(NOON + timedelta(hours=6.5))),
    ],
)
async def test_an_empty_answer_is_another_thing_than_leaving(typed, answer):
    app = app_that_hears(typed)
    assert await ask_when(app, "Next update") == answer
    assert await ask_moment(app, "Chase when") == (answer and answer.at)


async def test_what_is_no_time_is_refused():
    with pytest.raises(UsageError, match="is no time"):
        await ask_when(app_that_hears("soon"), "Until")
