"""Rows 22-36: deleting, replacing, links, folders, and places that cannot be looked at."""

import errno
import os
import shutil

import pytest

from socconsole.sources import arrivals, files, roster, tail
from socconsole.sources.notes import NoteKind
from tests.sources.following import Reader
from tests.sources.stage import KILLED, LIVE, Stage, scenario


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


@scenario(23, "delete while unread bytes", modes=[LIVE])
def test_deleted_unread(stage: Stage, row):
    stage.append()
    stage.start()
    stage.append(count=5000)
    stage.reader.tail.sweep(stage.reader.now)
    stage.path().unlink()
    stage.settle()
    stage.expect_all()


@scenario(24, "deleted file: descriptor released within 6 s", modes=[LIVE])
def test_released(stage: Stage, row):
    stage.append()
    reader = stage.start()
    (generation,) = stage.live()
    stage.path().unlink()
    reader.follow(6)
    assert generation.fd == -1
    assert not reader.tail.live
    (note,) = stage.notes(NoteKind.DELETION)
    assert note.path == str(stage.path())


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


@scenario(25, "atomic replace, then copied and truncated before a look", modes=[LIVE, KILLED])
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


@scenario(28, "symlink removed, target lives", modes=[LIVE])
def test_link_removed(stage: Stage, row):
    target = stage.folder / "target"
    stage.append(target)
    stage.path("current").symlink_to(target)
    reader = stage.start("current", follow_symlinks=True)
    stage.append(target)
    stage.path("current").unlink()
    reader.follow(70, step=1)
    stage.expect_all()
    assert not reader.tail.live


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


@scenario(33, "path component is a file, not a folder", modes=[LIVE])
def test_component_is_a_file(stage: Stage, row):
    stage.path("app.log").write_bytes(b"a file\n")
    reader = stage.start("app.log/*.log")
    reader.follow(6)
    assert reader.lines == []
    assert reader.tail.live == {}


@scenario(34, "permission denied, then granted", modes=[LIVE])
def test_permission(stage: Stage, row, monkeypatch):
    stage.append()
    reader = stage.start()
    stage.append()
    refused = refuse(errno.EACCES)
    reader.tail.close()
    stage.append(stage.path("app.log.new"))
    reader.follow(20)
    assert reader.tail.problems
    assert reader.tail.live, "a file that cannot be looked at is not gone"
    refused.undo()
    stage.settle(10)
    stage.expect_all()
    assert reader.tail.problems == {}


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.EIO, errno.ESTALE])
@scenario(35, "out of descriptors or input error during a scan", modes=[LIVE])
def test_unobservable(stage: Stage, row, number, monkeypatch):
    stage.append()
    reader = stage.start()
    refused = refuse(number)
    stage.append(stage.path("app.log.2"))
    stage.append()
    reader.follow(20)
    refused.undo()
    stage.settle(10)
    stage.expect_all()


def refuse(number: int) -> pytest.MonkeyPatch:
    """Let every opening and listing of files fail, until `undo`."""

    def failing(path, *_rest, **_options):
        raise OSError(number, os.strerror(number), path)

    inner = pytest.MonkeyPatch()
    inner.setattr(roster, "open_regular", failing)
    inner.setattr(arrivals, "open_regular", failing)
    inner.setattr(files.os, "scandir", failing)
    return inner


@scenario(36, "file vanishes between listing and opening; inode listed twice", modes=[LIVE])
def test_vanishing(stage: Stage, row, monkeypatch):
    stage.append()
    reader = stage.start()
    real = files.look

    def stale(source):
        listing = real(source)
        doubled = [(path + b".9", found) for path, found in listing.entries]
        listing.entries = doubled + listing.entries + doubled
        return listing

    monkeypatch.setattr(tail, "look", stale)
    for number in range(5):
        stage.append()
        stage.path().rename(stage.path(f"app.log.{number}"))
        stage.append()
        reader.follow(1)
    monkeypatch.undo()
    stage.settle(10)
    stage.expect_all()


def test_a_source_is_not_read_by_another_reader_by_mistake(tmp_path):
    reader = Reader(tmp_path / "none" / "*.log")
    reader.follow(1)
    reader.stop()
    assert reader.lines == []
