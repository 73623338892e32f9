"""`socconsole assets`: hosts, accounts and devices, and the services that they carry."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from socconsole.cli.context import Context
from socconsole.cli.output import print_json, print_rows, print_text
from socconsole.errors import FileError, UsageError

if TYPE_CHECKING:
    from socconsole.services.assets import AssetEntry

app = App(name="assets", help="Hosts and services, their owners and criticality.")

Json = Annotated[bool, Parameter(help="Print one JSON document.", negative=())]
Given = Annotated[Context, Parameter(parse=False)]


@app.command(name="list")
def list_assets(*, json: Json = False, context: Given) -> int:
    """List the assets.

    Args:
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.store.queries.assets import assets

    with context.database() as database, database.read() as session:
        rows = assets(session)
    print_rows(
        rows,
        ("kind", "name", "criticality", "owner", "open alerts"),
        lambda row: (row.kind, row.name, row.criticality, row.owner, row.open_alerts),
        json=json,
    )
    return 0


@app.command(name="set")
def put(
    name: str,
    *,
    kind: str = "host",
    criticality: str | None = None,
    owner: str | None = None,
    contact: str | None = None,
    description: str | None = None,
    alias: list[str] | None = None,
    address: list[str] | None = None,
    json: Json = False,
    context: Given,
) -> int:
    """Describe an asset; what is not said stays as it is.

    Args:
        name: As logs name it.
        kind: host, account or device.
        criticality: low, medium, high or critical; it raises the rank of its alerts.
        owner: Whom to ask.
        contact: How.
        description: What it does.
        alias: Another name; may be given several times.
        address: An address of it; may be given several times.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services.assets import AssetEntry
    from socconsole.services.assets import put as describe

    entry = AssetEntry(
        name=name,
        kind=kind,
        criticality=criticality,
        owner=owner,
        contact=contact,
        description=description,
        aliases=alias,
        addresses=address,
    )
    with context.database() as database, database.begin() as session:
        describe(session, [entry], by=context.login, now=context.now())
    return _told({"kind": kind, "name": name}, f"{kind} {name} is described", json=json)


@app.command
def services(*, json: Json = False, context: Given) -> int:
    """List the services the business runs.

    Args:
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.store.queries.assets import services as known

    with context.database() as database, database.read() as session:
        rows = known(session)
    print_rows(
        rows,
        ("name", "criticality", "owner", "objective", "carried by", "down since"),
        lambda row: (
            row.name,
            row.criticality,
            row.owner,
            None if row.objective is None else f"{row.objective:g} %",
            " ".join(row.assets),
            row.down_since,
        ),
        json=json,
    )
    return 0


@app.command
def service(
    name: str,
    *,
    criticality: str | None = None,
    owner: str | None = None,
    contact: str | None = None,
    description: str | None = None,
    objective: float | None = None,
    carried_by: list[str] | None = None,
    json: Json = False,
    context: Given,
) -> int:
    """Describe a service of the business; what is not said stays as it is.

    Args:
        name: As people call it, such as shop.
        criticality: low, medium, high or critical.
        owner: Whom to ask.
        contact: How.
        description: What it does.
        objective: Percent of the time it has to be up, such as 99.9; `kpi` says what is used up.
        carried_by: An asset without which it is down; may be given several times.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import business

    entry = business.ServiceEntry(
        name=name,
        criticality=criticality,
        owner=owner,
        contact=contact,
        description=description,
        objective=objective,
        carried_by=carried_by,
    )
    with context.database() as database, database.begin() as session:
        business.put(session, entry, by=context.login, now=context.now())
    return _told({"kind": "service", "name": name}, f"service {name} is described", json=json)


@app.command
def remove(name: str, *, kind: str = "host", json: Json = False, context: Given) -> int:
    """Forget an asset or service that no alert, ticket or incident is about.

    Args:
        name: As `assets list` or `assets services` names it.
        kind: host, account, device or service.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import assets, business

    with context.database() as database, database.begin() as session:
        if kind == "service":
            business.remove(session, name, by=context.login, now=context.now())
        else:
            assets.remove(session, name, kind=kind, by=context.login, now=context.now())
    return _told({"kind": kind, "name": name}, f"forgot {kind} {name}", json=json)


@app.command(name="import")
def import_(file: Path, *, json: Json = False, context: Given) -> int:
    """Describe the assets of a CSV file as one action.

    Its first line names the columns: name, and any of kind, criticality, owner, contact,
    description, aliases, addresses, tags; several values are parted by blanks.

    Args:
        file: The CSV file.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services.assets import put as describe

    entries = _entries(file)
    if not entries:
        raise UsageError(f"{file} describes no asset.")
    with context.database() as database, database.begin() as session:
        count = describe(session, entries, by=context.login, now=context.now())
    return _told({"described": count}, f"described {count} assets", json=json)


def _told(document: Mapping[str, object], sentence: str, *, json: bool) -> int:
    if json:
        print_json(document)
    else:
        print_text([sentence])
    return 0


_COLUMNS = (
    "name", "kind", "criticality", "owner", "contact", "description",
    "aliases", "addresses", "tags",
)  # fmt: skip


def _entries(file: Path) -> list["AssetEntry"]:
    import csv

    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream)
            unknown = set(reader.fieldnames or ()) - set(_COLUMNS)
            if unknown or "name" not in (reader.fieldnames or ()):
                raise UsageError(
                    f"{file} has columns nobody knows: {', '.join(sorted(unknown)) or 'no name'}.",
                    hint=f"Use {', '.join(_COLUMNS)}.",
                )
            return [_entry(row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FileError(f"The assets could not be read: {error}.", where=str(file)) from None


def _entry(row: Mapping[str, str | None]) -> "AssetEntry":
    from socconsole.services.assets import AssetEntry

    def words(column: str) -> tuple[str, ...] | None:
        value = row.get(column)
        return tuple(value.split()) if value else None

    return AssetEntry(
        name=row["name"] or "",
        kind=row.get("kind") or "host",
        criticality=row.get("criticality") or None,
        owner=row.get("owner") or None,
        contact=row.get("contact") or None,
        description=row.get("description") or None,
        aliases=words("aliases"),
        addresses=words("addresses"),
        tags=words("tags"),
    )
