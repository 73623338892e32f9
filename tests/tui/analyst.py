"""An analyst at the console: presses keys, waits until it is quiet, reads the screen."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from textual import events
from textual.pilot import Pilot
from textual.worker import Worker

from socconsole.tui.app import ConsoleApp
from socconsole.tui.setup import Setup
from socconsole.tui.widgets.prompt import PromptLine


class Analyst:
    """Works the console as a person does."""

    def __init__(self, app: ConsoleApp, pilot: Pilot[int]) -> None:
        self.app = app
        self.pilot = pilot

    async def presses(self, *keys: str) -> None:
        """Press `keys` one after the other; a word of several letters is one key's name."""
        for pressed in keys:
            await self.pilot.press(pressed)
        await self.settles()

    async def types(self, text: str, *, then: str = "enter") -> None:
        """Type `text` into the prompt, then press one more key."""
        await self.presses(*(" " if c == " " else c for c in text), then)

    async def says(self, text: str, *, then: str = "enter") -> None:
        """Answer the question on the bottom line at once, as a paste does, then press a key."""
        from socconsole.tui.widgets.prompt import PromptLine

        if text:
            await self.app.screen.query_one(PromptLine).take(events.Paste(text))
        await self.presses(then)

    async def resizes(self, columns: int, rows: int) -> None:
        """Make the terminal another size."""
        await self.pilot.resize_terminal(columns, rows)
        size, screen = (columns, rows), self.app.screen
        await self.waits_for(lambda: screen.size == size == screen._compositor.size)
        await self.settles()

    async def settles(self) -> None:
        """Wait until every key is answered, or a question waits for the next one."""
        await self.pilot.pause()
        while self._keys_wait or self._at_work():
            waiting = self._at_work()
            # One of them may come to ask: it does not end before it is answered.
            tasks = [w._task for w in waiting if w._task]
            await (asyncio.wait(tasks, timeout=0.02) if tasks else asyncio.sleep(0.005))
            for failed in (w for w in waiting if w.error):
                await failed.wait()
            await self.pilot.pause()

    @property
    def _keys_wait(self) -> bool:
        """Whether a key has not been answered, or would not be if it were pressed now."""
        ahead = self.app._type_ahead
        is_held = bool(ahead._held) and not self.asked
        return bool(ahead._waiting) or ahead._is_draining or ahead.is_under_way or is_held

    def _at_work(self) -> list[Worker[object]]:
        """Return what works for keys: with its end it may have started something else."""
        others = [w for w in self.app.workers if w.name not in ("watch", "start")]
        return [w for w in others if not w.is_finished and not self.asked]

    async def waits_until(self, text: str, *, secs: float = 30.0) -> None:
        """Wait until `text` is on the screen."""
        end = time.monotonic() + secs
        while text not in self.screen:
            assert time.monotonic() < end, f"{text!r} never came:\n{self.screen}"
            await self.pilot.pause(0.02)

    async def waits_for(self, happened: Callable[[], bool], *, secs: float = 30.0) -> None:
        """Wait until `happened` says so; what the bottom line says may be gone by then."""
        end = time.monotonic() + secs
        while not happened():
            assert time.monotonic() < end, f"it never happened:\n{self.screen}"
            await self.pilot.pause(0.02)

    @property
    def asked(self) -> bool:
        """Whether the bottom line waits for an answer."""
        from socconsole.tui.widgets.prompt import PromptLine

        return any(prompt.asking for prompt in self.app.screen.query(PromptLine))

    @property
    def lines(self) -> list[str]:
        """What is on the screen, line by line."""
        self.app.screen._compositor.update_widgets(set())
        strips = self.app.screen._compositor.render_strips()
        return [strip.text.rstrip() for strip in strips]

    @property
    def screen(self) -> str:
        """What is on the screen."""
        return "\n".join(self.lines)

    @property
    def bottom(self) -> str:
        """The bottom line; while many choices are offered, all of its rows."""
        return "\n".join(self.lines[-self.app.screen.query_one(PromptLine).size.height :])


@asynccontextmanager
async def at_the_console(setup: Setup, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Analyst]:
    """Open the console for an analyst and close it afterwards."""
    app = ConsoleApp(setup)
    async with app.run_test(size=size) as pilot:
        analyst = Analyst(app, pilot)
        await analyst.settles()
        yield analyst
