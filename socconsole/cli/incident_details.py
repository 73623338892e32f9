"""What is written down while an incident runs, from the shell."""

from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from socconsole.cli.cases import ahead, behind, who
from socconsole.cli.context import Context
from socconsole.cli.marks import TlpMark
from socconsole.cli.output import print_json, print_rows, print_table, print_text

if TYPE_CHECKING:
    from socconsole.services.incident_log import Message

Given = Annotated[Context, Parameter(parse=False)]


def timeline(
    incident: str,
    text: str | None = None,
    *,
    at: str = "now",
    kind: Literal["event", "decision", "action", "other"] = "event",
    only: tuple[str, ...] = (),
    remove: int | None = None,
    json: bool = False,
    context: Given,
) -> int:
    """Show the timeline in the order things happened, add to it, or take an entry out.

    Args:
        incident: Its number.
        text: What happened; without it the timeline is shown.
        at: When it happened: 2h (ago), 14:30, RFC 3339.
        kind: A decision is an entry of its own kind.
        only: Show only these kinds.
        remove: Number of an entry written by hand that was wrong: `entry:N` in --json.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import incident_log
    from socconsole.store.queries import subjects
    from socconsole.store.queries.timeline import timeline as read

    with context.database() as database:
        if text is not None:
            happened = behind(at, context)
            assert happened is not None
            happening = incident_log.Happening(at=happened, text=text, kind=kind)
            with database.begin() as session:
                number = subjects.incident(session, incident).id
                incident_log.add_timeline_entry(session, number, happening, **who(context))
        if remove is not None:
            with database.begin() as session:
                incident_log.remove_timeline_entry(session, remove, **who(context))
        with database.read() as session:
            rows = read(session, subjects.incident(session, incident).id, only)
    print_rows(
        rows, ("at", "kind", "by", "what"), lambda r: (r.at, r.kind, r.by, r.text), json=json
    )
    return 0


def indicator(
    incident: str,
    *values: str,
    origin: str = "",
    tlp: TlpMark | None = None,
    expires: str | None = None,
    json: bool = False,
    context: Given,
) -> int:
    """Confirm values as known bad in an incident; without values list them.

    Args:
        incident: Its number.
        values: Addresses, domains, hashes, defanged or not.
        origin: How it is known.
        tlp: CLEAR, GREEN, AMBER, AMBER+STRICT or RED.
        expires: When it is bad no longer: 30d.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.core.tlp import Tlp
    from socconsole.services import incident_log
    from socconsole.store.queries import notes as queries
    from socconsole.store.queries import subjects

    with context.database() as database:
        if values:
            known = incident_log.KnownBad(
                text="\n".join(values),
                origin=origin,
                tlp=Tlp(tlp) if tlp else None,
                expires_at=ahead(expires, context),
            )
            with database.begin() as session:
                number = subjects.incident(session, incident).id
                incident_log.add_indicator(session, number, known, **who(context))
        with database.read() as session:
            number = subjects.incident(session, incident).id
            seen = queries.observables(session, "incident", number)
    rows = [row for row in seen if row.indicator]
    print_rows(
        rows,
        ("type", "value", "origin", "elsewhere"),
        lambda r: (r.type, r.value, r.origin, r.elsewhere),
        json=json,
    )
    return 0


