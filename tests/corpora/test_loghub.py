"""Real syslog and Apache files: every line is read, and its header splits where it should."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from socconsole.core.event import ReadContext
from socconsole.parsers import choose, find

FOLDER = Path(os.environ.get("SOCCONSOLE_CORPORA", "")) / "loghub"
NOW = datetime(2026, 3, 2, tzinfo=UTC)
CONTEXT = ReadContext(source="loghub", read_at=NOW, reference=NOW)
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="SOCCONSOLE_CORPORA has no loghub")


def lines_of(name: str) -> list[str]:
    text = (FOLDER / f"{name}_2k.log").read_text(errors="replace")
    return [line for line in text.split("\n") if line]


@pytest.mark.parametrize(
    ("name", "format_"),
    [("Linux", "syslog"), ("OpenSSH", "syslog"), ("Mac", "syslog"), ("Apache", "apache_error")],
)
def test_content_tells_the_format_and_every_line_is_read(name, format_):
    lines = lines_of(name)
    assert choose(lines[:50]).parser is find(format_)
    unread = [line for line in lines if find(format_).parse(line, CONTEXT) is None]
    assert unread == []
    assert len(lines) >= 2000


@pytest.mark.parametrize("name", ["Linux", "OpenSSH", "Mac"])
def test_a_header_puts_together_again_gives_the_line(name):
    for line in lines_of(name):
        event = find("syslog").parse(line, CONTEXT)
        assert event is not None
        module = f"({event.fields['module']})" if "module" in event.fields else ""
        pid = f"[{event.fields['pid']}]" if "pid" in event.fields else ""
        tag = f"{event.fields['program']}{module}{pid}: " if "program" in event.fields else ""
        rebuilt = f"{line[:15]} {event.fields['host']} {tag}{event.fields['message']}"
        # Some of Apple's tags end without a colon.
        assert rebuilt.replace(":", "").split() == line.replace(":", "").split()


def test_two_thousand_lines_of_openssh_name_their_peers():
    events = [find("syslog").parse(line, CONTEXT) for line in lines_of("OpenSSH")]
    failures = [event for event in events if event and "Failed password" in event.raw]
    assert all(event.named("source.ip") and event.named("user.name") for event in failures)
    assert len(failures) > 500
