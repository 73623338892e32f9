import errno
import os
import stat
from datetime import timedelta

import pytest
from sqlalchemy import text

from socconsole.store.anchors import (
    anchor_if_due,
    anchor_to_file,
    anchor_to_syslog,
    check_anchors,
    read_key,
)
from socconsole.store.recording import recording
from socconsole.store.tables import Asset
from tests.store.rows import take_the_guards_away


@pytest.fixture
def anchored(database, noon, tmp_path):
    """A chain of four entries, anchored after the third."""
    key = read_key(tmp_path / "anchor.key")
    with database.begin() as session:
        for number in range(4):
            with recording(session, verb="asset.put", by="alice", now=noon):
                session.add(Asset(name=f"host-{number}", created_at=noon, created_by="alice"))
            if number == 2:
                anchor_to_file(session, tmp_path / "anchors", key, now=noon)
    return database, tmp_path / "anchors", key


def problems(anchored, *, lines=None, key=None):
    database, path, own = anchored
    with database.read() as session:
        return check_anchors(session, lines or path.read_text().splitlines(), key or own).problems


def tamper(database, *statements):
    with database.begin() as session:
        take_the_guards_away(session)
        for statement in statements:
            session.execute(text(statement))


def test_a_key_that_cannot_be_written_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(_size):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "urandom", full)
        with pytest.raises(OSError, match="No space"):
            read_key(tmp_path / "anchor.key")
    assert list(tmp_path.iterdir()) == []
    assert read_key(tmp_path / "anchor.key") == read_key(tmp_path / "anchor.key")
    assert (tmp_path / "anchor.key").stat().st_mode & 0o777 == 0o600


def test_an_untouched_chain_agrees_with_its_anchors(anchored):
    assert problems(anchored) == ()
    _, path, _ = anchored
    for file in (path, path.with_name("anchor.key")):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_tail_that_was_cut_off_with_its_head_is_missed(anchored):
    tamper(
        anchored[0],
        "DELETE FROM audit_anchor",
        "DELETE FROM audit_payload WHERE seq >= 3",
        "DELETE FROM audit_entry WHERE seq >= 3",
        "UPDATE change_head SET audit_seq = 2,"
        " audit_hash = (SELECT hash FROM audit_entry WHERE seq = 2)",
    )
    assert problems(anchored) == ("entry 3 was there and is gone",)


def test_a_chain_that_was_made_anew_is_told_from_the_old_one(anchored):
    tamper(
        anchored[0],
        "DELETE FROM audit_anchor",
        "UPDATE audit_entry SET hash = (SELECT hash FROM audit_entry WHERE seq = 1) WHERE seq = 3",
    )
    assert problems(anchored) == ("entry 3 is not the one that was anchored",)


def test_an_anchor_cannot_be_made_up_without_the_key(anchored):
    forged = '{"at":1,"seq":3,"hash":"00","seal":"00"}'
    assert problems(anchored, lines=[forged]) == ("line 1: the seal of entry 3 is not ours",)
    assert problems(anchored, lines=["hello"])[0].startswith("line 1 is no anchor")


def test_the_database_remembers_its_own_anchors(anchored):
    tamper(
        anchored[0],
        "DELETE FROM audit_payload WHERE seq >= 3",
        "DELETE FROM audit_entry WHERE seq >= 3",
    )
    database, _, _ = anchored
    with database.read() as session:
        assert check_anchors(session, []).problems == ("entry 3 was there and is gone",)


def test_the_systems_log_gets_the_head(database, noon, monkeypatch):
    said = []
    monkeypatch.setattr("syslog.syslog", lambda level, line: said.append(line))
    with database.begin() as session:
        with recording(session, verb="asset.put", by="alice", now=noon):
            session.add(Asset(name="bob", created_at=noon, created_by="alice"))
        anchor = anchor_to_syslog(session, now=noon)
    assert said == [f"audit head seq=1 hash={anchor.hash}"]


def test_a_moved_head_is_anchored_every_ten_minutes(sqlite_database, noon):
    path = sqlite_database.path
    with sqlite_database.begin() as session:
        made = []
        for minute in (0, 5, 11, 22):
            now = noon + timedelta(minutes=minute)
            if minute != 22:
                with recording(session, verb="asset.put", by="alice", now=now):
                    session.add(Asset(name=f"host-{minute}", created_at=now, created_by="alice"))
            made.append(anchor_if_due(session, path, now=now))
    assert [anchor and anchor.seq for anchor in made] == [1, None, 3, None]
    assert len(path.with_name("soc.db.anchors").read_text().splitlines()) == 2
