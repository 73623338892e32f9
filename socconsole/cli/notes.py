"""Notes from the shell."""

from typing import Annotated

from cyclopts import App, Parameter

from socconsole.cli.cases import who
from socconsole.cli.context import Context
from socconsole.cli.marks import TlpMark
from socconsole.cli.output import print_json, print_rows, print_text
from socconsole.cli.streams import read_bytes, read_text

app = App(name="notes", help="Notes on alerts, tickets and incidents.")

Given = Annotated[Context, Parameter(parse=False)]


@app.command
def add(
    about: str,
    text: str | None = None,
    *,
    attach: Annotated[tuple[str, ...], Parameter(allow_leading_hyphen=True)] = (),
    corrects: int | None = None,
    tlp: TlpMark | None = None,
    json: bool = False,
    context: Given,
) -> int:
    """Write a note; without text it is read from standard input.

    Args:
        about: SOC-2026-014, INC-2026-003 or an alert's number.
        text: The note, in Markdown.
        attach: A file to attach as evidence; `-` is standard input.
        corrects: Number of the note this one takes the place of.
        tlp: CLEAR, GREEN, AMBER, AMBER+STRICT or RED.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.core.tlp import Tlp
    from socconsole.services import evidence, notes
    from socconsole.store.queries import subjects

    most = evidence.LARGEST_BYTES + 1
    captures = [evidence.file_capture(read_bytes(path, most), path) for path in attach]
    body = text if text is not None or captures else read_text("-")
    with context.database() as database, database.begin() as session:
        case = subjects.subject(session, about)
        with notes.together(session, case, **who(context)):
            pieces = [evidence.attach(session, case, each, **who(context)) for each in captures]
            named = ", ".join(f"evidence {piece.id} ({piece.sha256[:12]}…)" for piece in pieces)
            words = "\n\n".join(part for part in (body, f"Attached {named}." * bool(named)) if part)
            if corrects is not None:
                row = notes.correct(session, corrects, words, **who(context))
            else:
                mark = Tlp(tlp) if tlp else None
                row = notes.add(session, case, words, tlp=mark, **who(context))
    if json:
        print_json({"note": row, "evidence": pieces})
    else:
        print_text([f"note {row.id} on {case.name}", *(f"{p.sha256}  {p.title}" for p in pieces)])
    return 0


@app.command(name="list")
def list_(about: str, *, json: bool = False, context: Given) -> int:
    """List the notes of a case, oldest first.

    Args:
        about: SOC-2026-014, INC-2026-003 or an alert's number.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.store.queries import notes as queries
    from socconsole.store.queries import subjects

    with context.database() as database, database.read() as session:
        case = subjects.subject(session, about)
        rows = queries.notes(session, case.kind, case.id)
    if json:
        print_json(rows)
        return 0
    for row in rows:
        mark = " (corrected)" if row.corrected else ""
        head = f"{row.id}  {row.created_at:%Y-%m-%d %H:%MZ}  {row.created_by}{mark}"
        print_text([head, *row.body.splitlines(), ""])
    return 0


@app.command
def observables(
    about: str,
    *,
    ignore: tuple[int, ...] = (),
    follow: tuple[int, ...] = (),
    json: bool = False,
    context: Given,
) -> int:
    """List the observables of a case and in how many others each occurs.

    Args:
        about: SOC-2026-014, INC-2026-003 or an alert's number.
        ignore: Number of a value to follow no longer, anywhere.
        follow: Number of a value to follow again.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import observables as verbs
    from socconsole.store.queries import notes as queries
    from socconsole.store.queries import subjects

    with context.database() as database:
        if ignore or follow:
            with database.begin() as session:
                for number in (*ignore, *follow):
                    verbs.ignore(session, number, ignored=number in ignore, **who(context))
        with database.read() as session:
            case = subjects.subject(session, about)
            rows = queries.observables(session, case.kind, case.id)
    print_rows(
        rows,
        ("id", "type", "value", "known bad", "elsewhere"),
        lambda r: (r.id, r.type, r.value, "yes" if r.indicator else "", r.elsewhere),
        json=json,
    )
    return 0


@app.command
def ignored(
    entry: str = "",
    *,
    reason: str = "",
    follow: bool = False,
    json: bool = False,
    context: Given,
) -> int:
    """Show the ignore list of observables, or put an entry on it, or take it off.

    Args:
        entry: A value, a network (10.0.0.0/8), a domain ending (.corp), a pattern (*.cdn.example);
            `user:svc-*` is for one kind of value only.
        reason: Why nobody wants to follow it.
        follow: Take the entry off the list.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import observables as verbs

    with context.database() as database:
        if entry:
            with database.begin() as session:
                if follow:
                    verbs.follow_all(session, entry, **who(context))
                else:
                    verbs.ignore_all(session, entry, reason, **who(context))
        with database.read() as session:
            rows = verbs.ignored(session)
    print_rows(
        rows, ("entry", "reason", "by", "at"), lambda r: (r.value, r.reason, r.by, r.at), json=json
    )
    return 0
