"""Rows 1-9: files grow, appear and are renamed."""

import pytest

from socconsole.sources.notes import NoteKind
from tests.sources.stage import Stage, places, scenario


@scenario(1, "append to existing file")
def test_append(stage: Stage, row):
    stage.append()
    stage.start()
    for _ in range(5):
        with stage.act():
            stage.append()
    stage.settle()
    stage.expect_all()


@scenario(2, "file appears after start")
def test_appears(stage: Stage, row):
    stage.start()
    with stage.act():
        stage.append()
    stage.settle()
    stage.expect_all()


@pytest.mark.parametrize("from_end", [False, True], ids=["head", "tail"])
@scenario(3, "pre-existing file, policy tail or head")
def test_policy(stage: Stage, row, from_end):
    stage.append(count=10)
    old = set(range(1, 11))
    reader = stage.start(from_end=from_end)
    assert reader.kept, "where reading began is stored at once"
    with stage.act():
        stage.append()
    stage.settle()
    stage.gone = old if from_end else set()
    stage.expect_all()
    assert len(reader.lines) == stage.last - len(stage.gone)


@scenario(4, "rename and create")
def test_rename(stage: Stage, row):
    stage.append()
    stage.start()
    for generation in range(4):
        with stage.act():
            stage.append()
            stage.path().rename(stage.path(f"app.log.{generation}"))
            stage.append()
    stage.settle()
    stage.expect_all()


@scenario(5, "late writes to the renamed file")
def test_late_writes(stage: Stage, row):
    stage.append()
    reader = stage.start()
    late = stage.path().open("ab")
    with stage.act():
        stage.path().rename(stage.path("app.log.1"))
        stage.append()
    stage.settle(30)
    with stage.act():
        late.write(stage.lines())
        late.flush()
    stage.settle()
    reader.follow(120, step=5)
    late.write(stage.lines())
    late.close()
    reader.follow(10)
    stage.expect_all()


@scenario(6, "several rotations between two looks")
def test_several_rotations(stage: Stage, row):
    stage.append()
    stage.start()
    with stage.act():
        for _ in range(5):
            for number in range(6, 0, -1):
                old = stage.path(f"app.log.{number}")
                if old.exists():
                    old.rename(stage.path(f"app.log.{number + 1}"))
            stage.path().rename(stage.path("app.log.1"))
            stage.append()
    stage.settle()
    stage.expect_all()


@scenario(7, "rotated out of pattern or into another directory")
def test_out_of_pattern(stage: Stage, row):
    stage.append()
    stage.start("app.log")
    consumed = stage.path().stat().st_size
    (stage.folder / "old").mkdir()
    with stage.act_unseen() as unseen:
        stage.append()
        stage.path().rename(stage.folder / "old" / "app.log")
        stage.append()
    stage.reader.follow(15)
    if unseen:
        # Nobody had the file open: what was added to it is gone, and how much nobody can know.
        assert places(stage.notes(NoteKind.GAP)) == [(str(stage.path()), consumed, None)]
        stage.gone = set(range(21, 41))
    else:
        assert stage.notes(NoteKind.GAP) == []
    stage.expect_all()


@scenario(8, "rotation faster than reading, oldest deleted unread", matrix=False)
def test_deleted_unread(stage: Stage, row):
    stage.append()
    reader = stage.start(apart=True)
    stage.append(count=3000)
    reader.round()
    came, size = len(reader.lines), stage.path().stat().st_size
    with stage.act_unseen() as unseen:
        stage.path().rename(stage.path("app.log.1"))
        stage.append()
        stage.path("app.log.1").unlink()
    reader.follow(15)
    if unseen:
        consumed = reader.records[came - 1].end
        assert places(stage.notes(NoteKind.GAP)) == [(str(stage.path()), consumed, size)]
        stage.gone = set(range(came + 1, 3021))
    assert 20 < came < 3020
    stage.expect_all()


@scenario(9, "rename while stopped")
def test_rename_while_stopped(stage: Stage, row):
    stage.append()
    reader = stage.start()
    reader.stop()
    stage.append()
    stage.path().rename(stage.path("app.log.1"))
    stage.append()
    reader.start()
    stage.settle()
    stage.expect_all()