def countermeasure(
    incident: str,
    title: str = "",
    *,
    target: str = "",
    rollback: str = "",
    expires: str | None = None,
    approve: int | None = None,
    activate: int | None = None,
    verify: int | None = None,
    remove: int | None = None,
    json: bool = False,
    context: Given,
) -> int:
    """Propose a countermeasure, move one on, or list them.

    Args:
        incident: Its number.
        title: What is done.
        target: To what.
        rollback: How it is taken back.
        expires: When it has to be taken back: 2d; `incidents extend` moves it.
        approve: Number of one that may be done.
        activate: Number of one that is done.
        verify: Number of one that was seen to work.
        remove: Number of one that was taken back.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import countermeasures
    from socconsole.store.queries import incidents as queries
    from socconsole.store.queries import subjects

    steps = {"approve": approve, "activate": activate, "verify": verify, "remove": remove}
    asked = [(verb, number) for verb, number in steps.items() if number is not None]
    proposal = countermeasures.Proposal(
        title=title, target=target, rollback=rollback, expires_at=ahead(expires, context)
    )
    with context.database() as database:
        if title or asked:
            with database.begin() as session:
                about = subjects.incident(session, incident).id
                if title:
                    countermeasures.propose(session, about, proposal, **who(context))
                for verb, number in asked:
                    countermeasures.move(session, number, verb, **who(context))
        with database.read() as session:
            rows = queries.countermeasures(session, subjects.incident(session, incident).id)
    print_rows(
        rows,
        ("id", "state", "what", "target", "rollback", "expires"),
        lambda r: (r.id, r.state, r.title, r.target, r.rollback, r.expires_at),
        json=json,
    )
    return 0


def comms(
    incident: str,
    text: str = "",
    *,
    to: str = "",
    channel: str = "",
    tlp: TlpMark | None = None,
    next_in: str | None = None,
    every: int | None = None,
    json: bool = False,
    context: Given,
) -> int:
    """Log a message that was given, set how often, or list what was said.

    Args:
        incident: Its number.
        text: What was said.
        to: To whom.
        channel: By mail, phone, chat.
        tlp: CLEAR, GREEN, AMBER, AMBER+STRICT or RED.
        next_in: When the next message is due: 20m.
        every: Minutes between messages; 0 for no clock.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.core.tlp import Tlp
    from socconsole.services.incident_log import Message

    due = ahead(next_in, context)
    message = Message(
        audience=to,
        body=text,
        channel=channel,
        tlp=Tlp(tlp) if tlp else None,
        next_update_in=due - context.now() if due else None,
    )
    if text or every is not None:
        _say(incident, message, every, context)
    return _said(incident, json, context)


def _say(incident: str, message: "Message", every: int | None, context: Context) -> None:
    from socconsole.services import incident_log
    from socconsole.store.queries import subjects

    with context.database() as database, database.begin() as session:
        number = subjects.incident(session, incident).id
        if every is not None:
            incident_log.set_cadence(session, number, every or None, **who(context))
        if message.body:
            incident_log.communicate(session, number, message, **who(context))


def _said(incident: str, json: bool, context: Context) -> int:
    from socconsole.store.queries import incidents as queries
    from socconsole.store.queries import subjects

    with context.database() as database, database.read() as session:
        found = queries.detail(session, subjects.incident(session, incident).id)
    if json:
        print_json(
            {
                "messages": found.communications,
                "update_every_minutes": found.update_every,
                "next_update_due_at": found.row.next_update_due_at,
            }
        )
    else:
        print_table(
            ("at", "by", "to", "channel", "said"),
            [(c.at, c.by, c.audience, c.channel, c.body) for c in found.communications],
        )
    return 0


def outage(
    incident: str,
    *,
    service: str,
    down: str,
    up: str | None = None,
    json: bool = False,
    context: Given,
) -> int:
    """Say from when a service was down, and when it was up again.

    Args:
        incident: Its number.
        service: The service's name, from `assets services`.
        down: When it went down: 2h (ago), 14:30.
        up: When it was up again; nothing while it is down.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import outages
    from socconsole.store.queries import subjects

    down_from = behind(down, context)
    assert down_from is not None
    span = (down_from, behind(up, context))
    with context.database() as database, database.begin() as session:
        number = subjects.incident(session, incident).id
        outages.record(session, number, service, span, **who(context))
    if json:
        print_json({"service": service, "down_from": span[0], "up_at": span[1]})
    else:
        ended = f"{span[1]:%Y-%m-%d %H:%MZ}" if span[1] else "now"
        print_text([f"{service} was down from {span[0]:%Y-%m-%d %H:%MZ} to {ended}"])
    return 0
