"""Rows 10-21: copytruncate, truncation and overwriting."""

import os

from socconsole.sources.copies import SURE_BYTES
from socconsole.sources.notes import NoteKind
from tests.sources.stage import KILLED, Stage, places, scenario


def copytruncate(stage: Stage, copy: str):
    stage.copy(stage.path(), stage.path(copy))
    os.truncate(stage.path(), 0)


@scenario(10, "copytruncate with an appending writer")
def test_copytruncate(stage: Stage, row):
    stage.append()
    stage.start()
    for number in range(4):
        with stage.act():
            copytruncate(stage, f"app.log.{number}")
            stage.append()
        stage.settle()
    stage.expect_all()


@scenario(11, "copytruncate with unread bytes, copy in pattern")
def test_rest_from_the_copy(stage: Stage, row):
    stage.append()
    stage.start()
    for number in range(4):
        with stage.act():
            stage.append()
            copytruncate(stage, f"app.log.{number}")
            stage.append()
    stage.settle()
    stage.expect_all()


@scenario(12, "copytruncate with unread bytes, copy out of pattern")
def test_gap(stage: Stage, row):
    stage.append()
    reader = stage.start("app.log")
    stage.append(count=3000)
    reader.round()
    content = stage.path().read_bytes()
    generation, consumed = reader.records[-1].generation, reader.records[-1].end
    with stage.act_unseen():
        copytruncate(stage, "copy-elsewhere")
        stage.append(count=5)
    reader.follow(15)
    assert places(stage.notes(NoteKind.TRUNCATION)) == [(str(stage.path()), consumed, None)]
    # A reader that lives still has what it read and did not consume, half a line at its end.
    read = max(record.end for record in reader.records if record.generation == generation)
    assert places(stage.notes(NoteKind.GAP)) == [(str(stage.path()), read, len(content))]
    whole = content.rfind(b"\n", 0, read) + 1
    stage.gone = {int(line[:8]) for line in content[whole:].splitlines()}
    assert 500 < len(stage.gone) < 2500
    stage.expect_all(besides=lambda text: text == content[whole:read])


@scenario(12, "copytruncate while nobody looks, with all that was known read", matrix=False)
def test_gap_of_unknown_size(stage: Stage, row):
    stage.append()
    reader = stage.start("app.log")
    consumed = stage.path().stat().st_size
    with stage.act_unseen() as unseen:
        if unseen:
            stage.append()
        copytruncate(stage, "copy-elsewhere")
        stage.append(count=5)
    reader.follow(15)
    gaps = places(stage.notes(NoteKind.GAP))
    assert gaps == ([(str(stage.path()), consumed, None)] if unseen else [])
    stage.gone = set(range(21, 41)) if unseen else set()
    stage.expect_all()


@scenario(13, "copy seen half-written")
def test_half_written_copy(stage: Stage, row):
    stage.append(count=500)
    stage.start()
    with stage.act():
        stage.append()
        whole = stage.path().read_bytes()
        with stage.path("app.log.1").open("wb") as copy:
            for start in range(0, len(whole), 3000):
                copy.write(whole[start : start + 3000])
                copy.flush()
                stage.glance()
        os.truncate(stage.path(), 0)
        stage.append()
    stage.settle()
    stage.expect_all()


@scenario(13, "little copied amid a line, then finished and truncated", matrix=False)
def test_little_copied_amid_a_line(stage: Stage, row):
    stage.append(count=2)
    reader = stage.start()
    line = stage.lines(1)
    with stage.path().open("ab") as writer:
        writer.write(line[:5])
        writer.flush()
        copied = stage.path().read_bytes()
        writer.write(line[5:])
    reader.follow(1)
    stage.path("app.log.1").write_bytes(copied)
    os.truncate(stage.path(), 0)
    stage.append()
    stage.glance()
    stage.settle()
    assert len(copied) < SURE_BYTES
    stage.expect_all()


@scenario(14, "copytruncate, writer without O_APPEND leaves a NUL hole")
def test_nul_hole(stage: Stage, row):
    stage.append()
    stage.start()
    with stage.path().open("r+b") as writer:
        writer.seek(0, os.SEEK_END)
        with stage.act():
            copytruncate(stage, "app.log.1")
            writer.write(stage.lines())
            writer.flush()
    stage.settle()
    stage.expect_all()
    assert len({note.generation for note in stage.notes(NoteKind.NUL_HOLE)}) == 1


@scenario(15, "copytruncate across restart")
def test_across_restart(stage: Stage, row):
    stage.append()
    reader = stage.start()
    reader.stop()
    copytruncate(stage, "app.log.1")
    stage.append()
    reader.start()
    stage.settle()
    stage.expect_all()


@scenario(16, "truncate to 0, then smaller content")
def test_smaller(stage: Stage, row):
    stage.append(count=50)
    stage.start()
    with stage.act():
        stage.rewrite(count=5)
    stage.settle()
    stage.expect_all()


@scenario(17, "truncate, then regrow past the old offset between looks")
def test_regrown(stage: Stage, row):
    stage.append(count=10)
    stage.start()
    with stage.act():
        stage.rewrite(count=100)
    stage.settle()
    stage.expect_all()


HEADING = b"#separator \\x09\n" + b"".join(b"#field_%d\tname\n" % n for n in range(100))


def is_heading(text: bytes) -> bool:
    return text.startswith(b"#")


@scenario(18, "truncate and rewrite with an identical head")
def test_same_head(stage: Stage, row):
    stage.path().write_bytes(HEADING)
    stage.append(count=50)
    reader = stage.start()
    for count in (3, 80, 200):
        with stage.act():
            stage.rewrite(count=count, before=HEADING)
        stage.settle()
    stage.expect_all(besides=is_heading)
    assert sum(map(is_heading, reader.texts)) == 4 * 101


@scenario(19, "overwrite in place, same size, same second")
def test_overwritten(stage: Stage, row):
    stage.append()
    size = stage.path().stat()
    stage.start()
    with stage.act():
        stage.path().open("r+b").close()
        new = stage.lines()
        with stage.path().open("r+b") as writer:
            writer.write(new)
        os.truncate(stage.path(), len(new))
        os.utime(stage.path(), ns=(size.st_atime_ns, size.st_mtime_ns))
    stage.reader.follow(6)
    stage.expect_all()


@scenario(20, "truncate while the database is blocked", matrix=False)
def test_blocked_database(stage: Stage, row):
    stage.append()
    reader = stage.start(apart=True)
    consumed = stage.path().stat().st_size
    stage.append()
    reader.block()
    os.truncate(stage.path(), 0)
    stage.append(count=5)
    if stage.mode == KILLED:
        # What was read and not stored is gone with the reader.
        reader.kill()
        reader.follow(15)
        assert places(stage.notes(NoteKind.GAP)) == [(str(stage.path()), consumed, None)]
        stage.gone = set(range(21, 41))
    else:
        reader.unblock()
        reader.follow(15)
        assert stage.notes(NoteKind.GAP) == []
    stage.expect_all()


@scenario(21, "truncate to the middle")
def test_middle(stage: Stage, row):
    stage.append(count=100)
    stage.start()
    size = stage.path().stat().st_size
    with stage.act():
        os.truncate(stage.path(), size // 2)
    stage.settle()
    with stage.act():
        with stage.path().open("ab") as writer:
            writer.write(b"\n")
        stage.append()
    stage.settle()
    stage.expect_all(besides=lambda text: not text[:8].isdigit())
    assert stage.notes(NoteKind.TRUNCATION)
