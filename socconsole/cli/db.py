"""The database: what it is, whether it is whole, its upgrades and backups."""

from typing import Annotated

from cyclopts import App, Parameter

from socconsole.cli.context import Context
from socconsole.cli.output import print_json, print_text

app = App(name="db", help="Upgrade, back up, verify and describe the database.")


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
def verify(*, json: bool = False, context: Annotated[Context, Parameter(parse=False)]) -> int:
    """Walk the audit chain, the evidence's digests and the file. Exit code 1: not whole.

    Args:
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.store.condition import examine

    with context.database() as database:
        found = examine(database)
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
    lines.append(f"file      {'; '.join(found.damage) or 'whole'}")
    print_text(lines)
    return 0 if found.whole else 1


@app.command
def upgrade(*, context: Annotated[Context, Parameter(parse=False)]) -> int:
    """Bring the database to this program's schema, after a backup.

    Args:
        context: The global options.

    """
    with context.database() as database:
        print_text([f"The database is up to date: {database.path or database.url.database}"])
    return 0
