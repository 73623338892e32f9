"""Real syslog and Apache files: every line is read, and its header splits where it should."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from socconsole.core.event import Event, ReadContext
from socconsole.parsers import choose, find
from tests.corpora.score import Score, written

FOLDER = Path(os.environ.get("SOCCONSOLE_CORPORA", "")) / "loghub"
NOW = datetime(2026, 3, 2, tzinfo=UTC)
CONTEXT = ReadContext(reference=NOW)
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="SOCCONSOLE_CORPORA has no loghub")


def lines_of(name: str) -> list[str]:
    text = (FOLDER / f"{name}_2k.log").read_text(errors="replace")
    return [line for line in text.split("\n") if line]


FORMATS = {"Linux": "syslog", "OpenSSH": "syslog", "Mac": "syslog", "Apache": "apache_error"}


def measure() -> Score:
    """Return how many lines are read, and how many headers split where they should."""
    score = Score("loghub's lines and headers")
    for name, format_ in FORMATS.items():
        for line in lines_of(name):
            event = find(format_).parse(line, CONTEXT)
            score.count(f"{name}, lines", line[:150], event is not None)
            if event is not None and format_ == "syslog":
                score.count(f"{name}, headers", line[:150], is_whole(event, line))
    return score


def is_whole(event: Event, line: str) -> bool:
    """Whether the pieces of a header put together again give the line."""
    module = f"({event.fields['module']})" if "module" in event.fields else ""
    pid = f"[{event.fields['pid']}]" if "pid" in event.fields else ""
    tag = f"{event.fields['program']}{module}{pid}: " if "program" in event.fields else ""
    rebuilt = f"{line[:15]} {event.fields['host']} {tag}{event.fields['message']}"
    # Some of Apple's tags end without a colon.
    return rebuilt.replace(":", "").split() == line.replace(":", "").split()


def test_every_line_is_read_and_every_header_splits_where_it_should(capsys):
    score = measure()
    with capsys.disabled():
        print("", *score.report(), sep="\n")
    assert score.right == score.total
    assert set(score.rows()) <= set(written().splitlines())


@pytest.mark.parametrize(("name", "format_"), FORMATS.items())
def test_content_tells_the_format(name, format_):
    lines = lines_of(name)
    assert choose(lines[:50]).parser is find(format_)
    assert len(lines) >= 2000


def test_two_thousand_lines_of_openssh_name_their_peers():
    events = [find("syslog").parse(line, CONTEXT) for line in lines_of("OpenSSH")]
    failures = [event for event in events if event and "Failed password" in event.raw]
    assert all(event.named("source.ip") and event.named("user.name") for event in failures)
    assert len(failures) > 500
