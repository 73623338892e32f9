"""Disks and files that cannot be written: said in one line, and nothing is lost."""

import ctypes
import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from sqlmodel import func, select

from socconsole.errors import StoreError
from socconsole.store.database import Database
from socconsole.store.tables import Alert
from tests.store.rows import an_alert

SCRIPT = Path(__file__).with_name("small_disk.py")


@pytest.fixture
def for_this_thread_somebody():
    """Lose root's right to write everywhere, in this thread alone."""
    if os.getuid():
        yield os.getuid()
        return
    somebody = pwd.getpwnam("nobody").pw_uid
    libc = ctypes.CDLL(None)
    libc.setfsuid(somebody)
    yield somebody
    libc.setfsuid(0)


@pytest.fixture
def folder(sqlite_template):
    """A folder below one that everybody may enter, with a database in it."""
    made = Path(tempfile.mkdtemp())
    shutil.copy(sqlite_template, made / "soc.db")
    yield made
    made.chmod(0o700)
    shutil.rmtree(made)


def give(path: Path, mode: int) -> None:
    somebody = pwd.getpwnam("nobody").pw_uid if os.getuid() == 0 else os.getuid()
    os.chown(path, somebody, -1)
    path.chmod(mode)


def raise_an_alert(path: Path, noon) -> None:
    database = Database(str(path))
    try:
        with database.begin() as session:
            an_alert(session, noon)
    finally:
        database.close()


def count(database: Database) -> int:
    with database.read() as session:
        return session.exec(select(func.count()).select_from(Alert)).one()


@pytest.mark.parametrize(
    ("file_mode", "folder_mode", "what"),
    [
        (0o400, 0o700, "The database cannot be written"),
        (0o600, 0o500, "The database cannot be written"),
        (0o000, 0o700, "The database file cannot be opened"),
    ],
)
def test_what_an_account_may_not_write_is_said(folder, noon, request, file_mode, folder_mode, what):
    give(folder / "soc.db", file_mode)
    give(folder, folder_mode)
    request.getfixturevalue("for_this_thread_somebody")
    with pytest.raises(StoreError, match=what) as refused:
        raise_an_alert(folder / "soc.db", noon)
    assert "Check" in refused.value.hint


def test_an_account_that_may_write_does(folder, noon, request):
    give(folder / "soc.db", 0o600)
    give(folder, 0o700)
    request.getfixturevalue("for_this_thread_somebody")
    raise_an_alert(folder / "soc.db", noon)
    database = Database(str(folder / "soc.db"))
    assert count(database) == 1
    database.close()


def test_what_lies_still_is_read_and_read_again_once_it_was_changed(folder, noon, request):
    give(folder / "soc.db", 0o600)
    give(folder, 0o500)
    request.getfixturevalue("for_this_thread_somebody")
    database = Database(str(folder / "soc.db"))
    poller = database.changes()
    try:
        assert (poller.poll(), poller.poll()) == (True, False)
        assert (count(database), database.lies_still) == (0, True)
        folder.chmod(0o700)
        raise_an_alert(folder / "soc.db", noon)
        folder.chmod(0o500)
        assert (poller.poll(), poller.poll()) == (True, False)
        assert count(database) == 1
    finally:
        poller.close()
        database.close()


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory):
    """What a store says on a disk of three megabytes that fills up, then turns read-only."""
    unshare = shutil.which("unshare")
    if not unshare or subprocess.run([unshare, "-rm", "true"], check=False).returncode:
        pytest.skip("no mount namespaces here (unshare -rm)")
    ran = subprocess.run(
        [unshare, "-rm", sys.executable, str(SCRIPT), str(tmp_path_factory.mktemp("disk"))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def test_a_full_disk_stores_nothing_by_halves(small_disk):
    said = small_disk["full"]
    assert said["alerts"] == said["events"] == "The disk is full: nothing was stored."
    assert said["later"] == said["alerts"]
    assert said["held"] == said["held_by_who_comes_later"] == [1, 5]
    assert said["whole"]


def test_with_space_again_the_work_goes_on(small_disk):
    assert small_disk["full"]["held_after"] == [1, 8]


def test_an_upgrade_of_a_full_disk_changes_nothing(small_disk):
    said = small_disk["upgrade"]
    assert said["copying"] == "The copy failed: The disk is full: nothing was stored."
    assert said["changing"] == "The disk is full: nothing was stored."
    assert [said["copying_left"], len(said["changing_left"])] == [[], 1]


def test_a_read_only_disk_is_said(small_disk):
    said = small_disk["read_only"]
    assert said["alerts"] == said["events"] == "The database cannot be written."


def test_a_database_at_rest_on_a_read_only_disk_is_read(small_disk):
    assert small_disk["read_only"]["held"] == [2, 8]


def test_a_log_that_cannot_be_read_is_not_left_out_in_silence(small_disk):
    assert "lies in a log beside the database" in small_disk["read_only"]["copy"]
