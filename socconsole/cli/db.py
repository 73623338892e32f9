"""The database: what it is, whether it is whole, its upgrades and backups."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from socconsole.cli.context import Context
from socconsole.cli.output import print_json, print_text
from socconsole.errors import FileError, UsageError
from socconsole.settings import state_folder

if TYPE_CHECKING:
    from socconsole.store.database import Database
    from socconsole.store.events import EventStore

WithEvents = Annotated[bool, Parameter(negative="--no-events")]

app = App(name="db", help="Upgrade, back up, verify and describe the database.")
for _verb, _help in (
    ("hold", "Keep everything of a case, whatever its age and whoever asks for erasure."),
    ("release", "Let a case that was held go by age and erasure again."),
    ("holds", "List the legal holds."),
):
    app.command(f"socconsole.cli.holds:{_verb}", name=_verb, help=_help)


@app.command
def info(*, json: bool = False, context: Annotated[Context, Parameter(parse=False)]) -> int:
    """Say which database is in use, its version, size and counts.

    Args:
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.store.condition import describe

    with context.database() as database:
        found = describe(database)
    if json:
        print_json(found)
        return 0
    counts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in found.rows.items())
    bug = "" if found.safe_driver else " (has a bug that can damage the file: see doctor)"
    print_text(
        [
            f"database  {found.url}",
            f"engine    {found.engine} {found.engine_version}{bug}",
            f"schema    {found.schema} (this program: {found.program_schema})",
            f"size      {found.bytes / 1e6:.1f} MB",
            f"rows      {counts}",
            f"events    {found.event_days} days, {found.event_bytes / 1e6:.1f} MB",
            f"audit     entry {found.audit_seq}, {found.audit_head}",
        ]
    )
    return 0


@app.command
def verify(
    *,
    indexes: Annotated[bool, Parameter(negative="")] = False,
    json: bool = False,
    context: Annotated[Context, Parameter(parse=False)],
) -> int:
    """Walk the audit chain, the evidence's digests and the file. Exit code 1: not whole.

    Nobody waits for it. What is derived from the rows, such as the search indexes, is compared
    with them; `socconsole db mend` makes anew what differs.

    Args:
        indexes: Compare every entry of every index of a file with its row too, which takes longer.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.store.condition import examine

    with context.database() as database:
        found = examine(database, indexes=indexes)
    if json:
        print_json({"whole": found.whole, "condition": found})
        return 0 if found.whole else 1
    chain = found.chain
    lines = [f"audit     {chain.entries} entries, {chain.erased} payloads erased: "]
    lines[0] += "whole" if chain.whole else f"BROKEN at {chain.broken_at}: {chain.problem}"
    damaged = ", ".join(str(number) for number in found.damaged_evidence)
    lines.append(
        f"evidence  {found.evidence} pieces: {'CHANGED: ' + damaged if damaged else 'whole'}"
    )
    altered = "; ".join(str(each) for each in found.altered)
    lines.append(f"record    {found.recorded} statements: {altered or 'as they were written'}")
    lines.append(f"file      {'; '.join(found.damage) or 'whole'}")
    if found.drifted is not None:
        drifted = "; ".join(str(each) for each in found.drifted)
        cure = f"{drifted} (socconsole db mend)"
        lines.append(f"derived   {cure if drifted else 'search, counts and triggers agree'}")
    print_text(lines)
    return 0 if found.whole else 1


@app.command
def mend(*, json: bool = False, context: Annotated[Context, Parameter(parse=False)]) -> int:
    """Make anew what is derived from the rows and differs from them: search, counts, indexes.

    No row that people see changes. Others wait for as long as it takes.

    Args:
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.store.mending import mend as run

    with context.database() as database:
        done = run(database, by=context.login, now=context.now())
    if json:
        print_json({"made_anew": done})
    else:
        print_text([f"Made anew: {each}." for each in done] or ["There was nothing to mend."])
    return 0


@app.command
def upgrade(*, json: bool = False, context: Annotated[Context, Parameter(parse=False)]) -> int:
    """Bring the database to this program's schema, after a backup; make it where there is none.

    Args:
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.store.database import Database
    from socconsole.store.upgrade import upgrade as run

    database = Database(context.database_url)
    try:
        done = run(database, now=context.now())
    finally:
        database.close()
    if json:
        print_json(done)
    elif done.found == done.now:
        print_text([f"The database is up to date (schema {done.now})."])
    else:
        kept = [f"The database as it was: {done.backup}"] if done.backup else []
        print_text([f"Schema {done.found} → {done.now}.", *done.steps, *kept])
    return 0


@app.command
def backup(
    target: Path,
    *,
    events: WithEvents = True,
    json: bool = False,
    context: Annotated[Context, Parameter(parse=False)],
) -> int:
    """Copy the database into a new file, check the copy, write its checksum.

    Args:
        target: The file to make; event days go into a folder beside it.
        events: Copy the retained events too.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.store.backup import back_up

    with context.database() as database:
        made = back_up(database, target.absolute(), events=events)
    if json:
        print_json(made)
    else:
        days = f"{made.event_days} day{_s(made.event_days)} of events"
        print_text(
            [
                f"{made.path}: {made.bytes / 1e6:.1f} MB, {days}",
                f"audit chain of {made.chain.entries} entries whole; sha256 {made.sha256}",
            ]
        )
    return 0


