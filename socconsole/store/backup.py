"""Copies of a whole SQLite database, checked before anybody relies on them."""

import hashlib
import os
import shutil
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import URL

from socconsole.errors import FileError, StoreError
from socconsole.store import driver, place, schema
from socconsole.store.audit import Verdict, verify
from socconsole.store.database import Database
from socconsole.store.faults import explained
from socconsole.store.place import EVENTS_SUFFIX, events_beside, opened
from socconsole.store.recording import recording

_TELL_EVERY = 100_000
"""Steps of SQLite's machine between two looks at how far a copy is."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A checked copy."""

    path: Path
    bytes: int
    sha256: str
    chain: Verdict
    event_days: int


def back_up(database: Database, target: Path, *, events: bool = True) -> Backup:
    """Copy the database and its event days beside `target`, readable by its owner only.

    The copy is a snapshot: writers go on meanwhile. It is checked page by page and its audit
    chain is walked.

    Raises:
        FileError: The target exists already.
        StoreError: The database is on a server, or the copy is damaged.

    """
    checksum = target.with_name(target.name + ".sha256")
    _require_free(target)
    with ExitStack() as half_done:
        half_done.callback(_remove, target, checksum)  # somebody would rely on half a copy
        copy_database(database, target)
        chain = _checked(target)
        days = _copy_events(database, target) if events else 0
        digest = _sha256(target)
        checksum.write_text(f"{digest}  {target.name}\n", encoding="utf-8")
        half_done.pop_all()
    return Backup(target, target.stat().st_size, digest, chain, days)


def _remove(target: Path, *others: Path) -> None:
    for path in (target, *others):
        path.unlink(missing_ok=True)
    shutil.rmtree(events_beside(target), ignore_errors=True)


def copy_database(
    database: Database, target: Path, *, tell: Callable[[float], None] = lambda _: None
) -> None:
    """Copy the database in one go; a copy made step by step never ends beside a busy writer.

    `tell` is called with the share that is done.
    """
    if database.path is None:
        raise StoreError(
            "A server's database is backed up by the server's tools.",
            hint="Use pg_dump, or `socconsole db export`.",
        )
    _require_free(target)
    _vacuum_into(database.path, target, tell)


def _require_free(target: Path) -> None:
    if target.exists():
        raise FileError(f"{target} exists already.", hint="Name a file that does not.")


def _vacuum_into(
    source: Path, target: Path, tell: Callable[[float], None] = lambda _: None
) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    target.with_name(f"{target.name}-journal").unlink(missing_ok=True)  # of one that was killed
    whole = max(1, source.stat().st_size)
    try:
        connection, _ = opened(source, timeout=30)
        with closing(connection):
            connection.set_progress_handler(
                lambda: tell(target.stat().st_size / whole), _TELL_EVERY
            )
            connection.execute("VACUUM INTO ?", (str(target),))
    except driver.DatabaseError as error:
        target.unlink()
        raise _failed(error, source, target) from error


def _failed(error: Exception, source: Path, target: Path) -> StoreError:
    """Return what is said of a copy that failed: of the disk it goes to, or of what was copied."""
    said = explained(error, URL.create("sqlite", database=str(source)))
    where = target if "full" in said.what else source
    hint = "Free space, then repeat." if where is target else said.hint
    if source.suffix == EVENTS_SUFFIX and where is source:
        hint = "Move this file away, or leave events out with --no-events."
    return StoreError(f"The copy failed: {said.what}", hint=hint, where=str(where))


def _copy_events(database: Database, target: Path) -> int:
    assert database.path is not None
    days = sorted(events_beside(database.path).glob(f"*{EVENTS_SUFFIX}"))
    for day in days:
        copy = events_beside(target) / day.name
        if copy.exists():
            copy.unlink()
        _vacuum_into(day, copy)
    return len(days)


def check_pages(path: Path) -> None:
    """Raise a StoreError when the file's pages do not hang together."""
    connection = driver.connect(str(path))
    try:
        damage = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    finally:
        connection.close()
    if damage != "ok":
        raise StoreError(f"The copy is damaged: {damage}", where=str(path))


