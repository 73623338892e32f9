"""The command line: every command is an import string, loaded when it is asked for."""

import errno
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, TypedDict

from socconsole import __version__
from socconsole.errors import SocError, UsageError

if TYPE_CHECKING:
    from cyclopts import App, CycloptsError


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
    "maintenance": (
        "socconsole.cli.suppressions:maintenance",
        "Planned work: alerts are marked and come back.",
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
    "completion": (
        "socconsole.cli.completion:completion",
        "Print the completion script for bash, zsh or fish.",
    ),
}
"""Command → where its function or group lives, and its line in `--help`."""


class ConsoleOptions(TypedDict, total=False):
    """The global options, as `Context` takes them."""

    config: str
    db: str
    read_only: bool
    debug: bool


GLOBAL_OPTIONS: dict[str, str] = {
    "--config FILE": "Settings file to use instead of the usual ones.",
    "--db URL_OR_PATH": "Database to use.",
    "--read-only": "Refuse every change.",
    "--debug": "Show tracebacks.",
    "--version": "Print the version.",
    "--help": "This page; after a command, that command's.",
}


def build_app() -> "App":
    """Return the command tree without importing any command."""
    from cyclopts import App, Parameter

    app = App(
        name="socconsole",
        help="A terminal console for security-operations teams.",
        version=__version__,
        exit_on_error=False,
        print_error=False,
        result_action="return_value",
        default_parameter=Parameter(negative="", show_default=_shown_default),
    )
    for name, (target, help_line) in COMMANDS.items():
        app.command(target, name=name, help=help_line)
    return app


def _shown_default(value: object) -> object:
    """Return a default that says something in a command's help; nothing for an empty one."""
    return None if value in (None, "", ()) or isinstance(value, bool) else value


def overview() -> str:
    """Return the text of `socconsole --help`, put together without loading anything."""
    width = max(map(len, [*COMMANDS, *GLOBAL_OPTIONS])) + 2
    lines = [
        "Usage: socconsole [OPTIONS] [COMMAND] ...",
        "",
        "A terminal console for security-operations teams. Without a command it opens the console.",
        "",
        "Commands:",
        *(f"  {name:<{width}}{line}" for name, (_, line) in COMMANDS.items()),
        "",
        "Options, before or after the command:",
        *(f"  {name:<{width}}{line}" for name, line in GLOBAL_OPTIONS.items()),
    ]
    return "\n".join(lines)


_AT_ONCE: dict[tuple[str, ...], Callable[[], str]] = {
    ("--help",): overview,
    ("-h",): overview,
    ("--version",): lambda: __version__,
}
"""What is answered without the command parser, which takes longer than all the rest."""


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; raises what the command raises."""
    at_once = _AT_ONCE.get(tuple(arguments))
    if at_once is not None:
        print(at_once())
        return 0
    from socconsole.cli.context import Context

    options = console_options(arguments)
    if options is not None:
        from socconsole.cli.console import console

        return console(Context(**options))
    from cyclopts import Parameter

    app = build_app()

    def launch(
        *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
        config: str | None = None,
        db: str | None = None,
        read_only: Annotated[bool, Parameter(negative="")] = False,
        debug: Annotated[bool, Parameter(negative="")] = False,
    ) -> object:
        """Parse the global options and hand the rest to the command.

        Args:
            tokens: The command and its own arguments.
            config: Settings file to use instead of the usual ones.
            db: Database path or URL.
            read_only: Refuse every change.
            debug: Show tracebacks.

        """
        context = Context(config=config, db=db, read_only=read_only, debug=debug)
        if not tokens:
            from socconsole.cli.console import console

            return console(context)
        _check_command(tokens[0])
        command, bound, ignored = app.parse_args(tokens, exit_on_error=False, print_error=False)
        extra = {"context": context} if "context" in ignored else {}
        return command(*bound.args, **bound.kwargs, **extra)

    app.meta.default(launch)
    result = app.meta(list(arguments), exit_on_error=False, print_error=False)
    return result if isinstance(result, int) else 0


def console_options(arguments: Sequence[str]) -> "ConsoleOptions | None":
    """Return the global options of a command line without a command; None for any other.

    The command parser costs a third of the time to the first paint, so it is left out here.
    """
    options: ConsoleOptions = {}
    waiting = iter(arguments)
    for word in waiting:
        name, equals, value = word.partition("=")
        if name in ("--config", "--db"):
            if not equals:
                value = next(waiting, "")
            if not value:
                return None
            options["config" if name == "--config" else "db"] = value
        elif word == "--read-only":
            options["read_only"] = True
        elif word == "--debug":
            options["debug"] = True
        else:
            return None
    return options


def _check_command(word: str) -> None:
    """Refuse a command that is not there, naming the nearest one, before anything is loaded."""
    if word in COMMANDS or word in ("--help", "-h", "--version"):
        return
    if word.startswith("-"):
        raise UsageError(f"Unknown option {word!r}.", hint="Try socconsole --help.")
    import difflib

    close = difflib.get_close_matches(word, COMMANDS, n=1)
    hint = f"Did you mean {close[0]}?" if close else "Try socconsole --help."
    raise UsageError(f"There is no command {word!r}.", hint=hint)


def main() -> int:
    """Run the program and return its exit code: 0, 1, 2, 3 or 130."""
    arguments = sys.argv[1:]
    _fill_streams()
    try:
        code = run(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        _drop_output()  # whoever read it has had enough
        return 0
    except Exception as error:
        if "--debug" in arguments:
            raise
        try:
            sys.stdout.flush()
        except OSError:
            _drop_output()
        return _explain(error)
    return code


def _drop_output() -> None:
    """Let what is not written yet go nowhere: the interpreter flushes once more on its way out."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fill_streams() -> None:
    """Open standard streams that were closed, so that no log or database gets their numbers."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            handle = os.open(os.devnull, os.O_RDWR)
            if handle != number:
                os.dup2(handle, number)
                os.close(handle)
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 - it lives as long as the process


def _explain(error: Exception) -> int:
    """Say on stderr what went wrong, in one line, and return the exit code."""
    from cyclopts import CycloptsError

    from socconsole.core.safe_text import safe_text

    if isinstance(error, SocError):
        text, code = str(error), error.exit_code
    elif isinstance(error, CycloptsError):
        text, code = f"{_wrong_words(error)} Try --help.", 2
    elif isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        text, code = f"{place}{error.strerror or error}.{_cure(error)}", 3
    else:
        what = f"{type(error).__name__}: {error}".rstrip(": ")
        text, code = f"This is a bug in socconsole ({what}). Run it with --debug to see where.", 3
    print(f"socconsole: {safe_text(text)}", file=sys.stderr)
    return code


def _wrong_words(error: "CycloptsError") -> str:
    """Say what is wrong with the words of a command, in those of its help."""
    from cyclopts import CoercionError, MissingArgumentError

    argument = error.argument
    if argument is None:
        return str(error)
    name = argument.name if argument.index is None else argument.name.lstrip("-").upper()
    command = " ".join(error.command_chain or ())
    if isinstance(error, MissingArgumentError):
        given = error.keyword or any(token.keyword for token in argument.tokens)
        return f"{name} needs a value." if given else f"`{command}` needs {name}."
    if isinstance(error, CoercionError) and error.target_type in (int, float) and error.token:
        return f"{name}: {error.token.value!r} is no number."
    return str(error)


def _cure(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return " The disk is full: free some space and start again; what was stored is safe."
    if isinstance(error, PermissionError):
        return " This account may not do that: check the owner and the permissions."
    return ""
