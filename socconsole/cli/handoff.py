"""The shift's handoff from the shell."""

from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from socconsole.cli.cases import ahead, who
from socconsole.cli.context import Context
from socconsole.cli.numbers import Limit
from socconsole.cli.output import print_json, print_rows, print_text

if TYPE_CHECKING:
    from socconsole.store.queries.handoffs import HandoffRow

app = App(name="handoff", help="Draft, sign and accept a shift handoff.")

Given = Annotated[Context, Parameter(parse=False)]
Format = Literal["text", "md", "json"]


@app.command
def draft(
    *,
    read_first: Annotated[str | None, Parameter(name=["--read-first", "--paragraph"])] = None,
    format: Format = "text",
    everything: Annotated[bool, Parameter(name=["--all", "-a"], negative=())] = False,
    json: bool = False,
    context: Given,
) -> int:
    """Compute what the shift would hand over, as a difference to the last handoff.

    Args:
        read_first: What the next shift is walking into, in two or three sentences.
        format: text, md or json.
        everything: Also what is the same as in the last handoff.
        json: The same as --format json.
        context: The global options.

    """
    from socconsole.core.handoff_text import document_of, lines_of, markdown_of
    from socconsole.services import handoff_paper, handoffs

    policy = context.settings()
    with context.database() as database:
        if read_first is not None:
            with database.begin() as session:
                handoffs.write(session, read_first, policy=policy, **who(context))
        with database.read() as session:
            paper = handoff_paper.paper_of_draft(session, now=context.now(), policy=policy)
    if json or format == "json":
        print_json(document_of(paper))
    elif format == "md":
        print_text(markdown_of(paper, everything=everything))
    else:
        print_text(lines_of(paper, everything=everything))
    return 0


@app.command
def add(
    section: Literal["expected_noise", "watch_list", "intelligence", "tuning"],
    text: str = "",
    *,
    if_: Annotated[str, Parameter(name="--if")] = "",
    do: str = "",
    owner: str | None = None,
    due: str | None = None,
    json: bool = False,
    context: Given,
) -> int:
    """Write a line into a section that people fill.

    Args:
        section: Which one.
        text: The line, such as "the scanner runs until 20:00".
        if_: For the watch list: what may happen, "host-9 calls out".
        do: What is to be done then, "isolate it".
        owner: Whose it is.
        due: By when.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.core.handoff import contingency
    from socconsole.core.shift_facts import Section
    from socconsole.errors import UsageError
    from socconsole.services import handoffs

    if if_ or do:
        if not (if_ and do):
            raise UsageError("A contingency says when and what.", hint="Give --if and --do.")
        text = contingency(if_, do)
    line = handoffs.Line(
        section=Section(section), text=text, owner=owner, due_at=ahead(due, context)
    )
    with context.database() as database, database.begin() as session:
        handoffs.add_line(session, line, policy=context.settings(), **who(context))
    if json:
        print_json({"section": section, "text": text})
    else:
        print_text([f"{section.replace('_', ' ')}: {text}"])
    return 0


@app.command
def sign(
    *,
    read_first: Annotated[str | None, Parameter(name=["--read-first", "--paragraph"])] = None,
    json: bool = False,
    context: Given,
) -> int:
    """Sign the handoff of the shift that ends.

    Args:
        read_first: What the next shift is walking into, if nobody wrote it yet.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import handoffs

    policy = context.settings()
    with context.database() as database, database.begin() as session:
        if read_first is not None:
            handoffs.write(session, read_first, policy=policy, **who(context))
        row = handoffs.sign(session, policy=policy, **who(context))
    return _show(row.id, "json" if json else "text", context)


@app.command
def show(
    handoff: int | None = None,
    *,
    format: Format = "text",
    everything: Annotated[bool, Parameter(name=["--all", "-a"], negative=())] = False,
    json: bool = False,
    context: Given,
) -> int:
    """Show a signed handoff and what changed since; the last one without a number.

    Args:
        handoff: Its number, from `handoff list`.
        format: text, md or json.
        everything: Also what is the same as in the handoff before.
        json: The same as --format json.
        context: The global options.

    """
    return _show(handoff, "json" if json else format, context, everything=everything)


@app.command
def accept(
    handoff: int | None = None,
    *,
    item: tuple[int, ...] = (),
    json: bool = False,
    context: Given,
) -> int:
    """Accept items of a handoff, or all that are undecided; tickets become yours.

    Args:
        handoff: Its number; the last signed one without.
        item: Only these items.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import handoff_items, handoffs

    with context.database() as database, database.begin() as session:
        number = handoffs.last_or(session, handoff)
        handoff_items.accept(session, number, item or None, **who(context))
    return _show(number, "json" if json else "text", context)


@app.command
def refuse(item: int, *, reason: str, json: bool = False, context: Given) -> int:
    """Refuse an item: it goes back with the reason.

    Args:
        item: Its number, from `handoff show`.
        reason: What is missing.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import handoff_items

    with context.database() as database, database.begin() as session:
        row = handoff_items.refuse(session, item, reason, policy=context.settings(), **who(context))
    if json:
        print_json(row)
    else:
        back_to = f"to {row.lead}, the lead" if row.lead else f"to {row.item.owner or 'its signer'}"
        print_text([f"{row.item.ref} goes back {back_to}: {row.reason}"])
    return 0


@app.command
def amend(handoff: int, text: str, *, json: bool = False, context: Given) -> int:
    """Say something after signing; it stays visible as said late.

    Args:
        handoff: Its number.
        text: What was forgotten.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import handoffs

    with context.database() as database, database.begin() as session:
        handoffs.amend(session, handoff, text, **who(context))
    return _show(handoff, "json" if json else "text", context)


@app.command(name="list")
def list_(*, limit: Limit = 50, json: bool = False, context: Given) -> int:
    """List the handoffs, newest first.

    Args:
        limit: At most so many.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.store.queries.handoffs import handoffs

    with context.database() as database, database.read() as session:
        rows = handoffs(session, limit)
    print_rows(
        rows,
        ("id", "state", "shift", "until", "signed by", "accepted by", "audit"),
        _cells,
        json=json,
    )
    return 0


@app.command
def compare(older: int, newer: int, *, json: bool = False, context: Given) -> int:
    """Show what is new, changed and ended between two handoffs.

    Args:
        older: The number of the one.
        newer: The number of the other.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import handoffs

    with context.database() as database, database.read() as session:
        items = handoffs.compare(session, older, newer)
    if json:
        print_json(items)
    else:
        print_text(f"{item.change:8} {item.ref}  {item.text}" for item in items)
    return 0


def _show(handoff: int | None, format: str, context: Context, *, everything: bool = False) -> int:
    from socconsole.core.handoff_text import document_of, lines_of, markdown_of
    from socconsole.services import handoff_paper, handoffs

    with context.database() as database, database.read() as session:
        number = handoffs.last_or(session, handoff)
        paper = handoff_paper.paper_of(
            session, number, now=context.now(), policy=context.settings()
        )
    if format == "json":
        print_json(document_of(paper))
    elif format == "md":
        print_text(markdown_of(paper, everything=everything))
    else:
        print_text(lines_of(paper, everything=everything))
    return 0


def _cells(row: "HandoffRow") -> tuple[object, ...]:
    accepted = f"{row.accepted_by} (self)" if row.self_accepted else row.accepted_by
    audit = f"{row.audit_seq}:{(row.audit_hash or '')[:12]}" if row.audit_seq else None
    return row.id, row.state, row.shift, row.until, row.signed_by, accepted, audit
