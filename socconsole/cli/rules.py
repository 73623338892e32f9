"""Check, list, test detection rules, and show what they cover."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from socconsole import content
from socconsole.cli import rule_paths
from socconsole.cli.context import Context
from socconsole.cli.output import print_json, print_table, print_text, say
from socconsole.cli.unseen_fields import Unseen, unseen_of
from socconsole.core.event import Event, ReadContext
from socconsole.errors import NotFoundError, RuleError

if TYPE_CHECKING:
    from socconsole.sigma.definition import Definition
    from socconsole.sigma.rules import RuleSet
    from socconsole.store.queries.rules import FiredRule

app = App(name="rules", help="Check, list and test detection rules.")

_NEWEST = 50_000
"""Retained events that rules are checked against."""


@app.command
def check(
    paths: Annotated[list[str] | None, Parameter(negative=())] = None,
    *,
    events: str | None = None,
    format: str = "auto",
    logsource: str | None = None,
    retained: bool = False,
    json: bool = False,
    context: Annotated[Context, Parameter(parse=False)],
) -> int:
    """Load rules and explain every refusal; without paths the shipped and configured ones.

    Exit code 1 when a rule is refused.

    Args:
        paths: Rule files and folders.
        events: A log file: fields that rules ask for and none of its events has are listed.
        format: That file's parser; `auto` chooses by the first lines.
        logsource: What that file's events are, such as product=windows,service=sysmon.
        retained: The same for the newest events that are kept in the database.
        json: Print one JSON document.
        context: The global options.

    """
    ruleset = rule_paths.load(context.settings().rules, paths or ())
    ruleset = replace(ruleset, warnings=(*ruleset.warnings, *_missing_runbooks(ruleset)))
    seen: list[Iterable[Event]] = []
    if events is not None:
        seen.append(_read(events, format, logsource))
    if retained:
        seen.append(_retained(context))
    unseen = unseen_of(ruleset, chain.from_iterable(seen)) if seen else Unseen()
    if json:
        print_json(
            _check_document(ruleset)
            | {"unseen_fields": unseen.fields, "unseen_logsources": unseen.logsources}
        )
    else:
        print_text(f"error: {error}" for error in ruleset.errors)
        print_text(f"warning: {warning}" for warning in ruleset.warnings)
        print_text(f"skipped: {rule.path}: {reason}" for rule, reason in ruleset.skipped)
        print_text(unseen.lines())
        print_text([_summary(ruleset)])
    return 1 if ruleset.errors else 0


def _missing_runbooks(ruleset: "RuleSet") -> Iterator[RuleError]:
    for rule in ruleset.rules:
        if rule.runbook is not None:
            try:
                content.runbook(rule.runbook)
            except NotFoundError as error:
                yield RuleError(error.what, hint=error.hint, where=rule.path)


def _read(path: str, format_name: str, logsource: str | None) -> "Iterator[Event]":
    from socconsole.cli.replay import parse_logsource, read_events

    now = datetime.now(UTC)
    given = parse_logsource(logsource)
    batches = read_events(path, format_name, ReadContext(now), given)
    return chain.from_iterable(batches)


def _retained(context: Context) -> "Iterator[Event]":
    from socconsole.store.events import EventStore

    with context.database() as database:
        kept = EventStore(database)
        try:
            found = kept.search(lambda _: True, newest_first=True)
            yield from (each.event for each in islice(found, _NEWEST))
        finally:
            kept.close()


def _check_document(ruleset: "RuleSet") -> dict[str, object]:
    return {
        "loaded": len(ruleset.rules),
        "refused": len(ruleset.errors),
        "skipped": [{"where": rule.path, "reason": reason} for rule, reason in ruleset.skipped],
        "errors": [
            {"where": error.where, "what": error.what, "hint": error.hint}
            for error in ruleset.errors
        ],
        "warnings": [
            {"where": warning.where, "what": warning.what} for warning in ruleset.warnings
        ],
    }


def _summary(ruleset: "RuleSet") -> str:
    return (
        f"{len(ruleset.rules)} rules loaded, {len(ruleset.errors)} refused, "
        f"{len(ruleset.skipped)} skipped, {len(ruleset.warnings)} warnings"
    )


@app.command(name="list")
def list_rules(
    paths: Annotated[list[str] | None, Parameter(negative=())] = None,
    *,
    json: bool = False,
    context: Annotated[Context, Parameter(parse=False)],
) -> int:
    """List the rules that are loaded.

    Args:
        paths: Rule files and folders; without any the shipped and configured ones.
        json: Print one JSON document.
        context: The global options.

    """
    ruleset = rule_paths.load(context.settings().rules, paths or ())
    if json:
        print_json([_rule_document(definition) for definition in ruleset.definitions])
    else:
        print_table(
            ("level", "status", "title", "runbook", "where"),
            [
                (rule.severity, rule.status, rule.title, rule.runbook, rule.path)
                for rule in sorted(ruleset.rules, key=lambda r: (-r.severity, r.title))
            ],
        )
    if ruleset.errors:
        say(f"{len(ruleset.errors)} refused: `rules check` says why.")
    return 0


def _rule_document(definition: "Definition") -> dict[str, object]:
    rule = definition.rule
    return {
        "id": rule.id,
        "title": rule.title,
        "level": rule.severity,
        "status": rule.status,
        "author": rule.author,
        "tags": rule.tags,
        "runbook": rule.runbook,
        "logsource": {
            "product": definition.product,
            "category": definition.category,
            "service": definition.service,
        },
        "type": definition.window.type if definition.window else "event",
        "related": [{"type": kind, "id": other} for kind, other in definition.related],
        "where": rule.path,
    }


@app.command(name="test")
def try_rule(
    rule: str,
    file: str,
    *,
    format: str = "auto",
    logsource: str | None = None,
    json: bool = False,
    context: Annotated[Context, Parameter(parse=False)],
) -> int:
    """Run the rules of one file on a log file and say of each event what matched and what not.

    Events that nothing of the rule matched are counted only. Exit code 1 when no rule fired.

    Args:
        rule: A rule file.
        file: A log file; - is standard input.
        format: A parser's name; `auto` chooses by the first lines.
        logsource: What the events are, such as product=windows,service=sysmon.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.cli.rule_test import Reading, run_test

    policy = context.settings().rules
    ruleset = rule_paths.load(policy, [rule])
    if ruleset.errors:
        raise ruleset.errors[0]
    reading = Reading(file, format, logsource)
    return run_test(ruleset, reading, lateness_secs=policy.lateness_secs, as_json=json)


@app.command
def coverage(
    paths: Annotated[list[str] | None, Parameter(negative=())] = None,
    *,
    fired: bool = False,
    navigator: Path | None = None,
    json: bool = False,
    context: Annotated[Context, Parameter(parse=False)],
) -> int:
    """Print the ATT&CK tactics and techniques that rules cover, and what of it has fired.

    Args:
        paths: Rule files and folders; without any the shipped and configured ones.
        fired: Count detections in the database as well.
        navigator: File to write an ATT&CK Navigator layer to.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.cli.coverage import write_coverage

    ruleset = rule_paths.load(context.settings().rules, paths or ())
    if ruleset.errors:
        say(f"{len(ruleset.errors)} refused: `rules check` says why.")
    found: tuple[FiredRule, ...] = ()
    if fired:
        from socconsole.store.queries.rules import fired_rules

        with context.database() as database, database.read() as session:
            found = fired_rules(session)
    return write_coverage(ruleset, found, navigator, as_json=json)
