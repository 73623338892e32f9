"""A secret in a log file reaches neither an event nor what is kept of its line."""

from datetime import UTC, datetime

from socconsole.core.event import RawLine
from socconsole.core.policy import SourcePolicy
from socconsole.parsers.redaction import redactor
from socconsole.services.reading import LineReader

NOW = datetime(2026, 3, 2, tzinfo=UTC)
LINE = b"Mar  1 04:12:09 web-1 app[7]: login with password=hunter22 from 192.0.2.7"


def test_a_secret_is_gone_before_anything_is_kept(tmp_path):
    redact = redactor(tmp_path / "redaction.key")
    reader = LineReader(SourcePolicy(name="auth", path="auth.log"), redact)
    line = RawLine("auth", 1, 0, LINE, len(LINE) + 1)
    [event] = reader.events([line], head=lambda: b"", read_at=NOW, reference=NOW)
    assert event.named("source.ip") == "192.0.2.7"
    assert "hunter22" not in event.raw
    assert "hunter22" not in repr(event.fields)
    assert b"hunter22" not in line.data
    assert "‹redacted:" in event.raw


def test_nothing_to_take_out_needs_no_key(tmp_path):
    assert redactor(tmp_path / "redaction.key", shipped=False) is None
    assert list(tmp_path.iterdir()) == []
