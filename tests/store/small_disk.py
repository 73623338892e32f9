"""What the store says on a disk of three megabytes, full and then read-only.

    unshare -rm python tests/store/small_disk.py FOLDER

Needs a mount namespace of its own; prints one JSON document.
"""

import ctypes
import json
import os
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from sqlalchemy import text
from sqlmodel import func, select

from socconsole.errors import SocError
from socconsole.store import schema
from socconsole.store.condition import examine
from socconsole.store.database import Database
from socconsole.store.events import EventStore
from socconsole.store.migrations import Migration
from socconsole.store.tables import Alert, Generation
from socconsole.store.upgrade import upgrade
from tests.store.rows import a_source, an_alert
from tests.store.test_events import an_event

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MS_RDONLY, MS_REMOUNT = 1, 32


def mount(folder: Path, flags: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    options = b"size=3m,mode=700"
    if libc.mount(b"none", bytes(folder), b"tmpfs", flags, options):
        raise OSError(ctypes.get_errno(), "mount")


def said(work) -> str:
    try:
        work()
    except SocError as error:
        return error.what
    return ""


class Disk:
    """A database on a small disk, with one alert and a batch of five events."""

    def __init__(self, folder: Path) -> None:
        mount(folder, 0)
        self.folder = folder
        self.database = Database(str(folder / "soc.db"))
        self.database.create()
        with self.database.begin() as session:
            source = a_source(session, NOON)
            generation = Generation(
                source_id=source.id, path="/log", first_seen_at=NOON, updated_at=NOON
            )
            session.add(generation)
            session.flush()
            self.place = source.id, generation.id
            an_alert(session, NOON)
        self.store = EventStore(self.database)
        self.keep_events(range(5))

    def keep_events(self, numbers) -> None:
        noise = os.urandom(150).hex()
        events = [an_event(self.place[1], n, text=f"{n} {noise}") for n in numbers]
        with self.database.begin() as session:
            self.store.append(session, *self.place, events, read_at=NOON)
            session.get(Generation, self.place[1]).offset = events[-1].line.end

    def raise_alerts(self) -> None:
        with self.database.begin() as session:
            for number in range(50):
                an_alert(session, NOON, fingerprint=str(number), summary="x" * 20_000)

    def held(self) -> tuple[int, int]:
        with self.database.read() as session:
            alerts = session.exec(select(func.count()).select_from(Alert)).one()
        return alerts, len(list(self.store.search()))

    def close(self) -> None:
        self.store.close()
        self.database.close()


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            pass


def full(disk: Disk) -> dict[str, object]:
    fill(disk.folder / "filler")
    answers = {
        "alerts": said(disk.raise_alerts),
        "events": said(lambda: disk.keep_events(range(5, 3000))),
        "held": disk.held(),
    }
    disk.close()
    answers["held_by_who_comes_later"] = disk.held()
    answers["later"] = said(disk.raise_alerts)
    (disk.folder / "filler").unlink()
    disk.keep_events(range(5, 8))
    return {**answers, "held_after": disk.held(), "whole": examine(disk.database).whole}


def upgraded_when_full(disk: Disk) -> dict[str, object]:
    """Fill the disk before the backup of an upgrade, and between it and the steps."""
    filler = disk.folder / "filler"
    before = disk.held()

    def use_much(connection) -> None:
        fill(filler)
        connection.execute(text("ALTER TABLE alert ADD COLUMN mood TEXT"))
        connection.execute(text("UPDATE alert SET mood = hex(zeroblob(1000000))"))

    step = Migration(schema.VERSION + 1, "alerts have a mood", use_much)
    answers: dict[str, object] = {}
    for when in ("copying", "changing"):
        if when == "copying":
            fill(filler)
        answers[when] = said(lambda: upgrade(disk.database, now=NOON, migrations=[step]))
        disk.close()
        filler.unlink()
        answers[f"{when}_left"] = sorted(path.name for path in disk.folder.glob("*.bak*"))
        with disk.database.read() as session:
            version = schema.version_of(session.connection())
        assert (version, disk.held()) == (schema.VERSION, before)
        assert examine(disk.database).whole
    for path in disk.folder.glob("*.bak"):
        path.unlink()
    return answers


def read_only(disk: Disk) -> dict[str, object]:
    disk.close()  # a long log would leave no room for a copy of it and for folding it
    with disk.database.begin() as session:
        an_alert(session, NOON, fingerprint="in the log")
    for end in ("", "-wal"):  # what a copy of a database in use looks like
        shutil.copy(disk.folder / f"soc.db{end}", disk.folder / f"copy.db{end}")
    disk.close()
    mount(disk.folder, MS_REMOUNT | MS_RDONLY)
    copy = Database(str(disk.folder / "copy.db"))
    answers = {
        "alerts": said(disk.raise_alerts),
        "events": said(lambda: disk.keep_events(range(8, 12))),
        "held": disk.held(),
        "copy": said(lambda: examine(copy)),
    }
    disk.close()
    return answers


def main() -> None:
    disk = Disk(Path(sys.argv[1]))
    answers = {"full": full(disk), "upgrade": upgraded_when_full(disk)}
    print(json.dumps({**answers, "read_only": read_only(disk)}))


if __name__ == "__main__":
    main()
