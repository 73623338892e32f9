"""Rows 22-36: deleting, replacing, links, folders, and places that cannot be looked at."""

import errno
import os
import shutil

import pytest

from socconsole.sources.notes import NoteKind
from tests.sources.following import Reader
from tests.sources.stage import KILLED, LIVE, Stage, places, scenario


@scenario(22, "delete and recreate, inode reused")
def test_recreated(stage: Stage, row):
    stage.append()
    stage.start()
    for _ in range(5):
        with stage.act():
            stage.path().unlink()
            stage.append()
        stage.settle()
    stage.expect_all()


@scenario(23, "delete while unread bytes", matrix=False)
def test_deleted_unread(stage: Stage, row):
    stage.append()
    reader = stage.start(apart=True)
    stage.append(count=5000)
    reader.round()
    consumed, size = reader.records[-1].end, stage.path().stat().st_size
    with stage.act_unseen() as unseen:
        lines = stage.path().read_bytes()
        stage.path().unlink()
    reader.follow(10)
    if unseen:
        assert places(stage.notes(NoteKind.GAP)) == [(str(stage.path()), consumed, size)]
        stage.gone = {int(line[:8]) for line in lines[consumed:].splitlines()}
    assert bool(stage.gone) == unseen
    stage.expect_all()


@scenario(23, "delete before anything of it was read", {LIVE: "what is open is read"}, matrix=False)
def test_deleted_before_it_was_read(stage: Stage, row):
    reader = stage.start()
    stage.append(count=5000)
    reader.refuse_reading()
    reader.follow(1)
    with stage.act_unseen():
        size = stage.path().stat().st_size
        stage.path().unlink()
    reader.follow(10)
    assert places(stage.notes(NoteKind.GAP)) == [(str(stage.path()), 0, size)]
    stage.gone = set(range(1, 5001))
    stage.expect_all()


@scenario(24, "deleted file: descriptor released within 6 s", matrix=False)
def test_released(stage: Stage, row):
    stage.append()
    reader = stage.start()
    assert reader.open_files == [str(stage.path())]
    stage.path().unlink()
    if stage.mode == KILLED:
        reader.kill()
    reader.follow(6)
    assert reader.open_files == []
    assert reader.live_paths == []
    kind = NoteKind.GAP if stage.mode == KILLED else NoteKind.DELETION
    (note,) = stage.notes(kind)
    assert note.path == str(stage.path())
    stage.expect_all()


@scenario(25, "atomic replace, same head, longer")
def test_atomic_replace(stage: Stage, row):
    stage.append()
    stage.start("app.log")
    for _ in range(3):
        with stage.act():
            new = stage.path("new")
            new.write_bytes(stage.path().read_bytes() + stage.lines())
            new.replace(stage.path())
        stage.settle()
    stage.expect_all()


@scenario(25, "atomic replace, then copied and truncated before a look", matrix=False)
def test_replaced_and_copied(stage: Stage, row):
    stage.append(count=3)
    stage.start()
    with stage.act():
        new = stage.path("new")
        new.write_bytes(stage.path().read_bytes() + stage.lines(1))
        new.replace(stage.path())
        stage.copy(stage.path(), stage.path("app.log.1"))
        os.truncate(stage.path(), 0)
    stage.settle()
    stage.expect_all()


@scenario(26, "editor save by backup and rename")
def test_editor(stage: Stage, row):
    stage.append()
    stage.start("app.log*")
    with stage.act():
        content = stage.path().read_bytes()
        stage.path().rename(stage.path("app.log~"))
        stage.path().write_bytes(content + stage.lines())
        stage.path("app.log~").unlink()
    stage.settle()
    stage.expect_all()


@scenario(27, "symlink target switched")
def test_link_switched(stage: Stage, row):
    first, second = stage.folder / "first", stage.folder / "second"
    stage.append(first)
    stage.path("current").symlink_to(first)
    stage.start("current", follow_symlinks=True)
    stage.append(first)
    stage.settle()
    with stage.act():
        stage.append(second)
        stage.path("next").symlink_to(second)
        stage.path("next").replace(stage.path("current"))
    stage.settle()
    stage.append(second)
    stage.settle()
    stage.expect_all()


