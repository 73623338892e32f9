"""The console: one analyst, one terminal, one database."""

import asyncio
import os
import signal
import termios
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, ClassVar, TypeVar

from rich.text import Text
from textual.actions import ActionParseResult
from textual.binding import BindingType
from textual.dom import DOMNode
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message
from textual.reactive import reactive
from textual.screen import Screen
from textual.worker import WorkerFailed

from socconsole.content import themes_folder
from socconsole.core.policy import Settings
from socconsole.errors import ConflictError, SettingsError, SocError
from socconsole.tui import crash, themes
from socconsole.tui.drafts import Drafts
from socconsole.tui.going import GoingApp
from socconsole.tui.keyed import KeyedApp
from socconsole.tui.keymap import key, load_keymap
from socconsole.tui.lines import Pulse
from socconsole.tui.messages import StoreChanged
from socconsole.tui.read_only import is_change, refusal
from socconsole.tui.reading.store_access import StoreAccess
from socconsole.tui.reading.store_watch import StoreWatch
from socconsole.tui.screens import SCREENS, ScreenEntry
from socconsole.tui.setup import Setup
from socconsole.tui.tasks import is_caused_by_key, task
from socconsole.tui.terminal import signals
from socconsole.tui.terminal.critical_signal import ending, sequence
from socconsole.tui.terminal.held import HeldTerminal
from socconsole.tui.terminal.startup import WARM_SECS, settle_garbage, warm
from socconsole.tui.terminal.stylesheet import SettledStylesheet
from socconsole.tui.terminal.taking_over import driver_for
from socconsole.tui.verbs.deed import Deed
from socconsole.tui.widgets.prompt import PromptLine

T = TypeVar("T")

_HUNG_UP = 128 + signal.SIGHUP


