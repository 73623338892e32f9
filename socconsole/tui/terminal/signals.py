"""Signals that end the program, whether its terminal lets it or not."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

PATIENCE_SECS = 2.0
"""So long an orderly end may take; the terminal may have stopped taking what is written to it."""


def catch(leave: Callable[[int], object], finish: Callable[[], object]) -> None:
    """From now on `leave` is called with the exit code when the program is told to end.

    A loop that waits for a terminal hears of nothing: where the program is still there after
    `PATIENCE_SECS`, `finish` is called in another thread, and that is the end.
    """
    loop = asyncio.get_running_loop()

    def caught(number: int, _frame: FrameType | None) -> None:
        code = 128 + number
        threading.Thread(target=_end_anyway, args=(code, finish), daemon=True).start()
        if not loop.is_closed():
            loop.call_soon_threadsafe(leave, code)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, caught)


def _end_anyway(code: int, finish: Callable[[], object]) -> None:
    time.sleep(PATIENCE_SECS)
    try:
        finish()
    finally:
        os._exit(code)