@scenario(28, "symlink removed, target lives", matrix=False)
def test_link_removed(stage: Stage, row):
    target = stage.folder / "target"
    stage.append(target)
    stage.path("current").symlink_to(target)
    reader = stage.start("current", follow_symlinks=True)
    stage.append(target)
    reader.follow(1)
    stage.path("current").unlink()
    stage.glance()
    reader.follow(70, step=1)
    stage.expect_all()
    assert reader.live_paths == []
    stage.path("elsewhere").write_bytes(target.read_bytes())
    reader.follow(5)
    stage.expect_all()


@scenario(29, "the same file by two names")
def test_two_names(stage: Stage, row):
    stage.append()
    stage.path("app.log.link").symlink_to(stage.path())
    os.link(stage.path(), stage.path("app.log.hard"))
    stage.start(follow_symlinks=True)
    with stage.act():
        stage.append()
    stage.settle()
    stage.expect_all()


@scenario(30, "write through a hard link outside the folder")
def test_hard_link_outside(stage: Stage, row):
    outside = stage.folder / "outside"
    outside.mkdir()
    stage.append()
    os.link(stage.path(), outside / "other")
    stage.start("app.log")
    with stage.act():
        stage.append(outside / "other")
    stage.settle(1)
    stage.expect_all()


@scenario(31, "new files under a glob, new folder with files at once")
def test_new_folder(stage: Stage, row):
    stage.start("*/**/*.log")
    with stage.act():
        deep = stage.folder / "one" / "two"
        deep.mkdir(parents=True)
        stage.append(deep / "a.log")
        stage.append(stage.folder / "one" / "b.log")
    stage.settle(6)
    stage.expect_all()


@scenario(32, "watched folder removed and made again")
def test_folder_again(stage: Stage, row):
    folder = stage.folder / "logs"
    folder.mkdir()
    stage.append(folder / "app.log")
    stage.start("logs/*.log")
    for _ in range(3):
        with stage.act():
            shutil.rmtree(folder)
        stage.settle(6)
        with stage.act():
            folder.mkdir()
            stage.append(folder / "app.log")
        stage.settle(6)
    stage.expect_all()


@scenario(33, "path component is a file, not a folder")
def test_component_is_a_file(stage: Stage, row):
    stage.path("app.log").write_bytes(b"a file\n")
    reader = stage.start("app.log/*.log")
    stage.glance()
    reader.follow(6)
    assert reader.lines == []
    assert reader.live_paths == []
    stage.path("app.log").unlink()
    stage.path("app.log").mkdir()
    with stage.act():
        stage.append(stage.path("app.log") / "a.log")
    stage.settle(6)
    stage.expect_all()


def refused(stage: Stage, number: int):
    """Nothing can be opened or listed; a reader that is killed comes up to find it so."""
    if stage.mode == KILLED:
        stage.reader.kill()
    return stage.reader.refuse(number)


@scenario(34, "permission denied, then granted", matrix=False)
def test_permission(stage: Stage, row):
    stage.append()
    reader = stage.start()
    stage.append()
    granted = refused(stage, errno.EACCES)
    if stage.mode == LIVE:
        reader.tail.close()
    stage.append(stage.path("app.log.new"))
    reader.follow(20)
    assert reader.problems
    assert reader.live_paths == [os.fsencode(stage.path())], "what cannot be looked at is not gone"
    granted()
    stage.settle(10)
    stage.expect_all()
    assert reader.problems == {}


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.EIO, errno.ESTALE])
@scenario(35, "out of descriptors or input error during a scan", matrix=False)
def test_unobservable(stage: Stage, row, number):
    stage.append()
    reader = stage.start()
    granted = refused(stage, number)
    stage.append(stage.path("app.log.2"))
    stage.append()
    reader.follow(20)
    granted()
    stage.settle(10)
    stage.expect_all()
    assert stage.notes(NoteKind.GAP) == []


@scenario(36, "file vanishes between listing and opening; inode listed twice", matrix=False)
def test_vanishing(stage: Stage, row):
    stage.append()
    reader = stage.start()
    for number in range(3):
        with reader.listing_badly():
            stage.append()
            stage.path().rename(stage.path(f"app.log.{number}"))
            stage.append()
            reader.follow(1)
        stage.glance()
    stage.settle(10)
    stage.expect_all()


def test_a_source_is_not_read_by_another_reader_by_mistake(tmp_path):
    reader = Reader(tmp_path / "none" / "*.log")
    reader.follow(1)
    reader.stop()
    assert reader.lines == []
