"""Looks for what is wrong with a set-up: each line one cause and one cure."""

import glob
import locale
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from socconsole.cli import rule_paths
from socconsole.cli.context import Context
from socconsole.cli.output import print_json, print_text
from socconsole.cli.screen_size import (
    MADE_FOR_COLUMNS,
    MADE_FOR_ROWS,
    SMALLEST_COLUMNS,
    SMALLEST_ROWS,
)
from socconsole.core.sla import in_words
from socconsole.errors import SocError

if TYPE_CHECKING:
    from socconsole.core.policy import Settings, SourcePolicy
    from socconsole.store.database import Database

_WRONG_CLOCK = timedelta(minutes=1)
_LOW_DISK = 1_000_000_000
"""Bytes below which a disk is worth a word."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing that was looked at."""

    state: Literal["ok", "warning", "error"]
    subject: str
    cause: str
    cure: str = ""

    def __str__(self) -> str:
        cure = f" → {self.cure}" if self.cure else ""
        return f"{self.state:<8}{self.subject}: {self.cause}{cure}"


def doctor(*, json: bool = False, context: Annotated[Context, Parameter(parse=False)]) -> int:
    """Say what is wrong with this set-up and how to mend it.

    Exit code 1 when something will not work.

    Args:
        json: Print one JSON document.
        context: The global options.

    """
    observations = list(_observe(context))
    if json:
        print_json({"observations": observations})
    else:
        print_text(str(observation) for observation in observations)
    return 1 if any(item.state == "error" for item in observations) else 0


def _observe(context: Context) -> Iterator[Observation]:
    yield _driver()
    yield from _terminal()
    try:
        settings = context.settings()
    except SocError as error:
        yield _error("settings", error)
        return
    yield Observation("ok", "settings", str(settings.path or "none: all as shipped"))
    looks: list[Callable[[], Iterator[Observation]]] = [
        lambda: _database(context),
        lambda: _sources(settings),
        lambda: _rules(settings),
        _formats,
    ]
    for look in looks:
        try:
            yield from look()
        except SocError as error:
            yield _error("set-up", error)


def _error(subject: str, error: SocError) -> Observation:
    place = f"{error.where}: " if error.where else ""
    return Observation("error", subject, f"{place}{error.what}", error.hint)


def _driver() -> Observation:
    from socconsole.store import driver

    version = ".".join(map(str, driver.VERSION))
    if driver.SAFE:
        return Observation("ok", "SQLite", version)
    return Observation(
        "warning",
        "SQLite",
        f"{version} can corrupt a database that several processes write",
        "pip install pysqlite3 where it has a wheel, or use PostgreSQL",
    )


def _terminal() -> Iterator[Observation]:
    if not sys.stdout.isatty():
        yield Observation("ok", "terminal", "output is no terminal; the commands work")
        return
    troubles = list(_terminal_troubles())
    columns, rows = shutil.get_terminal_size()
    fine = Observation("ok", "terminal", f"{os.environ.get('TERM')} {columns}×{rows}")
    yield from troubles or [fine]


def _terminal_troubles() -> Iterator[Observation]:
    term = os.environ.get("TERM", "")
    if term in ("", "dumb", "unknown"):
        cause = f"TERM is {term!r}: no console here"
        yield Observation("error", "terminal", cause, "use socconsole queue --plain")
    columns, rows = shutil.get_terminal_size()
    cure = f"enlarge it to {MADE_FOR_COLUMNS}×{MADE_FOR_ROWS}"
    if columns < SMALLEST_COLUMNS or rows < SMALLEST_ROWS:
        yield Observation("error", "terminal", f"{columns}×{rows} is too small", cure)
    elif columns < MADE_FOR_COLUMNS or rows < MADE_FOR_ROWS:
        yield Observation("warning", "terminal", f"{columns}×{rows} shows little at once", cure)
    encoding = locale.getencoding()
    if "utf" not in encoding.lower():
        cure = "export LC_ALL=C.UTF-8"
        yield Observation("warning", "terminal", f"the locale's encoding is {encoding}", cure)