@app.command
def restore(copy: Path, *, context: Annotated[Context, Parameter(parse=False)]) -> int:
    """Put a checked backup in the database's place; the old one is kept beside it.

    Args:
        copy: A file made by `db backup`.
        context: The global options.

    """
    from socconsole.store.backup import restore as run
    from socconsole.store.database import database_url
    from socconsole.store.remembered_head import look

    url = database_url(context.database_url)
    if url.get_backend_name() != "sqlite":
        raise UsageError("A server's database is restored by the server's tools.")
    target = Path(url.database or "")
    aside = run(copy.absolute(), target, by=context.login, now=context.now())
    with context.database() as database:
        look(database, state_folder(os.environ), now=context.now())  # whoever did it knows it
    kept = [f"The replaced database: {aside}"] if aside else []
    print_text([f"Restored {copy} to {target}.", *kept])
    return 0


@app.command(name="export")
def export_(
    target: Annotated[Path | None, Parameter()] = None,
    *,
    events: WithEvents = True,
    context: Annotated[Context, Parameter(parse=False)],
) -> int:
    """Write the whole store as JSON lines: for another engine, or another program.

    Args:
        target: The file to make, readable by you alone; without it, stdout.
        events: Write the retained events too, in compressed blocks.
        context: The global options.

    """
    import sys

    from socconsole.store.transfer import export

    with _database_and_events(context) as (database, kept), database.read() as session:
        lines = export(session, kept if events else None)
        if target is None:
            sys.stdout.writelines(f"{line}\n" for line in lines)
            return 0
        handle = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with ExitStack() as half_done:
            half_done.callback(target.unlink)  # somebody would rely on half an export
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.writelines(f"{line}\n" for line in lines)
            half_done.pop_all()
    return 0


@contextmanager
def _database_and_events(context: Context) -> Iterator[tuple["Database", "EventStore"]]:
    from socconsole.store.events import EventStore

    with context.database() as database:
        events = EventStore(database)
        try:
            yield database, events
        finally:
            events.close()


@app.command(name="import")
def import_(
    source: Path,
    *,
    events: WithEvents = True,
    context: Annotated[Context, Parameter(parse=False)],
) -> int:
    """Read an export into an empty database.

    Args:
        source: A file made by `db export`.
        events: Read the retained events too.
        context: The global options.

    """
    from socconsole.store.transfer import load

    try:
        with (
            source.open(encoding="utf-8") as file,
            _database_and_events(context) as (database, kept),
            database.begin() as session,
        ):
            count = load(session, file, kept if events else None)
    except UnicodeDecodeError:
        raise FileError("This is no export: it is not UTF-8.", where=str(source)) from None
    print_text([f"Imported {count} rows."])
    return 0


@app.command
def grant(login: str, role: str, *, context: Annotated[Context, Parameter(parse=False)]) -> int:
    """Give a PostgreSQL login its role: viewer, analyst, lead, admin or collector.

    Whoever owns the database runs this; it makes the roles and their rights as well.

    Args:
        login: A login of the server; the same name as the analyst's account.
        role: What it may do.
        context: The global options.

    """
    from socconsole.store.roles import apply_roles
    from socconsole.store.roles import grant as give

    with context.database() as database, database.begin() as session:
        apply_roles(session.connection())
        give(session.connection(), login, role)
    print_text([f"{login} is {role}."])
    return 0


@app.command
def erase(
    value: str, *, yes: bool = False, context: Annotated[Context, Parameter(parse=False)]
) -> int:
    """Erase a person's name, account or address; the audit chain stays whole.

    Authors of actions stay, cases under legal hold are left alone, backups go by age. Stop the
    collector first: it remembers lines for as long as its windows are open.

    Args:
        value: What is erased wherever it stands as a word of its own.
        yes: It cannot be undone, and you know it.
        context: The global options.

    """
    from socconsole.store.erasure import erase as run
    from socconsole.store.held import held_days

    if not yes:
        raise UsageError("Erasing cannot be undone.", hint="Add --yes.")
    with _database_and_events(context) as (database, kept):
        with database.read() as session:
            held = held_days(session)
        events = kept.erase(value, held=held)
        with database.begin() as session:
            done = run(session, value, by=context.login, now=context.now(), events=events)
    payloads = f"{done.payloads} audit payload{_s(done.payloads)} and {events} event{_s(events)}"
    rows = f"{done.held} row{_s(done.held)} under legal hold stay{'s' if done.held == 1 else ''}"
    print_text(
        [
            f"Erased from {done.rows} row{_s(done.rows)}, {payloads}.",
            f"{rows}, and the events of {len(held)} day{_s(len(held))}.",
            "Let backups made before today expire.",
        ]
    )
    return 0


def _s(number: int) -> str:
    """Return what makes a word one of several."""
    return "" if number == 1 else "s"
