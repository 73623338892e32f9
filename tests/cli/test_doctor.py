"""`socconsole doctor`: each trouble has one cause and one cure."""

import json
import os
from pathlib import Path

import pytest

from socconsole.cli import run


@pytest.fixture
def examine(tmp_path, monkeypatch, capsys):
    """Run doctor on a settings text and return what it says by subject."""
    monkeypatch.delenv("SOCCONSOLE_DB", raising=False)

    def examine(text, *arguments):
        config = tmp_path / "socconsole.toml"
        config.write_text(text)
        options = ["--config", str(config), "--db", str(tmp_path / "soc.db")]
        code = run([*options, "doctor", "--json", *arguments])
        said = json.loads(capsys.readouterr().out)["observations"]
        return code, {item["subject"]: item for item in said}

    return examine


def test_a_healthy_set_up_is_ok(examine, tmp_path):
    (tmp_path / "auth.log").write_text("x\n")
    code, said = examine('[[source]]\nname = "auth"\npath = "auth.log"')
    assert code == 0
    assert said["source auth"]["state"] == "ok"
    assert said["database"]["cause"].endswith("will be made at the first start")


def test_a_wrong_setting_is_named(examine):
    code, said = examine("[shift]\ntimezome = 'UTC'")
    assert code == 1
    assert said["settings"]["cure"] == "Did you mean timezone?"


def test_no_source_is_worth_a_word(examine):
    code, said = examine("")
    assert code == 0
    assert said["sources"]["state"] == "warning"


def test_a_source_that_is_not_there_yet_is_a_warning(examine):
    _, said = examine('[[source]]\nname = "web"\npath = "logs/*.log"')
    assert said["source web"]["state"] == "warning"
    assert "matches no file" in said["source web"]["cause"]


def test_an_address_is_listened_at_and_no_file_to_wait_for(examine):
    _, said = examine('[[source]]\nname = "net"\npath = "syslog+udp://127.0.0.1:5514"')
    assert said["source net"] == {
        "state": "ok", "subject": "source net", "cause": "syslog+udp://127.0.0.1:5514", "cure": "",
    }  # fmt: skip
    code, said = examine('[[source]]\nname = "net"\npath = "udp://127.0.0.1:514"')
    assert code == 1
    assert "syslog+udp" in said["source net"]["cure"]


def test_a_folder_nobody_may_look_into_ends_no_examination(examine, monkeypatch):
    glob = Path.glob

    def refused(path, pattern):
        if path == Path("/"):
            raise PermissionError(13, "Permission denied", "/var/log/audit")
        return glob(path, pattern)

    monkeypatch.setattr("socconsole.cli.doctor.Path.glob", refused)
    code, said = examine('[[source]]\nname = "audit"\npath = "/var/log/audit/*.log"')
    assert code == 1
    assert "/var/log/audit cannot be looked into" in said["source audit"]["cause"]
    assert said["rules"]["state"] == "ok"


def test_a_disabled_rule_that_is_none_is_a_warning(examine):
    code, said = examine('[rules]\ndisable = ["ssh-brute-frce"]')
    assert code == 0
    assert "ssh-brute-frce" in said["rule"]["cause"]


def test_an_unknown_format_is_an_error(examine, tmp_path):
    (tmp_path / "a.log").write_text("x\n")
    code, said = examine('[[source]]\nname = "a"\npath = "a.log"\nformat = "sylog"')
    assert code == 1
    assert "syslog" in said["source a"]["cure"]


def test_a_bad_rule_is_named_with_its_place(examine, tmp_path):
    (tmp_path / "bad.yml").write_text("title: Bad\nlogsource: {product: linux}\n")
    code, said = examine('[rules]\npaths = ["bad.yml"]')
    assert code == 1
    assert "bad.yml:1" in said["rule"]["cause"]


def test_a_file_that_is_no_database_is_an_error(examine, tmp_path):
    (tmp_path / "soc.db").write_text("not a database, and long enough to be read as one" * 9)
    code, said = examine("")
    assert code == 1
    assert said["database"]["state"] == "error"


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_an_unreadable_source_names_the_group_to_join(examine, tmp_path):
    log = tmp_path / "a.log"
    log.write_text("x\n")
    log.chmod(0)
    code, said = examine('[[source]]\nname = "a"\npath = "a.log"')
    assert code == 1
    assert said["source a"]["cure"].startswith("join the group")


def test_a_dumb_terminal_is_told(monkeypatch, examine):
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("LINES", "40")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    code, said = examine("")
    assert code == 1
    assert said["terminal"]["cure"] == "use socconsole queue --plain"