def _checked(path: Path) -> Verdict:
    """Check a copy's pages, its kind and its audit chain."""
    copy = Database(str(path), read_only=True)
    try:
        with copy.read() as session:
            connection = session.connection()
            version = schema.version_of(connection)
            if version > schema.VERSION:
                raise schema.newer(copy, version, schema.VERSION)
            damage = connection.exec_driver_sql("PRAGMA quick_check(3)").scalars().all()
            if damage != ["ok"]:
                raise StoreError(f"The copy is damaged: {damage[0]}", where=str(path))
            chain = verify(connection)
    finally:
        copy.close()
    if not chain.whole:
        raise StoreError(
            f"The audit chain is broken at entry {chain.broken_at}: {chain.problem}.",
            where=str(path),
        )
    return chain


def restore(copy: Path, target: Path, *, by: str, now: datetime) -> Path | None:
    """Put a checked copy in the place of a database nobody uses; say so in its audit.

    Returns where the replaced database went, None when there was none.

    Raises:
        FileError: There is no such copy.
        StoreError: The copy is damaged, or the database is in use.

    """
    if not copy.is_file():
        raise FileError(f"There is no file {copy}.")
    checksum = copy.with_name(copy.name + ".sha256")
    if checksum.is_file() and checksum.read_text(encoding="utf-8").split()[:1] != [_sha256(copy)]:
        raise StoreError("The copy is not what it was: its checksum differs.", where=str(copy))
    _checked(copy)
    fresh = target.with_name(f"{target.name}.restoring")
    _remove(fresh)  # of one that was killed
    with ExitStack() as half_done:
        half_done.callback(_remove, fresh)
        _vacuum_into(copy, fresh)
        _restore_events(copy, fresh)
        aside = _set_aside(target, now)
        half_done.pop_all()
    for come, go in ((fresh, target), (events_beside(fresh), events_beside(target))):
        if come.exists():
            come.rename(go)
    connection = driver.connect(str(target))
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()
    _record(target, copy, by, now)
    return aside


def _set_aside(target: Path, now: datetime) -> Path | None:
    aside = target.with_name(f"{target.name}.replaced.{now:%Y%m%dT%H%M%SZ}")
    was_there = target.exists()
    if was_there:
        _require_unused(target)
        target.rename(aside)
    for suffix in ("-wal", "-shm"):  # they would be taken for what was written last to the copy
        left = target.with_name(target.name + suffix)
        if left.exists():
            left.rename(aside.with_name(aside.name + suffix))
    events = events_beside(target)
    if events.is_dir():  # without its database too, when that was removed by hand
        events.rename(events_beside(aside))
    return aside if was_there else None


def _require_unused(target: Path) -> None:
    """Fold the write-ahead log into the file, which only works when nobody else has it open."""
    connection = driver.connect(str(target), timeout=0)
    try:
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("PRAGMA journal_mode=WAL")  # as whoever puts it back needs it
    except driver.OperationalError as error:
        raise StoreError(
            "The database is in use.",
            hint="Stop the collector and every console first.",
            where=str(target),
        ) from error
    except driver.DatabaseError:
        pass  # a damaged file is what a restore is for
    finally:
        connection.close()


def _restore_events(copy: Path, fresh: Path) -> None:
    """Copy the events too, and give all of it to the team where the folder is a team's."""
    folder = events_beside(copy)
    files = [fresh]
    if folder.is_dir():
        place.make_folder(events_beside(fresh), fresh.parent)
        for day in sorted(folder.glob(f"*{EVENTS_SUFFIX}")):
            files.append(events_beside(fresh) / day.name)
            shutil.copyfile(day, files[-1])
    for file in files:
        file.chmod(place.mode_in(fresh.parent))


def _record(target: Path, copy: Path, by: str, now: datetime) -> None:
    database = Database(str(target))
    try:
        with (
            database.begin() as session,
            recording(
                session, verb="db.restore", by=by, now=now, summary=f"restored {copy.name}"
            ) as action,
        ):
            action.undoable = False
            action.say("meta", None, file=copy.name, sha256=_sha256(copy))
    finally:
        database.close()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
