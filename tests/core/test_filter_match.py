"""A filter passes the events it says, and no others."""

from datetime import UTC, datetime, timedelta

import pytest

from socconsole.core.event import Event, EventCategory, LogSource, RawLine
from socconsole.core.filter import parse_filter
from socconsole.core.filter_match import Viewer, event_predicate, globs, is_subsequence
from socconsole.core.filter_words import EVENT_FIELDS

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
RAW = "Nov 21 11:50:00 web-1 sshd[7]: Failed password for root from 203.0.113.7 port 4022 ssh2"
EVENT = Event(
    format="sshd",
    logsources=(LogSource("linux", None, "sshd"),),
    fields={
        "hostname": "web-1",
        "user": "root",
        "source_ip": "203.0.113.7",
        "port": 4022,
        "http": {"status": "503"},
        "groups": ["adm", "sudo"],
    },
    raw=RAW,
    time=NOW - timedelta(minutes=10),
    category=EventCategory.WARNING,
    names={"host.name": "hostname", "user.name": "user", "source.ip": "source_ip"},
    line=RawLine("auth", 1, 0, RAW.encode(), len(RAW) + 1),
)


def passes(text, event=EVENT):
    return event_predicate(parse_filter(text, EVENT_FIELDS), Viewer("mara", NOW))(event)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "host:web-1",
        "host:WEB-*",
        "host:web-?",
        "!host:db*",
        "host:any",
        "process:none",
        "user:root,admin",
        "user:admin or source:auth",
        "(user:admin or user:root) category:warning",
        "ip:203.0.113.*",
        "port>=4000 port<5000",
        "http.status>=500",
        "http.status:503",
        "groups:sudo",
        "user!=admin",
        "age<15m age>5m",
        "time>=2026-11-21T11:50",
        "time<-5m",
        '"failed PASSWORD"',
        "failed password",
        "raw:sshd*root",
        "~fild",
        "user~rt",
        "format:sshd",
    ],
)
def test_it_passes(text):
    assert passes(text)


@pytest.mark.parametrize(
    "text",
    [
        "host:web",
        "!host:any",
        "user:me",
        "user:none",
        "port>5000",
        "hostname>5",
        "groups:wheel",
        "groups!=sudo",
        "missing:x",
        "missing>1",
        "missing:*",
        "age>15m",
        "category:exception",
        '"password failed"',
        "~zzz",
        "~fpdroot",
        "host:web-1 user:admin",
    ],
)
def test_it_does_not_pass(text):
    assert not passes(text)


@pytest.mark.parametrize(
    ("pattern", "text", "covers"),
    [
        ("", "", True),
        ("*", "", True),
        ("a*c", "abbc", True),
        ("a*c", "abcd", False),
        ("*b*", "abc", True),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("**a", "bba", True),
        ("?", "", False),
    ],
)
def test_wildcards(pattern, text, covers):
    assert globs(pattern, text) is covers


def test_wildcards_never_run_away():
    assert not globs("*a" * 30 + "b", "a" * 5000)


def test_letters_in_order():
    assert is_subsequence("ssh", "session hijack")
    assert not is_subsequence("sshh", "ssh")
