"""The verbs of `socconsole alerts`. Each takes numbers, or `--where FILTER` for all that match."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Protocol

from cyclopts import Parameter

from socconsole.cli.cases import ahead
from socconsole.cli.context import Context
from socconsole.cli.output import print_json, print_text, say
from socconsole.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from socconsole.services.alerts import Done
    from socconsole.store.database import Work

Where = Annotated[str | None, Parameter(help="Every alert this filter finds.")]
Json = Annotated[bool, Parameter(help="Print one JSON document.", negative=())]
Given = Annotated[Context, Parameter(parse=False)]


class Verb(Protocol):
    """A service that changes alerts, all that it needs to know besides them given to it."""

    def __call__(
        self, session: "Work", alert_ids: Sequence[int], /, *, by: str, now: datetime
    ) -> "Done": ...


def ack(*alerts: int, where: Where = None, json: Json = False, context: Given) -> int:
    """Take alerts: they are yours until given back, closed, or the claim lapses."""
    from socconsole.services.alerts import acknowledge

    verb = partial(acknowledge, policy=context.settings().alerts)
    return _do(verb, alerts, where, json, context)


def assign(*alerts: int, to: str, where: Where = None, json: Json = False, context: Given) -> int:
    """Give alerts to an analyst.

    Args:
        alerts: Their numbers.
        to: The analyst's login.
        where: Every alert this filter finds.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services.alerts import assign as give

    return _do(partial(give, to=to), alerts, where, json, context)


def give_back(*alerts: int, where: Where = None, json: Json = False, context: Given) -> int:
    """Put acknowledged alerts back into the queue."""
    from socconsole.services.alerts import give_back as back

    return _do(back, alerts, where, json, context)


def shelve(
    *alerts: int,
    reason: str,
    until: str | None = None,
    where: Where = None,
    json: Json = False,
    context: Given,
) -> int:
    """Keep alerts off the queue for a while, at most to the end of the shift.

    Args:
        alerts: Their numbers.
        reason: Why.
        until: A time, HH:MM of the team's clock, or a span such as 90m; else two hours.
        where: Every alert this filter finds.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.core.shift import shift_at
    from socconsole.services.alerts import shelve as put_away

    settings = context.settings()
    ends = shift_at(context.now(), settings.shift).end
    returns = ahead(until, context)
    verb = partial(put_away, reason=reason, until=returns, shift_end=ends, policy=settings.alerts)
    return _do(verb, alerts, where, json, context)


def unshelve(*alerts: int, where: Where = None, json: Json = False, context: Given) -> int:
    """Bring shelved alerts back to where they were."""
    from socconsole.services.alerts import unshelve as bring_back

    return _do(bring_back, alerts, where, json, context)


def close(
    *alerts: int,
    verdict: Annotated[str, Parameter(name=["--as", "--verdict"])],
    note: str = "",
    duplicate_of: int | None = None,
    lead: str = "",
    where: Where = None,
    json: Json = False,
    context: Given,
) -> int:
    """Close alerts with what they turned out to be.

    Args:
        alerts: Their numbers.
        verdict: Such as false_positive, false_positive:bad_data, benign_positive:test,
            true_positive:malicious, duplicate or undetermined.
        note: What you saw; true positives and undetermined ones need it.
        duplicate_of: The alert it repeats.
        lead: Who allows a malicious true positive without a ticket.
        where: Every alert this filter finds.
        json: Print one JSON document.
        context: The global options.

    """
    from dataclasses import replace

    from socconsole.core.disposition import parse_verdict
    from socconsole.services.alerts import close as decide

    said = replace(parse_verdict(verdict, note=note, duplicate_of=duplicate_of), lead=lead)
    settings = context.settings()
    verb = partial(decide, verdict=said, fold=settings.fold, leads=settings.shift.leads)
    return _do(verb, alerts, where, json, context)


def same(alert: int, *, json: Json = False, context: Given) -> int:
    """Close an alert as the last one like it ended."""
    from socconsole.services.alerts import same_as_last_time

    fold = context.settings().fold

    def verb(session: "Work", ids: Sequence[int], /, *, by: str, now: datetime) -> "Done":
        return same_as_last_time(session, ids[0], by=by, now=now, fold=fold)

    return _do(verb, [alert], None, json, context)


def reopen(*alerts: int, where: Where = None, json: Json = False, context: Given) -> int:
    """Put closed alerts back into the queue, or to their open ticket."""
    from socconsole.services.alerts import reopen as open_again

    return _do(open_again, alerts, where, json, context)


def severity(
    *alerts: int,
    to: str,
    reason: str = "",
    where: Where = None,
    json: Json = False,
    context: Given,
) -> int:
    """Set another severity than the rule's.

    Args:
        alerts: Their numbers.
        to: informational, low, medium, high, critical; or rule, for the rule's own again.
        reason: Why.
        where: Every alert this filter finds.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.core.severity import Severity
    from socconsole.services.alerts import override_severity

    try:
        chosen = None if to == "rule" else Severity.from_label(to)
    except ValueError as error:
        raise UsageError(f"{error}.") from None
    verb = partial(override_severity, severity=chosen, reason=reason)
    return _do(verb, alerts, where, json, context)


