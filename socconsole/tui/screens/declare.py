"""Declaring an incident: one page with the criteria, one question after the other below it."""

from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.screen import Screen

from socconsole.errors import SocError
from socconsole.tui.console import console
from socconsole.tui.lines import Line
from socconsole.tui.reading.store_access import AnySession
from socconsole.tui.screens.incident import IncidentScreen
from socconsole.tui.tasks import task
from socconsole.tui.verbs.impact import LEVELS, LOSS, RECOVERY
from socconsole.tui.widgets.drawn import Drawn
from socconsole.tui.widgets.header import StatusHeader
from socconsole.tui.widgets.prompt import PromptLine
from socconsole.tui.widgets.text_pane import TextPane

if TYPE_CHECKING:
    from datetime import datetime

    from socconsole.services.incidents import Declaration
    from socconsole.store.queries.incidents import IncidentRow
    from socconsole.store.queries.subjects import Subject

_QUESTIONS: tuple[tuple[str, str, Mapping[str, str] | None, str], ...] = (
    ("severity", "SEV", None, "If unsure, the higher."),
    ("title", "title", None, "What colleagues will call it."),
    ("kind", "kind", MappingProxyType({"s": "security", "v": "service"}), "Violation, or outage?"),
    ("functional", "functional", LEVELS, "How far the business is hindered."),
    ("confidentiality", "confidentiality", LOSS, "How badly secrets are out."),
    ("integrity", "integrity", LOSS, "How badly data was altered."),
    ("availability", "availability", LOSS, "How badly data is out of reach."),
    ("recoverability", "recoverability", RECOVERY, "How hard it is to recover."),
    ("scope", "scope", None, "Hosts, accounts, services that are hit; may be empty."),
    ("indicators", "known bad", None, "Addresses, domains, hashes, defanged or not; may be empty."),
    ("roles", "roles", None, "Such as scribe=ben deputy=ann; you command. May be empty."),
)
_FIRST = 2
"""Questions that have to be answered; the others may wait."""
_MAY_BE_EMPTY = frozenset({"scope", "indicators", "roles"})


class DeclareScreen(Screen[None]):
    """Asks for a declaration and makes it; leaving a question leaves without declaring."""

    TITLE = "Declare an incident"

    def __init__(self, cases: "Sequence[Subject]", title: str) -> None:
        super().__init__()
        self._cases = cases
        self._answers: dict[str, str] = {}
        self._initial = {"title": title}
        self._criteria: Mapping[int, str] = {}
        self._reminder = ""
        self._refusal = ""

    def compose(self) -> ComposeResult:
        names = ", ".join(case.name for case in self._cases[:4])
        yield StatusHeader()
        yield Drawn([(f" Declare from {names} ", "tab-active")], id="bar")
        yield TextPane()
        yield PromptLine()

    def on_mount(self) -> None:
        from socconsole.services.response_plan import criteria, reminder

        cases = console(self).settings.cases
        self._criteria = criteria(cases)
        self._reminder = reminder(cases, console(self).now())
        self._show("severity")
        self.ask_all()

    @task
    async def ask_all(self) -> None:
        """Ask every question, confirm, declare, open the incident; a refusal keeps the answers."""
        app = console(self)
        while (declaration := await self._declaration()) is not None:
            made = await app.change(partial(self._declare, declaration))
            if made is not None:
                # Nothing may be awaited from here: this screen's work ends with the screen.
                app.switch_screen(IncidentScreen((made.id,), 0))
                app.call_after_refresh(
                    app.say, f"{made.human_id} declared, you have command · u undoes"
                )
                return
        app.pop_screen()
        app.say("Nothing was declared.")

    def _declare(
        self, declaration: "Declaration", session: AnySession, *, by: str, now: "datetime"
    ) -> "IncidentRow":
        from socconsole.services import declaring

        policy = console(self).settings
        try:
            return declaring.declare_from(
                session, self._cases, declaration, by=by, now=now, policy=policy
            )
        except SocError as error:
            self._refusal = f"{error.what} {error.hint}".strip()
            raise

    async def _declaration(self) -> "Declaration | None":
        if self._refusal:
            self._show("")
        elif not await self._answered(_QUESTIONS[:_FIRST]):
            return None
        question = f"Declare SEV{self._answers['severity']}? You take command."
        offers = {"y": "yes", "n": "no", "m": "say more first"}
        while (pressed := await console(self).choose(question, offers)) == "m":
            # Who leaves one of these has said enough; what was said is kept.
            await self._answered(_QUESTIONS[_FIRST:])
            self._show("")
        return _declaration_of(self._answers) if pressed == "y" else None

    async def _answered(
        self, questions: tuple[tuple[str, str, Mapping[str, str] | None, str], ...]
    ) -> bool:
        """Ask questions; False when the analyst leaves one."""
        for name, label, choices, _ in questions:
            self._show(name)
            answer = await self._ask(name, label, choices)
            if answer is None:
                return False
            if answer or choices is None:
                self._answers[name] = answer
        self._show("")
        return True

    async def _ask(self, name: str, label: str, choices: Mapping[str, str] | None) -> str | None:
        app = console(self)
        if name == "severity":
            return await app.choose("SEV, if unsure the higher", {str(n): "" for n in range(1, 6)})
        if choices is not None:
            shown = {key: meaning.replace("_", " ") for key, meaning in choices.items()}
            pressed = await app.choose(label, {**shown, "enter": "as it is"})
            return None if pressed is None else choices.get(pressed, "")
        said = self._answers.get(name, self._initial.get(name, ""))
        answer = await app.ask(label, initial=said)
        return None if answer is None or not (answer or name in _MAY_BE_EMPTY) else answer

    def _show(self, current: str) -> None:
        lines: list[Line] = [(("Severity", "heading"),)]
        chosen = self._answers.get("severity")
        for level, criterion in self._criteria.items():
            style = "matched" if chosen == str(level) else ""
            lines.append(((f"  SEV{level} ", "key"), (criterion, style)))
        lines += [((said, "warn"),) for said in (self._reminder, self._refusal) if said]
        lines += [(), (("The declaration", "heading"),)]
        for name, label, _, help_text in _QUESTIONS:
            said = self._answers.get(name, self._initial.get(name, ""))
            here = name == current
            lines.append(
                (
                    (f"{'▌' if here else ' '} {label:<16}", "prompt" if here else "muted"),
                    (said.replace("_", " ") if name == "recoverability" else said, ""),
                    ("  " * bool(said) + help_text if here or not said else "", "muted"),
                )
            )
        self.query_one(TextPane).show(lines, top=True)


def _declaration_of(said: Mapping[str, str]) -> "Declaration":
    from socconsole.services.incidents import Declaration, Impact

    roles: dict[str, tuple[str, ...]] = {}
    for pair in said.get("roles", "").replace(",", " ").split():
        role, _, login = pair.partition("=")
        roles[role] = (*roles.get(role, ()), login)
    impact = ("functional", "confidentiality", "integrity", "availability", "recoverability")
    return Declaration(
        severity=int(said["severity"]),
        title=said["title"],
        kind=said.get("kind", "security"),
        scope=said.get("scope", ""),
        impact=Impact(**{name: said[name] for name in impact if name in said}),
        roles=roles,
        indicators=tuple(said.get("indicators", "").split()),
    )
