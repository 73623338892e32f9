import errno
import os
import sys
from datetime import timedelta
from types import SimpleNamespace

import pytest

from socconsole.services import nodes, presence
from socconsole.services.presence import Look


@pytest.fixture
def consoles(database, noon) -> tuple[int, int]:
    with database.begin() as session:
        return tuple(nodes.join(session, "console", login, now=noon) for login in ("alice", "bob"))


def test_a_process_is_alive_while_its_heart_beats(database, consoles, noon):
    later = noon + timedelta(minutes=2)
    with database.begin() as session:
        nodes.beat(session, consoles[0], now=later)
        assert [node.login for node in nodes.alive(session, now=later)] == ["alice"]
        nodes.leave(session, consoles[0], now=later)
        assert nodes.alive(session, now=later) == ()


def test_the_dead_are_forgotten(database, consoles, noon):
    with database.begin() as session:
        presence.look(session, consoles[0], Look("alert", "alert", 7), by="alice", now=noon)
        assert nodes.forget_dead(session, now=noon + timedelta(days=2)) == 2
        assert presence.present(session, now=noon) == ()


def test_one_sees_who_else_looks_at_an_alert(database, consoles, noon):
    alice, bob = consoles
    with database.begin() as session:
        presence.look(session, alice, Look("alert", "alert", 7), by="alice", now=noon)
        presence.look(session, bob, Look("alert", "alert", 7, "editing"), by="bob", now=noon)
    with database.read() as session:
        seen = presence.present(session, now=noon, kind="alert", ids=[7], without_node=alice)
    assert [(each.login, each.verb) for each in seen] == [("bob", "editing")]


def test_looking_on_keeps_since_when_and_looking_elsewhere_starts_anew(database, consoles, noon):
    later = noon + timedelta(seconds=30)
    with database.begin() as session:
        presence.look(session, consoles[0], Look("alert", "alert", 7), by="alice", now=noon)
        presence.look(session, consoles[0], Look("alert", "alert", 7), by="alice", now=later)
        (seen,) = presence.present(session, now=later)
        assert (seen.since, seen.seen_at) == (noon, later)
        presence.look(session, consoles[0], Look("queue"), by="alice", now=later)
        (seen,) = presence.present(session, now=later)
        assert (seen.since, seen.subject_id) == (later, None)
        assert presence.present(session, now=later + timedelta(minutes=2)) == ()


def test_who_acts_is_told_by_the_uid_not_by_the_environment(monkeypatch):
    from socconsole.cli.context import Context

    honest = Context().login
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "ceo")
    assert Context().login == honest != "ceo"


def test_a_console_says_what_it_shows_and_learns_who_shows_it_too(database, consoles, noon):
    with database.begin() as session:
        presence.look_here(session, Look("ticket", "ticket", 3), "carol", now=noon)
        presence.look_here(session, Look("alert", "alert", 7), "carol", now=noon)
        presence.look(session, consoles[0], Look("alert", "alert", 7), by="alice", now=noon)
        assert presence.others(session, "alert", 7, "alice", now=noon) == ("carol",)
        assert presence.others(session, "ticket", 3, "alice", now=noon) == ()


def test_a_terminal_without_a_device_is_no_trouble(monkeypatch):
    def unknown(_handle):
        raise OSError(errno.ENODEV, "No such device")

    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True, fileno=lambda: 0))
    monkeypatch.setattr(os, "ttyname", unknown)
    assert "tty" not in nodes.unverified_hints()
