"""`socconsole collect`: read the sources and raise alerts, without a screen."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from socconsole.cli.context import Context
from socconsole.cli.output import print_json, say
from socconsole.core.policy import SourcePolicy
from socconsole.errors import ConflictError, SettingsError, UsageError
from socconsole.settings import state_folder, with_source

if TYPE_CHECKING:
    from socconsole.core.detection import Rule
    from socconsole.core.policy import Settings
    from socconsole.services.batch import Totals
    from socconsole.sigma.reload import ReloadingMatcher
    from socconsole.sigma.rules import RuleSet
    from socconsole.store.database import Database

_LONGEST_RULE = 65_536
"""Characters of a rule's text that are kept for reading on screen."""


def collect(
    *,
    once: bool = False,
    backfill: bool = False,
    stdin: str | None = None,
    attended: Annotated[bool, Parameter(show=False)] = False,
    held: Annotated[bool, Parameter(show=False)] = False,
    json: bool = False,
    context: Annotated[Context, Parameter(parse=False)],
) -> int:
    """Read the sources and raise alerts until stopped.

    Exit code 3 of --once: no source could be read in full.

    Args:
        once: Read every source to its end, commit and exit.
        backfill: Like --once, and unfinished last lines count as finished.
        stdin: Read standard input too, as name=NAME,format=FORMAT, until it ends.
        attended: End some time after the last console has gone.
        held: End when standard input does, which whoever started this holds open.
        json: Print what was read as one JSON document at the end.
        context: The global options.

    """
    from socconsole.collector import Collector
    from socconsole.parsers.redaction import redactor
    from socconsole.store.events import EventStore

    settings = _with_stdin(context.settings(), stdin)
    take_up: list[Callable[[RuleSet], None]] = []
    matcher = load_matcher(settings, take_up)
    redact = redactor(
        state_folder(os.environ) / "redaction.key",
        shipped=settings.redaction.secrets,
        patterns=settings.redaction.patterns,
    )
    with context.database() as database:
        database.become_collector()
        _look_at_head(database)
        take_up.append(partial(_write_down, database))
        _write_down(database, matcher.ruleset)
        events = EventStore(database)
        try:
            collector = Collector(
                database, settings, matcher, events, login=context.login, say=say, redact=redact
            )
            with _stopped_from_outside(collector.stop, held=held):
                if once or backfill:
                    collector.run_once(backfill=backfill)
                else:
                    linger = settings.collector.linger_secs
                    collector.run(lonely_secs=linger if attended else None)
        finally:
            events.close()
    _tell(collector.totals, json=json)
    nothing = (once or backfill) and len(collector.failed) == len(settings.source)
    return 3 if nothing else 0


def _tell(totals: "Totals", *, json: bool) -> None:
    if json:
        print_json(totals)
    else:
        say(
            f"{totals.lines} lines, {totals.events} events, {totals.unparsed} unparsed,"
            f" {totals.detections} detections"
        )


def _with_stdin(settings: "Settings", stdin: str | None) -> "Settings":
    """Return the settings with standard input as a source, where it is one."""
    if stdin is not None:
        settings = with_source(settings, _stdin_source(stdin))
    if not settings.source:
        raise SettingsError(
            "The settings name no source.",
            hint="Write `socconsole sources add NAME PATH`; see `help getting-started`.",
            where=str(settings.path or ""),
        )
    return settings


@contextmanager
def _stopped_from_outside(stop: Callable[[], None], *, held: bool) -> Iterator[None]:
    """Let SIGTERM and Ctrl-C end the collector after the batch in hand, and its holder's end."""
    if held:
        threading.Thread(target=_stop_at_end, args=(stop,), daemon=True).start()
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, lambda _number, _frame: stop()) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop_at_end(stop: Callable[[], None]) -> None:
    """Call `stop` once standard input ends: its other end is closed by any death, kill -9 too."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    stop()


def _stdin_source(words: str) -> SourcePolicy:
    """Return the source that `name=NAME,format=FORMAT` says."""
    given = dict(word.strip().partition("=")[::2] for word in words.split(",") if word.strip())
    unknown = sorted(set(given) - {"name", "format", "host", "timezone"})
    if unknown or not given.get("name"):
        what = f"--stdin {words!r} names no source." if not unknown else ""
        raise UsageError(
            what or f"--stdin has no {unknown[0]!r}.",
            hint="Write --stdin name=journal,format=journald.",
        )
    return SourcePolicy(
        name=given["name"],
        path="stdin:",
        format=given.get("format", "auto"),
        host=given.get("host"),
        timezone=given.get("timezone"),
    )


def _look_at_head(database: "Database") -> None:
    """Say when the audit ends before what this account saw of it."""
    from socconsole.store.remembered_head import look

    problem = look(database, state_folder(os.environ), now=database.clock.now())
    if problem is not None:
        say(str(problem))


def _write_down(database: "Database", ruleset: "RuleSet") -> None:
    """Store the rules in use, for screens that never load them."""
    from socconsole.services import rules

    def write() -> None:
        with database.begin() as session:
            rules.write_down(
                session,
                ruleset.rules,
                refused=ruleset.errors,
                now=database.clock.now(),
                body=_text_of,
            )

    try:
        write()
    except ConflictError:  # a collector of other sources has just stored the same rules
        write()


def _text_of(rule: "Rule") -> str:
    path = Path(rule.path.rpartition(":")[0] or rule.path)
    try:
        return path.read_text(encoding="utf-8", errors="replace")[:_LONGEST_RULE]
    except OSError:  # gone since it was loaded
        return ""


def load_matcher(
    settings: "Settings", take_up: "Sequence[Callable[[RuleSet], None]]" = ()
) -> "ReloadingMatcher":
    """Return a matcher with the shipped and the configured rules; refusals are said.

    It takes up changed rule files by itself and hands them to each of `take_up`.
    """
    from socconsole.cli import rule_paths
    from socconsole.parsers import usual_logsources
    from socconsole.sigma.reload import ReloadingMatcher

    def tell(ruleset: "RuleSet") -> None:
        for error in ruleset.errors:
            say(str(error))
        say(f"{len(ruleset.rules)} rules are in use")
        for taken in take_up:
            taken(ruleset)

    matcher = ReloadingMatcher(
        lambda before: rule_paths.load(settings.rules, before=before),
        rule_paths.chosen(settings.rules),
        on_reload=tell,
        on_slow=lambda text: say(f"rule spared long values: {text}"),
        lateness_secs=settings.rules.lateness_secs,
        expected=usual_logsources(),
    )
    for error in matcher.ruleset.errors:
        say(str(error))
    rule_paths.settle()
    return matcher
