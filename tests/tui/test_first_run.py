"""The first start: nothing is set, nothing is read; and a console that may only look."""

import dataclasses

import pytest
from textual import events

from socconsole.errors import SettingsError
from socconsole.settings import add_source, load_settings
from socconsole.tui.terminal.critical_signal import sequence
from socconsole.tui.widgets.prompt import PromptLine
from tests.services.alert_making import bring, detection
from tests.tui.analyst import at_the_console


async def pastes(analyst, text):
    await analyst.app.screen.query_one(PromptLine).take(events.Paste(text))


async def test_an_empty_console_leads_to_a_first_source_by_keys(bare_setup, tmp_path):
    log = tmp_path / "auth.log"
    log.write_text("Nov 22 03:00:01 web-1 sshd[7]: Failed password for root from 10.0.0.9 port 2\n")
    added = []

    def add(_database, name, location):
        added.append((name, location))
        return "started collector 7"

    async with at_the_console(dataclasses.replace(bare_setup, add_source=add)) as analyst:
        await analyst.waits_until("7 then +")
        await analyst.presses("7", "plus", "ctrl+u")
        await pastes(analyst, str(tmp_path / "aut"))
        await analyst.presses("tab", "enter")
        assert "auth.log is read as syslog" in analyst.bottom
        assert "reads 1 of the first 1 lines. Nothing is kept yet." in analyst.screen
        assert "Failed password for root from 10.0.0.9 port 2" in analyst.screen
        await analyst.presses("enter", "y")
        assert added == [("auth", str(log))]
        assert "started collector 7" in analyst.bottom


async def test_a_file_that_is_not_there_is_said_before_anything_is_written(bare_setup):
    def add(*_):
        raise AssertionError("written")

    async with at_the_console(dataclasses.replace(bare_setup, add_source=add)) as analyst:
        await analyst.presses("7", "plus", "ctrl+u")
        await pastes(analyst, "/nowhere/x.log")
        await analyst.presses("enter")
        assert "There is no file at /nowhere/x.log" in analyst.bottom


def test_a_source_is_added_to_a_file_that_stays_right(tmp_path):
    path = tmp_path / "new" / "socconsole.toml"
    add_source(path, "auth", '/var/log/odd "name".log')
    add_source(path, "web", "/var/log/web.log")
    found = load_settings(path, {}).source
    assert [source.name for source in found] == ["auth", "web"]
    assert found[0].path == '/var/log/odd "name".log'
    with pytest.raises(Exception, match="Two sources"):
        add_source(path, "web", "/var/log/other.log")
    assert len(load_settings(path, {}).source) == 2


def test_a_file_that_a_source_does_not_fit_stays_as_it_was(tmp_path):
    path, new = tmp_path / "socconsole.toml", tmp_path / "new.toml"
    path.write_bytes(b"# ours\n[shift]\nname = 'early'")
    path.chmod(0o640)
    add_source(path, "auth", "/var/log/auth.log")
    before = path.read_bytes()
    assert before.startswith(b"# ours\n[shift]\nname = 'early'\n[[source]]\n")
    for file, name in ((path, "auth"), (new, " ")):
        with pytest.raises(SettingsError):
            add_source(file, name, "/var/log/other.log")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (before, 0o640)
    assert not new.exists()


async def test_a_read_only_console_refuses_before_it_asks(bare_setup, database):
    bring(database, detection())
    reading = dataclasses.replace(bare_setup, read_only=True)
    async with at_the_console(reading) as analyst:
        await analyst.waits_until("1/1")
        assert "READ-ONLY" in analyst.lines[0]
        assert "close" not in analyst.bottom
        for pressed in ("a", "x", "t", "c", "w", "I", "u", "S"):
            await analyst.presses(pressed)
            assert "read-only" in analyst.bottom, pressed
        await analyst.presses("enter", "x")
        assert "read-only" in analyst.bottom
        await analyst.presses("y")
        assert "Copied" in analyst.bottom


@pytest.mark.parametrize(
    ("signal", "before", "after", "is_first", "written"),
    [
        ("none", 0, 3, False, ""),
        ("bell", 1, 2, False, "\a"),
        ("bell", 2, 1, False, ""),
        ("bell", 0, 2, True, ""),
        ("title", 0, 2, False, "\x1b]2;SOC crit 2\a"),
        ("title", 2, 0, False, "\x1b]2;socconsole\a"),
        ("title", 2, 2, False, ""),
        ("both", 0, 1, False, "\x1b]2;SOC crit 1\a\a"),
    ],
)
def test_critical_alerts_are_told_as_the_setting_says(signal, before, after, is_first, written):
    assert sequence(signal, before, after, is_first=is_first) == written