def escalate(
    *alerts: int,
    ticket: str | None = None,
    title: str = "",
    where: Where = None,
    json: Json = False,
    context: Given,
) -> int:
    """Open a ticket from alerts, or add them to one.

    Args:
        alerts: Their numbers.
        ticket: Add them to this one, such as SOC-2026-014.
        title: Of the new ticket; else made of the alerts.
        where: Every alert this filter finds.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import tickets
    from socconsole.store.queries import subjects

    now = context.now()
    with context.database() as database, database.begin() as session:
        ids = _chosen(session, context, alerts, where, now)
        if ticket is None:
            row = tickets.open_from_alerts(
                session, ids, by=context.login, now=now, title=title, policy=context.settings()
            )
        else:
            found = subjects.ticket(session, ticket)
            row = tickets.add_alerts(session, found.id, ids, by=context.login, now=now)
    if json:
        print_json({"verb": "alert.escalate", "alerts": ids, "ticket": row.human_id})
    else:
        print_text([f"{row.human_id} has {len(ids)} alerts: {row.title}"])
    return 0


def next_(*, json: Json = False, context: Given) -> int:
    """Claim the highest-ranked alert nobody has; exit 1 when there is none."""
    from socconsole.cli.alerts import alert_json
    from socconsole.services.alerts import claim_next
    from socconsole.store.queries.queue import queue_rows

    policy = context.settings().alerts
    with context.database() as database, database.begin() as session:
        claimed = claim_next(session, by=context.login, now=context.now(), policy=policy)
        rows = queue_rows(session, [] if claimed is None else [claimed])
    if not rows:
        say("Nothing waits for anybody.")
        return 1
    if json:
        print_json(alert_json(rows[0]))
    else:
        print_text([f"{rows[0].id} {rows[0].severity.label} {rows[0].title} {rows[0].host or ''}"])
    return 0


def _do(verb: Verb, alerts: Sequence[int], where: str | None, json: bool, context: Context) -> int:
    """Run a verb on the chosen alerts and print what it did."""
    with context.database() as database, database.begin() as session:
        now = context.now()
        ids = _chosen(session, context, alerts, where, now)
        done = verb(session, ids, by=context.login, now=now)
    if json:
        print_json(
            {
                "verb": done.verb,
                "alerts": done.alert_ids,
                "skipped": done.skipped,
                "action": done.action_id,
            }
        )
        return 0
    print_text([f"{done.summary} (undo: socconsole undo {done.action_id})"])
    for skipped in done.skipped:
        say(f"alert {skipped.alert_id} left alone: {skipped.reason}")
    return 0


def _chosen(
    session: "Work",
    context: Context,
    alerts: Sequence[int],
    where: str | None,
    now: datetime,
) -> list[int]:
    """Return the alerts named, or all that the filter finds."""
    from socconsole.store.queries.queue import QueueQuery, queue_ids

    if where is None:
        if not alerts:
            raise UsageError("Which alerts?", hint="Name their numbers, or --where FILTER.")
        return list(alerts)
    if alerts:
        raise UsageError("Name numbers or --where, not both.")
    found = queue_ids(session, QueueQuery.of(where, login=context.login, now=now))
    if not found:
        raise NotFoundError(f"No alert matches {where!r}.")
    return list(found)