def _database(context: Context) -> Iterator[Observation]:
    from socconsole.store.database import Database
    from socconsole.store.long_reads import long_reads

    database = Database(context.database_url, read_only=True)
    path = database.path
    try:
        if path is not None:
            yield from _database_file(path)
            if not path.exists():
                yield Observation("ok", "database", f"{path} will be made at the first start")
                return
        database.create()
        yield Observation("ok", "database", str(path or database.url))
        ahead = database.clock.host_is_ahead
        if abs(ahead) > _WRONG_CLOCK:
            side = "ahead of" if ahead > timedelta(0) else "behind"
            told = f"this host's is {in_words(abs(ahead))} {side} the server's, which counts"
            yield Observation("warning", "clock", told, "set this host's clock")
        for read in long_reads(database):
            yield Observation("warning", "database", str(read), "end that process")
        yield from _rule_remarks(database)
    except SocError as error:
        yield _error("database", error)
    finally:
        database.close()


def _rule_remarks(database: "Database") -> Iterator[Observation]:
    from socconsole.store.queries.rule_list import rules

    with database.read() as session:
        told = [(row.title, row.remark) for row in rules(session) if row.remark]
    for title, remark in told:
        cure = "narrow what it counts, or fix the source's clock"
        if "its file is bad" in remark:
            cure = "mend it: socconsole rules check says where"
        yield Observation("warning", f"rule {title}", remark, cure)


def _database_file(path: Path) -> Iterator[Observation]:
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not os.access(path if path.exists() else folder, os.W_OK):
        yield Observation(
            "error",
            "database",
            f"{path if path.exists() else folder} cannot be written by this account",
            "join its group, or name another one with --db",
        )
    free = shutil.disk_usage(folder).free
    if free < _LOW_DISK:
        yield Observation(
            "warning",
            "database",
            f"{free // 1_000_000} MB are free on its disk",
            "free some, or lower retention.events_gb",
        )


def _sources(settings: "Settings") -> Iterator[Observation]:
    if not settings.source:
        yield Observation(
            "warning",
            "sources",
            "none is named, so nothing is read",
            "write a [[source]] into the settings file: socconsole help getting-started",
        )
    for source in settings.source:
        yield _source(source)


def _source(source: "SourcePolicy") -> Observation:
    from socconsole import parsers
    from socconsole.sources.kinds import kind_of

    subject = f"source {source.name}"
    try:
        if source.format != "auto":
            parsers.find(source.format)
        if kind_of(source.path) != "file":
            return Observation("ok", subject, source.path)
    except SocError as error:
        return _error(subject, error)
    return _file_source(subject, source)


def _file_source(subject: str, source: "SourcePolicy") -> Observation:
    path = Path(source.path)
    if not glob.has_magic(source.path) and not path.exists():
        return Observation(
            "warning", subject, f"{path} is not there", "it is read from its start once it is"
        )
    try:
        found = [path] if path.exists() else list(Path("/").glob(source.path.lstrip("/")))
    except PermissionError as error:
        cure = "let this account into it, or run the collector as a service"
        return Observation("error", subject, f"{error.filename} cannot be looked into", cure)
    if not found:
        return Observation(
            "warning", subject, f"{source.path} matches no file", "correct path, or wait for one"
        )
    for item in found:
        if not os.access(item, os.R_OK | (os.X_OK if item.is_dir() else 0)):
            group = _group_of(item)
            cure = f"join the group {group}, or run the collector as a service"
            return Observation("error", subject, f"{item} cannot be read by this account", cure)
    return Observation("ok", subject, f"{source.path} ({len(found)} found)")


def _group_of(path: Path) -> str:
    try:
        return path.group()
    except (KeyError, OSError):
        return "that owns it"


def _formats() -> Iterator[Observation]:
    from socconsole.parsers import user_formats

    remarks = user_formats.remarks()
    for remark in remarks:
        yield Observation("warning", "format", remark, "correct the file: socconsole help formats")
    if not remarks:
        count = len(user_formats.installed())
        yield Observation("ok", "formats", f"{count} of your own" if count else "the shipped ones")


def _rules(settings: "Settings") -> Iterator[Observation]:
    ruleset = rule_paths.load(settings.rules)
    for error in ruleset.errors:
        yield _error("rule", error)
    for warning in ruleset.warnings:
        cure = warning.hint or "look at it: socconsole rules check"
        yield Observation("warning", "rule", f"{warning.where}: {warning.what}".lstrip(": "), cure)
    yield Observation("ok", "rules", f"{len(ruleset.rules)} loaded, {len(ruleset.errors)} refused")
