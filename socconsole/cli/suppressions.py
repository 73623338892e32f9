"""`socconsole suppressions` and `socconsole maintenance`: keeping detections quiet for a while."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from socconsole.cli.cases import ahead, moment_named
from socconsole.cli.context import Context
from socconsole.cli.numbers import Days
from socconsole.cli.output import print_json, print_rows, print_text
from socconsole.errors import UsageError

if TYPE_CHECKING:
    from socconsole.services.suppressions import Wish
    from socconsole.store.database import Work
    from socconsole.store.queries.suppressions import SuppressionRow

app = App(name="suppressions", help="Time-limited rules not to raise an alert.")
maintenance = App(name="maintenance", help="Planned work: alerts are marked and come back.")

Json = Annotated[bool, Parameter(help="Print one JSON document.", negative=())]
Given = Annotated[Context, Parameter(parse=False)]


@dataclass(frozen=True, kw_only=True)
class _Words:
    """What was said on the command line."""

    filter: Sequence[str]
    reason: str = "a test"
    until: str = "1h"
    rule: str | None = None
    alert: int | None = None
    starts: str | None = None
    highest: str | None = None
    title: str = ""


@app.command(name="list")
def list_suppressions(
    *, over: Annotated[bool, Parameter(negative=())] = False, json: Json = False, context: Given
) -> int:
    """List suppressions that apply or will.

    Args:
        over: Also those that have ended.
        json: Print one JSON document.
        context: The global options.

    """
    return _list(context, "suppression", over=over, json=json)


@maintenance.command(name="list")
def list_maintenance(
    *, over: Annotated[bool, Parameter(negative=())] = False, json: Json = False, context: Given
) -> int:
    """List maintenance windows that apply or will.

    Args:
        over: Also those that have ended.
        json: Print one JSON document.
        context: The global options.

    """
    return _list(context, "maintenance", over=over, json=json)


@app.command
def add(
    *filter: str,
    reason: str,
    until: str,
    rule: str | None = None,
    alert: int | None = None,
    starts: str | None = None,
    highest: str | None = None,
    title: str = "",
    json: Json = False,
    context: Given,
) -> int:
    """Keep detections quiet until a time; they are counted, and anything worse breaks through.

    Args:
        filter: Terms over detections, such as host:web* rule:ssh.
        reason: Why.
        until: A time, HH:MM of the team's clock, or a span such as 2h.
        rule: Only this rule's id.
        alert: Make it from this alert: its rule, its entities, nothing worse.
        starts: When it begins; at once without it.
        highest: Severities above this break through.
        title: What to call it.
        json: Print one JSON document.
        context: The global options.

    """
    words = _Words(
        filter=filter,
        reason=reason,
        until=until,
        rule=rule,
        alert=alert,
        starts=starts,
        highest=highest,
        title=title,
    )
    return _add(context, words, maintenance=False, json=json)


@maintenance.command(name="add")
def add_maintenance(
    *filter: str,
    reason: str,
    until: str,
    starts: str | None = None,
    title: str = "",
    json: Json = False,
    context: Given,
) -> int:
    """Mark alerts of planned work; they come back when it ends.

    Args:
        filter: Terms over detections, such as host:web*.
        reason: Why.
        until: A time, HH:MM of the team's clock, or a span such as 2h.
        starts: When it begins; at once without it.
        title: What to call it.
        json: Print one JSON document.
        context: The global options.

    """
    words = _Words(filter=filter, reason=reason, until=until, starts=starts, title=title)
    return _add(context, words, maintenance=True, json=json)


@app.command(name="test")
def back_test(
    *filter: str,
    rule: str | None = None,
    alert: int | None = None,
    highest: str | None = None,
    days: Days = 7,
    json: Json = False,
    context: Given,
) -> int:
    """Say which alerts of the past days a suppression would have kept quiet.

    Args:
        filter: Terms over detections.
        rule: Only this rule's id.
        alert: As made from this alert.
        highest: Severities above this break through.
        days: How far back to look.
        json: Print one JSON document.
        context: The global options.

    """
    from datetime import timedelta

    from socconsole.services.suppressions import back_test as look_back

    words = _Words(filter=filter, rule=rule, alert=alert, highest=highest)
    with context.database() as database, database.read() as session:
        wish = _wish(session, context, words, maintenance=False)
        found = look_back(session, wish, now=context.now(), span=timedelta(days=days))
    if json:
        print_json(found)
        return 0
    print_text(
        [
            f"{found.alerts} alerts with {found.detections} detections in {days} days",
            *(f"  {number} {shown}" for number, shown in found.examples),
        ]
    )
    if found.true_positives:
        numbers = ", ".join(map(str, found.true_positives))
        print_text([f"It would have hidden true positives: {numbers}"])
    return 0


def end(suppression: int, *, json: Json = False, context: Given) -> int:
    """End one before its time."""
    from socconsole.services.suppressions import end as finish

    with context.database() as database, database.begin() as session:
        row = finish(session, suppression, by=context.login, now=context.now())
    return _shown(row, json=json)


def extend(suppression: int, *, until: str, json: Json = False, context: Given) -> int:
    """Let one last until another time."""
    from socconsole.services.suppressions import extend as prolong

    now, ends = context.now(), moment_named(until, context)
    with context.database() as database, database.begin() as session:
        row = prolong(session, suppression, ends, by=context.login, now=now)
    return _shown(row, json=json)


for _group in (app, maintenance):
    _group.command(end)
    _group.command(extend)


def _wish(session: "Work", context: Context, words: _Words, *, maintenance: bool) -> "Wish":
    from socconsole.core.severity import Severity
    from socconsole.services.suppressions import Wish, wish_from_alert

    until = moment_named(words.until, context)
    if words.alert is None:
        wish = Wish(reason=words.reason, until=until, title=words.title)
    else:
        wish = wish_from_alert(session, words.alert, reason=words.reason, until=until)
    if words.highest is not None:
        try:
            wish = replace(wish, highest=Severity.from_label(words.highest))
        except ValueError as error:
            raise UsageError(f"--highest: {error}.") from None
    return replace(
        wish,
        rule_id=words.rule or wish.rule_id,
        filter=" ".join(words.filter),
        starts_at=ahead(words.starts, context),
        maintenance=maintenance,
    )


def _add(context: Context, words: _Words, *, maintenance: bool, json: bool) -> int:
    from socconsole.services.suppressions import create

    with context.database() as database, database.begin() as session:
        wish = _wish(session, context, words, maintenance=maintenance)
        row = create(session, wish, by=context.login, now=context.now())
    return _shown(row, json=json)


def _list(context: Context, kind: str, *, over: bool, json: bool) -> int:
    from socconsole.store.queries.suppressions import suppressions

    with context.database() as database, database.read() as session:
        rows = suppressions(session, context.now(), kind=kind, over=over)
    print_rows(
        rows,
        ("id", "state", "about", "until", "hits", "by", "reason"),
        lambda row: (
            row.id,
            row.state,
            row.about,
            row.until,
            row.hit_count,
            row.created_by,
            row.reason,
        ),
        json=json,
    )
    return 0


def _shown(row: "SuppressionRow", *, json: bool) -> int:
    if json:
        print_json(row)
    else:
        print_text([f"{row.kind} {row.id} {row.state}: {row.about} ({row.reason})"])
    return 0
