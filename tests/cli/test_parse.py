"""`socconsole parse` keeps to its contract: one object a line, data on stdout, talk on stderr."""

import gzip
import io
import json
import os
import sys
from datetime import UTC, datetime

import pytest

from socconsole.cli import run
from socconsole.errors import FileError, SettingsError, UsageError

SSHD = "Mar  1 04:12:09 web-1 sshd[1]: Invalid user x from 192.0.2.1"


@pytest.fixture
def parsed(capsys, monkeypatch):
    monkeypatch.setenv("TZ", "UTC")

    def parse(*arguments: str) -> list[dict]:
        run(["parse", *map(str, arguments), "--jsonl"])
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return parse


def test_an_event_has_the_shape_of_the_contract(tmp_path, parsed):
    (tmp_path / "auth.log").write_text(f"{SSHD}\n\nnonsense\n")
    read, unread = parsed(tmp_path / "auth.log")
    assert list(read) == [
        "line",
        "offset",
        "format",
        "time",
        "time_assumed",
        "logsource",
        "event",
        "raw",
    ]
    assert read["logsource"] == {"product": "linux", "category": None, "service": "sshd"}
    assert read["time"].endswith("-03-01T04:12:09Z")
    assert (read["format"], read["time_assumed"], read["raw"]) == ("sshd", True, SSHD)
    assert unread == {"line": 3, "offset": len(SSHD) + 2, "unparsed": True, "raw": "nonsense"}


def test_a_date_without_a_year_is_measured_against_the_file(tmp_path, parsed):
    log = tmp_path / "auth.log"
    log.write_text(SSHD)
    written = datetime(2019, 7, 1, tzinfo=UTC).timestamp()
    os.utime(log, (written, written))
    assert parsed(log)[0]["time"] == "2019-03-01T04:12:09Z"


def test_a_time_without_a_zone_is_the_hosts_as_in_collecting(tmp_path, parsed, monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    (tmp_path / "a.log").write_text("2026-07-01 04:12:09 a: x\n2026-03-01 04:12:09 a: x\n")
    times = [item["time"] for item in parsed(tmp_path / "a.log")]
    assert times == ["2026-07-01T02:12:09Z", "2026-03-01T03:12:09Z"]


def test_a_gzip_file_and_the_standard_input_read_alike(tmp_path, parsed, monkeypatch):
    (tmp_path / "a.log.gz").write_bytes(gzip.compress(SSHD.encode()))
    stdin = io.TextIOWrapper(io.BufferedReader(io.BytesIO(SSHD.encode())))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert parsed(tmp_path / "a.log.gz") == parsed("-")


def test_the_records_in_an_envelope_are_events_of_their_own(tmp_path, parsed):
    record = {"eventVersion": "1.08", "eventSource": "s3.amazonaws.com"}
    names = ["GetObject", "PutObject"]
    document = {"Records": [{**record, "eventName": name, "x": "y" * 700_000} for name in names]}
    (tmp_path / "one_line.json").write_text(json.dumps(document))
    (tmp_path / "pretty.json").write_text(json.dumps(document, indent=2))
    (tmp_path / "one_line.json.gz").write_bytes(gzip.compress(json.dumps(document).encode()))
    for name in ("one_line.json", "pretty.json", "one_line.json.gz"):
        found = parsed(tmp_path / name)
        assert [one["event"]["eventName"] for one in found] == names
        assert {one["format"] for one in found} == {"cloudtrail"}


def test_bytes_that_are_no_utf8_stand_beside_the_text(tmp_path, parsed):
    (tmp_path / "a.log").write_bytes(SSHD.encode() + b"\xff\n")
    [read] = parsed(tmp_path / "a.log")
    assert read["raw"].endswith("\ufffd")
    assert read["raw_b64"]


def test_the_reason_of_a_choice_is_talk_not_data(tmp_path, capsys):
    (tmp_path / "a.log").write_text(SSHD)
    assert run(["parse", str(tmp_path / "a.log")]) == 0
    printed = capsys.readouterr()
    assert "syslog reads 1 of the first 1 lines" in printed.err
    assert "user=x" in printed.out


def test_not_one_line_understood_is_a_no(tmp_path, capsys):
    (tmp_path / "a.log").write_text("nonsense\x1b[2J\n")
    assert run(["parse", str(tmp_path / "a.log")]) == 1
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["missing.log"], FileError),
        (["--nonsense"], UsageError),
        (["pyproject.toml", "--format", "sysolg"], SettingsError),
    ],
)
def test_what_cannot_be_is_said(arguments, error):
    with pytest.raises(error):
        run(["parse", *arguments])


def test_audit_records_of_one_event_are_one_item(tmp_path, parsed):
    one = "msg=audit(1772338329.579:7):"
    (tmp_path / "audit.log").write_text(
        f'type=SYSCALL {one} arch=c000003e syscall=59 success=yes exe="/usr/bin/id"\n'
        f'type=CWD msg=audit(1772338329.600:8): cwd="/"\n'
        f'type=CWD {one} cwd="/srv"\ntype=PROCTITLE {one} proctitle="id"\n'
    )
    first, second = parsed(tmp_path / "audit.log")
    assert (first["event"]["exe"], first["event"]["cwd"]) == ("/usr/bin/id", "/srv")
    assert (first["line"], second["line"]) == (1, 2)


def test_stack_traces_are_joined_when_asked(tmp_path, parsed):
    log = tmp_path / "app.log"
    log.write_text("2026-03-01 04:12:09 ERROR boom\n\tat a.B.c(B.java:1)\n2026-03-01 04:12:10 up\n")
    joined = parsed(log, "--multiline", "stack_traces")
    assert [item["line"] for item in joined] == [1, 3]
    assert joined[0]["raw"].endswith("(B.java:1)")
    assert len(parsed(log)) == 3


@pytest.mark.parametrize(
    "envelope",
    [
        '{"Records":[%s, %s]}',
        '{ "records" : [\n%s,%s]}',
        "[%s,%s]",
        '{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata","value":[%s,%s]}',
    ],
)
def test_an_envelope_is_as_many_items_as_it_has_records(tmp_path, parsed, envelope):
    record = '{"eventVersion":"1.08","eventSource":"s3.amazonaws.com","eventName":"%s"}'
    log = tmp_path / "trail.json"
    log.write_text(envelope % (record % "GetObject", record % "PutObject"))
    items = parsed(log)
    assert [item["event"]["eventName"] for item in items] == ["GetObject", "PutObject"]
    assert {item["format"] for item in items} == {"cloudtrail"}


def test_a_journal_in_export_format_is_one_item_an_entry(tmp_path, parsed):
    entry = (
        b"__CURSOR=s=%d\n__REALTIME_TIMESTAMP=177233832912345%d\n_HOSTNAME=web-1\nMESSAGE\n"
        b"\x0a\0\0\0\0\0\0\0two\n\nlines\n_PID=7\n\n"
    )
    (tmp_path / "journal").write_bytes(b"".join(entry % (n, n) for n in range(3)))
    items = parsed(tmp_path / "journal")
    assert [item["event"]["__CURSOR"] for item in items] == ["s=0", "s=1", "s=2"]
    assert {item["format"] for item in items} == {"syslog"}
    assert all(item["event"]["pid"] == 7 for item in items)
    assert all(item["event"]["message"].split() == ["two", "lines"] for item in items)
