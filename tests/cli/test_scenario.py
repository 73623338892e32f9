"""The demo's scenario: what it writes, when, and that the sample logs are it."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from socconsole.cli import run
from socconsole.cli.scenario import (
    QUIET_FROM,
    Player,
    ScenarioLine,
    append,
    dated,
    load_scenario,
    write_all,
)
from socconsole.content import sample_data
from socconsole.errors import FileError, UsageError

START = datetime(2026, 3, 1, 4, 0, 0, 123456, tzinfo=UTC)
SCENARIO = sample_data() / "scenario"


@pytest.mark.parametrize(
    ("notation", "written"),
    [
        ("rfc3339", "2026-03-01T04:00:00.123456+00:00"),
        ("rfc3164", "Mar  1 04:00:00"),
        ("clf", "01/Mar/2026:04:00:00 +0000"),
        ("epoch_ms", "1772337600.123"),
        ("epoch_millis", "1772337600123"),
        ("iso_ms", "2026-03-01T04:00:00.123Z"),
        ("win_utc", "2026-03-01 04:00:00.123"),
        ("eve", "2026-03-01T04:00:00.123456+0000"),
    ],
)
def test_a_time_is_written_as_its_log_writes_it(notation, written):
    assert dated(f"a <<{notation}>> b", START) == f"a {written} b"


def test_every_notation_in_the_scenario_is_known():
    left = [line for line in load_scenario(SCENARIO) if "<<" in dated(line.text, START)]
    assert not left


def test_the_sample_logs_are_the_scenario(tmp_path):
    write_all(load_scenario(SCENARIO), tmp_path, datetime(2026, 3, 1, 4, tzinfo=UTC))
    written = {path.name: path.read_text() for path in tmp_path.iterdir()}
    kept = {path.name: path.read_text() for path in (sample_data() / "logs").iterdir()}
    assert written == kept


def test_no_address_in_the_scenario_is_anybodys():
    documentation = re.compile(r"^(10\.|192\.0\.2\.|198\.51\.100\.|203\.0\.113\.|127\.)")
    text = "\n".join(line.text for line in load_scenario(SCENARIO))
    addresses = set(re.findall(r"(?<![\d.])\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![\d.])", text))
    browsers = {"140.0.0.0", "142.0.0.0"}
    assert {one for one in addresses - browsers if not documentation.match(one)} == set()


def test_history_is_dated_back_and_the_rest_is_dated_when_written(tmp_path):
    lines = (
        ScenarioLine(-300.0, "a.log", "<<iso_ms>> old"),
        ScenarioLine(0.0, "a.log", "<<iso_ms>> now"),
        ScenarioLine(QUIET_FROM, "a.log", "<<iso_ms>> quiet"),
    )
    player = Player(lines, tmp_path, speed=1e6)
    before = datetime.now(UTC)
    player.write_history()
    player.start()
    while player.written < 5:
        assert player.is_alive()
    player.stop()
    rows = (tmp_path / "a.log").read_text().splitlines()
    assert [row.split()[1] for row in rows[:4]] == ["old", "now", "quiet", "quiet"]
    old = datetime.fromisoformat(rows[0].split()[0])
    now = datetime.fromisoformat(rows[1].split()[0])
    assert 299 < (before - old).total_seconds() < 301
    assert abs((now - before).total_seconds()) < 60


def test_a_folder_without_a_scenario_is_an_error(tmp_path):
    with pytest.raises(FileError, match="There is no scenario here"):
        load_scenario(tmp_path)


def test_writing_the_scenario_at_once_appends(tmp_path):
    run(["demo", "--write", str(tmp_path), "--start", "2026-03-01T04:00:00Z"])
    kept = sample_data() / "logs" / "sudo.log"
    assert (tmp_path / "sudo.log").read_text() == kept.read_text()
    append(tmp_path, ScenarioLine(0.0, "sudo.log", "more"), START)
    assert (tmp_path / "sudo.log").read_text() == kept.read_text() + "more\n"


def test_a_speed_of_zero_is_refused():
    with pytest.raises(UsageError, match="greater than zero"):
        run(["demo", "--speed", "0", "--headless"])


def test_the_scenario_names_its_files_as_the_settings_do():
    named = re.findall(r'path = "logs/(.+)"', (SCENARIO / "socconsole.toml").read_text())
    assert set(named) == {Path(line.file).name for line in load_scenario(SCENARIO)}
