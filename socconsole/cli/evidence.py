"""Evidence from the shell: attach bytes, list them, get them out, check them."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from socconsole.cli.cases import who
from socconsole.cli.context import Context
from socconsole.cli.marks import TlpMark
from socconsole.cli.numbers import Lines
from socconsole.cli.output import print_json, print_rows, print_text, say
from socconsole.cli.streams import read_bytes

if TYPE_CHECKING:
    from socconsole.store.database import Database
    from socconsole.store.events import Kept

app = App(name="evidence", help="Attach, list and verify evidence.")

Given = Annotated[Context, Parameter(parse=False)]


@app.command
def attach(
    about: str,
    *files: Annotated[str, Parameter(allow_leading_hyphen=True)],
    alert: tuple[int, ...] = (),
    around: Lines | None = None,
    line: tuple[str, ...] = (),
    command: str | None = None,
    reason: str = "",
    tlp: TlpMark | None = None,
    json: bool = False,
    context: Given,
) -> int:
    """Attach files, standard input (`-`) or the lines kept with alerts, byte for byte.

    Args:
        about: SOC-2026-014, INC-2026-003 or an alert's number.
        files: The files.
        alert: Alerts whose lines are attached.
        around: Not only the alert's line but so many before and after it, from the event store.
        line: Retained lines, as source:generation:offset; `hunt --jsonl` names all three.
        command: The command whose output comes in, for the record.
        reason: Why it is kept.
        tlp: CLEAR, GREEN, AMBER, AMBER+STRICT or RED.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.errors import UsageError
    from socconsole.services import evidence, line_evidence
    from socconsole.store.queries import subjects

    if not files and not alert and not line:
        raise UsageError("Nothing to attach.", hint="Name a file, `-`, --alert or --line.")
    most = evidence.LARGEST_BYTES + 1
    captures = [
        evidence.file_capture(read_bytes(path, most), path, command=command, reason=reason, tlp=tlp)
        for path in files
    ]
    with context.database() as database, database.begin() as session:
        case = subjects.subject(session, about)
        rows = [evidence.attach(session, case, each, **who(context)) for each in captures]
        if alert and around is not None:
            for number in alert:
                place = evidence.place_of(session, number)
                found = _beside(database, place, around)
                why = reason or f"around alert {number}"
                rows.append(evidence.attach_events(session, case, found, why, **who(context)))
        elif alert:
            rows.extend(evidence.attach_alert_lines(session, case, alert, **who(context)))
        if line:
            lines = _retained(database, line)
            rows.extend(line_evidence.attach_lines(session, case, lines, **who(context)))
    if json:
        print_json(rows)
    else:
        print_text(f"{row.sha256}  {row.id}  {row.title}" for row in rows)
    return 0


def _beside(database: "Database", place: tuple[int, int, int], count: int) -> "tuple[Kept, ...]":
    """Return the retained events beside a line of a file."""
    from socconsole.store.events import EventStore

    events = EventStore(database)
    try:
        return events.around(*place, count, count)
    finally:
        events.close()


def _retained(database: "Database", names: tuple[str, ...]) -> "list[Kept]":
    """Return the retained lines that are named as source:generation:offset."""
    from socconsole.errors import NotFoundError, UsageError
    from socconsole.store.events import EventStore
    from socconsole.store.queries.sources import sources

    with database.read() as session:
        numbers = {row.name: row.id for row in sources(session, stopped=True)}
    events, found = EventStore(database), []
    try:
        for name in names:
            source, generation, offset = [*name.rsplit(":", 2), "", ""][:3]
            if source not in numbers or not (generation.isdecimal() and offset.isdecimal()):
                raise UsageError(f"{name!r} names no line.", hint="Write source:generation:offset.")
            at = int(offset)
            kept = events.around(numbers[source], int(generation), at, 0, 0)
            if not kept or kept[0].offset != at:
                raise NotFoundError(f"The line {name} is not retained.")
            found.append(kept[0])
    finally:
        events.close()
    return found


@app.command(name="list")
def list_(about: str, *, json: bool = False, context: Given) -> int:
    """List the evidence of a case with digest, size, who and when.

    Args:
        about: SOC-2026-014, INC-2026-003 or an alert's number.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.store.queries import notes as queries
    from socconsole.store.queries import subjects

    with context.database() as database, database.read() as session:
        case = subjects.subject(session, about)
        rows = queries.evidence(session, case.kind, case.id)
    print_rows(
        rows,
        ("id", "kind", "bytes", "sha256", "at", "by", "title"),
        lambda r: (r.id, r.kind, r.size, r.sha256, r.captured_at, r.captured_by, r.title),
        json=json,
    )
    return 0


@app.command
def get(
    evidence_id: int,
    *,
    out: str = "-",
    why: str = "",
    context: Given,
) -> int:
    """Write the bytes of a piece of evidence; the custody log notes it, its marks are said.

    Args:
        evidence_id: Its number, from `evidence list`.
        out: The file to make; `-` is standard output.
        why: What for.
        context: The global options.

    """
    from socconsole.errors import FileError
    from socconsole.services import evidence

    if out != "-" and Path(out).exists():
        raise FileError("It exists already.", hint="Name a file that does not.", where=out)
    with context.database() as database, database.begin() as session:
        content = evidence.content(session, evidence_id, why=why, **who(context))
        label = evidence.label_of(session, evidence_id)
    say(f"Evidence {evidence_id} is {label}.")
    if out == "-":
        sys.stdout.buffer.write(content)
        return 0
    try:
        with Path(out).open("xb") as file:
            file.write(content)
    except OSError as error:
        raise FileError(f"It cannot be written: {error.strerror}.", where=out) from None
    return 0


@app.command
def custody(evidence_id: int, *, json: bool = False, context: Given) -> int:
    """Show who did what with a piece of evidence.

    Args:
        evidence_id: Its number, from `evidence list`.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.errors import NotFoundError
    from socconsole.store.queries import notes as queries

    with context.database() as database, database.read() as session:
        rows = queries.custody(session, evidence_id)
    if not rows:
        raise NotFoundError(f"There is no evidence {evidence_id}.", hint="See `evidence list`.")
    print_rows(
        rows, ("at", "by", "did", "detail"), lambda r: (r.at, r.by, r.verb, r.detail), json=json
    )
    return 0


@app.command
def verify(*evidence_ids: int, json: bool = False, context: Given) -> int:
    """Compare the bytes with their digests. Exit code 1: something was changed.

    Args:
        evidence_ids: Only these pieces.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import evidence

    with context.database() as database, database.begin() as session:
        checks = evidence.verify(session, evidence_ids or None, **who(context))
    broken = [check for check in checks if not check.is_whole]
    if json:
        print_json({"checked": len(checks), "changed": broken})
    else:
        lines = [f"{check.id}  CHANGED  {check.title}" for check in broken]
        print_text([*lines, f"{len(checks)} checked, {len(broken)} changed"])
    return 1 if broken else 0
