"""What the program says and asks: all of it on the bottom line of the screen in front."""

from collections.abc import Callable, Mapping
from typing import Unpack

from socconsole.tui.question import Asking
from socconsole.tui.tasks import was_left
from socconsole.tui.terminal import shell
from socconsole.tui.terminal.painting import PaintedApp
from socconsole.tui.widgets.prompt import PromptLine


class TalkingApp(PaintedApp):
    """An application that talks on the bottom line."""

    def say(self, text: str, tone: str = "say") -> None:
        """Show `text` on the bottom line for a few seconds."""
        if self.screen_stack:
            for prompt in self.screen.query(PromptLine):
                prompt.say(text, tone)

    def progress(self, release: Callable[[], None], share: float) -> None:
        """Show how far a long change has come; keys are answered meanwhile."""
        release()
        if self.screen_stack:
            for prompt in self.screen.query(PromptLine):
                prompt.show_progress(share)

    async def ask(self, label: str, **how: Unpack[Asking]) -> str | None:
        """Return what is typed on the bottom line, or None; `PromptLine.ask` says how.

        To an analyst who has left the screen that wanted to know it no question is put at all.
        """
        if was_left():
            return None
        return await self.screen.query_one(PromptLine).ask(label, **how)

    async def choose(self, label: str, choices: Mapping[str, str]) -> str | None:
        """Return the key of `choices` that was pressed, or None."""
        if was_left():
            return None
        return await self.screen.query_one(PromptLine).choose(label, choices)

    async def confirm(self, question: str) -> bool:
        """Return whether `y` was pressed."""
        return not was_left() and await self.screen.query_one(PromptLine).confirm(question)

    def action_suspend_process(self) -> None:
        """Stop until `fg`; where nobody could say that, as over `ssh host socconsole`, say so."""
        if shell.waits_behind():
            super().action_suspend_process()
        else:
            self.say("No shell waits behind this console; q and :q leave it.")
