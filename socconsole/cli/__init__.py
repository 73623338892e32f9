"""The command line: every command is an import string, loaded when it is asked for."""

import sys
from collections.abc import Sequence
from typing import Annotated

from cyclopts import App, CycloptsError, Parameter

from socconsole import __version__
from socconsole.cli.context import Context
from socconsole.errors import SocError

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": (
        "socconsole.cli.demo:demo",
        "Play a recorded attack as live logs and open the console on it.",
    ),
    "collect": (
        "socconsole.cli.collect:collect",
        "Read the sources and raise alerts, without a screen.",
    ),
    "queue": (
        "socconsole.cli.queue:queue",
        "The queue as plain lines, updated without cursor movement.",
    ),
    "replay": ("socconsole.cli.replay:replay", "Match rules against files; touches no database."),
    "parse": ("socconsole.cli.parse:parse", "Print the event each line of a file becomes."),
    "hunt": ("socconsole.cli.hunt:hunt", "Search the retained events."),
    "sources": ("socconsole.cli.sources:app", "State of every log source."),
    "rules": ("socconsole.cli.rules:app", "Check, list and test detection rules."),
    "alerts": ("socconsole.cli.alerts:app", "The queue and its verbs."),
    "undo": ("socconsole.cli.actions:undo", "Undo the last action, or the one named."),
    "actions": ("socconsole.cli.actions:app", "What was done, by whom."),
    "tickets": ("socconsole.cli.tickets:app", "Open, work and close tickets."),
    "incidents": ("socconsole.cli.incidents:app", "Declare and run incidents."),
    "notes": ("socconsole.cli.notes:app", "Notes on alerts, tickets and incidents."),
    "findings": ("socconsole.cli.findings:app", "What was checked, and what it means."),
    "evidence": ("socconsole.cli.evidence:app", "Attach, list and verify evidence."),
    "suppressions": (
        "socconsole.cli.suppressions:app",
        "Time-limited rules not to raise an alert.",
    ),
    "assets": ("socconsole.cli.assets:app", "Hosts and services, their owners and criticality."),
    "views": ("socconsole.cli.views:app", "Saved filters."),
    "handoff": ("socconsole.cli.handoff:app", "Draft, sign and accept a shift handoff."),
    "kpi": ("socconsole.cli.kpi:kpi", "Detection and response figures, with n and clock."),
    "audit": ("socconsole.cli.audit:app", "List and verify the audit chain."),
    "db": ("socconsole.cli.db:app", "Upgrade, back up, verify and describe the database."),
    "help": ("socconsole.cli.help:help_page", "Read a page of the manual."),
    "doctor": (
        "socconsole.cli.doctor:doctor",
        "What is wrong with this set-up and how to mend it.",
    ),
}
"""Command → where its function or group lives, and its line in `--help`."""


def build_app() -> App:
    """Return the command tree without importing any command."""
    app = App(
        name="socconsole",
        help="A terminal console for security-operations teams.",
        version=__version__,
        exit_on_error=False,
        print_error=False,
        result_action="return_value",
    )
    for name, (target, help_line) in COMMANDS.items():
        app.command(target, name=name, help=help_line)
    return app


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; raises what the command raises."""
    app = build_app()

    def launch(
        *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
        config: str | None = None,
        db: str | None = None,
        read_only: bool = False,
        debug: bool = False,
    ) -> object:
        """Parse the global options and hand the rest to the command.

        Args:
            tokens: The command and its own arguments.
            config: Settings file to use instead of the default ones.
            db: Database path or URL.
            read_only: Refuse every change.
            debug: Show tracebacks.

        """
        context = Context(config=config, db=db, read_only=read_only, debug=debug)
        command, bound, ignored = app.parse_args(tokens, exit_on_error=False, print_error=False)
        extra = {"context": context} if "context" in ignored else {}
        return command(*bound.args, **bound.kwargs, **extra)

    app.meta.default(launch)
    result = app.meta(list(arguments), exit_on_error=False, print_error=False)
    return result if isinstance(result, int) else 0


def main() -> int:
    """Run the program and return its exit code: 0, 1, 2, 3 or 130."""
    arguments = sys.argv[1:]
    try:
        return run(arguments)
    except KeyboardInterrupt:
        return 130
    except CycloptsError as error:
        print(f"socconsole: {error}", file=sys.stderr)
        return 2
    except SocError as error:
        if "--debug" in arguments:
            raise
        print(f"socconsole: {error}", file=sys.stderr)
        return error.exit_code
