"""Brings a database of an earlier program along, when the analyst says so on the bottom line."""

import functools
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, cast

from socconsole.errors import SocError
from socconsole.tui.tasks import task

if TYPE_CHECKING:
    from socconsole.tui.console import Console

_LOOK_SECS = 0.1


def offer_upgrade(app: "Console", error: SocError, rests: Callable[[float], bool]) -> str:
    """Ask, in a thread, and do it; return what was done, empty when the answer was no.

    Args:
        app: The console.
        error: What was said of the database.
        rests: Waits so many seconds and tells whether the program ends.

    """
    from socconsole.store.schema import OlderSchemaError

    upgrade = app.setup.upgrade
    if upgrade is None or app.read_only or not isinstance(error, OlderSchemaError):
        return ""
    why = error.what
    while _agrees(app, f"{why} Back it up and upgrade?", rests):
        try:
            return upgrade(functools.partial(app.call_next, app.progress, lambda: None))
        except SocError as refusal:
            why = refusal.what
    app.call_next(app.say, f"Nothing was changed. {error.hint}", "say-error")
    return ""


def _agrees(app: "Console", question: str, rests: Callable[[float], bool]) -> bool:
    answer: Future[bool] = Future()
    app.call_next(_ask, app, question, answer)
    while not answer.done():
        if rests(_LOOK_SECS):
            return False
    return answer.result()


@task
async def _ask(app: Any, question: str, answer: "Future[bool]") -> None:  # noqa: ANN401 - a DOM node
    agreed = False
    try:
        agreed = await cast("Console", app).confirm(question)
    finally:
        answer.set_result(agreed)