class ConsoleApp(KeyedApp):
    """Shows screens over one store; everything else is theirs."""

    TITLE = "socconsole"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    PAUSE_GC_ON_SCROLL = True
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide"), (180, "-xwide")]  # noqa: RUF012 Textual's own annotation
    VERTICAL_BREAKPOINTS = [(0, "-short"), (40, "-tall")]  # noqa: RUF012 the same

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            key(f"screen.{entry.name}", entry.number, f"show('{entry.name}')", entry.title)
            for entry in SCREENS
            if entry.number
        ),
        key("screen.alert", "2", "alert", "Alert: the one looked at last"),
        key("app.back", "q,backspace,escape,h,left", "go_back", "Back; at the first screen: quit"),
        key("app.handoff", "H", "show('handoff')", "The shift's handoff"),
        key("app.last_screen", "minus", "last_screen", "The screen before this one"),
        key("app.command", "colon", "command_line", "Command line, Tab completes"),
        key("app.palette", "ctrl+p", "palette", "Everything by name"),
        key("app.help", "question_mark,f1", "help", "Keys of this screen", hint="help"),
        key("app.pause", "equals_sign", "pause", "Pause and resume all live updates"),
        key("app.redraw", "ctrl+l", "redraw", "Draw the screen again"),
        key("app.suspend", "ctrl+z", "suspend_process", "Back to the shell; fg returns"),
        key("action.undo", "u", "undo", "Undo your last action", hint="undo"),
        key("action.mine", "U", "actions", "Actions: undo any"),
        key("app.next_pane", "tab", "focus_next", "Next pane", priority=True),
        key("app.previous_pane", "shift+tab", "focus_previous", "Previous pane", priority=True),
        key("app.interrupt", "ctrl+c", "interrupt", "Says how to quit", priority=True),
        key("app.quit", "ctrl+q", "quit_asked", "Quit", priority=True),
    ]

    pulse: reactive[Pulse] = reactive(Pulse(), init=False, layout=False, repaint=False)
    paused: reactive[bool] = reactive(False, init=False, layout=False, repaint=False)

    def __init__(self, setup: Setup, *, driver_class: type[Driver] | None = None) -> None:
        self.setup = setup
        super().__init__(driver_class=driver_class)
        self.set_reactive(GoingApp.read_only, setup.read_only)
        self.store = StoreAccess(
            setup.open_database,
            login=setup.login,
            now=setup.now,
            read_only=setup.read_only,
            while_reading=self.keys_wait,
        )
        self.drafts = Drafts(setup.state_folder / "drafts")
        self._modes = {entry.name: partial(_make, entry) for entry in SCREENS}
        self.last_deed: Deed | None = None
        """What `.` repeats."""
        self.bookmarks: dict[int, str] = {}
        """Alert → its title, of this session."""
        self._crash: SocError | None = None
        self._is_painted = False
        self._watch = StoreWatch(self)
        self._looks, problems = themes.load_looks((themes_folder(), setup.config_folder / "themes"))
        if self.no_color:
            self._looks = {name: look.without_color() for name, look in self._looks.items()}
        for look in self._looks.values():
            self.register_theme(look.theme)
        self._problems: list[SocError] = list(problems)
        self.theme = themes.DEFAULT
        self._try(self._take_theme)
        self.stylesheet = SettledStylesheet(variables=self.get_css_variables())
        self._try(self._take_keys)

    # What the analyst is and sees.

    @property
    def login(self) -> str:
        return self.setup.login

    @property
    def settings(self) -> Settings:
        return self.setup.settings

    @property
    def zone(self) -> str:
        """The team's IANA zone."""
        return self.setup.zone

    def now(self) -> datetime:
        return self.setup.now()

    @property
    def look(self) -> themes.Look:
        """The styles to draw with."""
        return self._looks[self.theme if self.theme in self._looks else themes.DEFAULT]

    @property
    def looks(self) -> Mapping[str, themes.Look]:
        """Every theme there is."""
        return self._looks

    def _try(self, setting: Callable[[], None]) -> None:
        """Take over a setting; one that is wrong is said once the screen is there."""
        try:
            setting()
        except SettingsError as error:
            self._problems.append(error)

    def _take_theme(self) -> None:
        self.theme = themes.known(self.setup.theme, self._looks)

    def _take_keys(self) -> None:
        path = self.setup.config_folder / "keys.toml"
        if path.exists():
            from socconsole.tui.scopes import all_scopes

            self.set_keymap(load_keymap(path, all_scopes(type(self))))

    # Life.

    def on_mount(self) -> None:
        self.app_resume_signal.subscribe(self, lambda _: self.screen.refresh())
        self.switch_mode("queue")
        if not self.is_headless:
            signals.catch(self.leave, self._finish)

    def post_display_hook(self) -> None:
        """Start what the first paint must not wait for."""
        if not self._is_painted and self.screen_stack and self.current_mode == "queue":
            self._is_painted = True
            self.call_later(self._after_first_paint)

    def _after_first_paint(self) -> None:
        self.run_worker(self._watch.run, thread=True, name="watch")
        self.set_timer(1.0, settle_garbage)
        self.set_timer(WARM_SECS, self._warm)
        for problem in self._problems:
            self.complain(problem)

    def _warm(self) -> None:
        if not self.store.closing:
            warming = partial(warm, self.store, self.now(), self.settings)
            self.run_worker(self.store.in_thread(warming), name="warm")

    def tell(self, message: Message) -> None:
        """Send `message` to the screen in front."""
        if self.screen_stack:  # there is none any more while the program ends
            self.screen.post_message(message)

    def _finish(self) -> None:
        """Keep what there is and give the terminal back, from a thread: the loop is held up."""
        self.keep_drafts()
        self.store.close()
        if isinstance(self._driver, LinuxDriver) and self._driver.attrs_before is not None:
            termios.tcsetattr(self._driver.fileno, termios.TCSANOW, self._driver.attrs_before)

    def leave(self, code: int) -> None:
        self.keep_drafts()
        if code not in (_HUNG_UP, self.return_code):  # nobody drains a terminal that has gone
            self._write(ending(self.settings.console.critical))
        self.exit(return_code=code, result=code)

    def keep_drafts(self) -> None:
        """Write down what is being typed."""
        for screen in self.screen_stack:
            for prompt in screen.query(PromptLine):
                prompt.flush_draft()

    async def on_unmount(self) -> None:
        for end in (self._watch.stop, self.store.close):
            await asyncio.get_running_loop().run_in_executor(None, end)

    def _handle_exception(self, error: Exception) -> None:
        self.keep_drafts()
        cause = error.error if isinstance(error, WorkerFailed) else error
        self._crash = crash.told(cause, crash.keep(cause, self.setup.state_folder))
        if isinstance(error, WorkerFailed) and not self.is_headless:
            self.complain(self._crash)  # one task failed; the screens still stand
            return
        super()._handle_exception(error)

    def _fatal_error(self) -> None:
        if self.is_headless or self._crash is None:
            super()._fatal_error()
            return
        kept = "What was being typed is kept."
        self._exit_renderables.append(Text(f"{self._crash.what} {self._crash.hint} {kept}"))
        self._close_messages_no_wait()

    def watch_pulse(self, before: Pulse, after: Pulse) -> None:
        """Tell the terminal how many critical alerts wait."""
        is_first = before.collector == "starting"
        way = self.settings.console.critical
        self._write(sequence(way, before.critical, after.critical, is_first=is_first))

    def _write(self, sequence: str) -> None:
        if sequence and self._driver is not None:
            self._driver.write(sequence)

    async def run_action(
        self,
        action: "str | ActionParseResult",
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Run an action; a read-only console refuses what changes something before it asks."""
        named = (
            action if isinstance(action, str) else f"{action[1]}({', '.join(map(str, action[2]))})"
        )
        if self.read_only and is_change(named):
            self.say(refusal(asked_for=self.setup.read_only), "say-error")
            return True
        return await super().run_action(action, default_namespace, namespaces)

    # Changing.

    def complain(self, error: SocError) -> None:
        """Show what went wrong on the bottom line. Any thread may call it.

        That the database is away stands in the header; reads that fail of it say nothing more.
        """
        if self.store.away and error.what == self.store.away:
            return
        said = " ".join(part for part in (error.what, error.hint) if part)
        place = f" ({error.where})" if error.where else ""
        self.call_next(self.say, said + place, "say-error")

    async def change(
        self, verb: Callable[..., T], *args: object, done: str = "", **kwargs: object
    ) -> T | None:
        """Run `verb(session, …, by=, now=)` in one unit of work and return its result.

        Args:
            verb: A service.
            args: What it takes after the session.
            done: Said when it worked; the way to undo it is added.
            kwargs: What else it takes.

        Returns:
            None when it was refused; the refusal has been said.

        """
        try:
            with self._type_ahead.held() as release:
                tell = partial(self.call_next, self.progress, release)
                result = await self.store.change(verb, *args, tell=tell, **kwargs)
        except SocError as error:
            self.drafts.put_off()
            self.complain(error)
            self._watch.hurry()  # the right to change things may be gone
            if isinstance(error, ConflictError):
                self._tell_of_change()
            return None
        self.drafts.settle()
        self._watch.hurry()
        if done:
            self.say(f"{done} · u undoes")
        self._tell_of_change()
        return result

    def _tell_of_change(self) -> None:
        """Let the screen in front read again; keys wait for it if one has caused the change."""
        is_mine = is_caused_by_key(self)
        release = self.hold_keys_behind()
        self.tell(StoreChanged(is_mine=is_mine))
        if not self.screen_stack or not self.screen.call_later(release):
            release()

    @task
    async def action_undo(self) -> None:
        """Take back the analyst's newest action."""
        from socconsole.services import actions

        result = await self.change(actions.undo, None)
        if result is not None:
            self.say(f"Undid: {result.said}")

    # The rest of its keys.

    @task
    async def action_quit_asked(self) -> None:
        if await self.confirm("Quit socconsole?"):
            self.leave(0)

    def action_interrupt(self) -> None:
        self.say("Ctrl-C does not quit: q at the first screen does, and :q anywhere.")

    def action_redraw(self) -> None:
        self.screen.refresh(layout=True)

    def action_pause(self) -> None:
        self.paused = not self.paused
        if not self.paused:
            self.tell(StoreChanged())

    @task
    async def action_command_line(self) -> None:
        from socconsole.tui import commands

        await commands.ask_and_run(self)

    def action_palette(self) -> None:
        from socconsole.tui.screens.pick import palette

        self.open(palette(self))

    def action_help(self) -> None:
        from socconsole.tui.screens.pick import help_of

        self.open(help_of(self, self.screen))

    # The world outside.

    def edit_text(self, text: str, *, draft: str = "") -> str | None:
        """Return `text` as the analyst's $EDITOR left it, or None; `draft` keeps what it saves."""
        from socconsole.tui.terminal import editor

        self.keep_drafts()
        try:
            with self.suspend():
                edited = editor.edit(text, self.drafts.path(draft) if draft else None)
        except SocError as error:
            self.complain(error)
            return None
        self.screen.refresh()
        return edited

    def copy(self, text: str) -> None:
        """Put `text` on the terminal's clipboard, and into a file for terminals that refuse."""
        from socconsole.tui.terminal import clipboard

        kept = clipboard.keep(text, self.setup.state_folder)
        self._write(clipboard.sequence(text, os.environ))
        also = f"; also in {kept} if the terminal refuses" if kept else ""
        self.say(f"Copied {len(text)} characters{also}.")


def run_console(setup: Setup, *, mouse: bool, held: HeldTerminal | None = None) -> int:
    """Show the console until the analyst leaves and return the exit code.

    `held` is a terminal that shows the first frame already.
    """
    app = ConsoleApp(setup, driver_class=None if held is None else driver_for(held))
    app.run(mouse=mouse)
    return app.return_code or 0


def _make(entry: ScreenEntry) -> Screen[Any]:
    screen: Screen[Any] = entry.load()()
    return screen
