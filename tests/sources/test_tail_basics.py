"""The tail engine in a few strokes; the table of scenarios is in test_robustness_*.py."""

import os
import shutil

from socconsole.sources.copies import Alike
from socconsole.sources.generation import Generation
from tests.sources.following import Reader, lost_and_doubled, numbered


def test_a_rotation_a_copy_and_a_late_write_lose_nothing_and_double_nothing(tmp_path):
    log = tmp_path / "app.log"
    log.write_bytes(numbered(1, 100))
    reader = Reader(tmp_path / "app.log*")
    reader.follow(1)
    log.rename(tmp_path / "app.log.1")
    log.write_bytes(numbered(101, 200))
    with (tmp_path / "app.log.1").open("ab") as late:
        late.write(numbered(201, 210))
    reader.follow(1)
    with log.open("ab") as writer:
        writer.write(numbered(211, 300))
    shutil.copyfile(log, tmp_path / "app.log.2")
    os.truncate(log, 0)
    with log.open("ab") as writer:
        writer.write(numbered(301, 310))
    reader.follow(3)
    reader.stop()
    assert lost_and_doubled(reader.texts, 310) == ([], [])


def test_what_was_read_but_not_committed_is_read_again_after_a_kill(tmp_path):
    log = tmp_path / "app.log"
    reader = Reader(log)
    for start in range(1, 500, 100):
        with log.open("ab") as writer:
            writer.write(numbered(start, start + 99))
        reader.round(commit=False)
        reader.kill()
    reader.follow(2)
    reader.stop()
    assert lost_and_doubled(reader.texts, 500) == ([], [])


def test_a_file_is_compared_with_those_alone_that_begin_like_it():
    known = [
        Generation(number, "test", 1, number, b"", head=head)
        for number, head in enumerate((b"Mar  1 a", b"Mar  1 abc", b"Mar  1 x", b"#fields", b""))
    ]
    alike = Alike(known[:-1])
    alike.add(known[-1])

    def found(head: bytes) -> list[int]:
        return sorted(one.id for one in alike.find(head))

    assert found(b"Mar  1 ab") == [0, 1]
    assert found(b"Mar  1 ") == [0, 1, 2]
    assert found(b"Mar  1 xyz") == [2]
    assert found(b"Apr") == found(b"#fields") == found(b"") == []
