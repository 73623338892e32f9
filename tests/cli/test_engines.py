"""One day's work from the command line, on either engine: the same words, the same answers."""

import json

import pytest

from socconsole.cli import run
from socconsole.store.database import Database
from tests.conftest import NOON
from tests.store.rows import an_alert

DAY = """
    queue --plain --seconds 0.1
    alerts list severity>=high host:web-1 --json
    alerts list brute --json
    alerts ack 1
    alerts close 2 --as false_positive:bad_data
    undo
    tickets open 1 --json
    tickets list priority:p3 --json
    notes add SOC-2026-001 looks-odd
    tickets show SOC-2026-001 --json
    incidents declare SOC-2026-001 --severity 3 --json
    incidents list --json
    handoff draft --json
    kpi --json
    kpi --rules --json
    sources list --json
    rules list --json
    suppressions list --json
    views list --json
    actions list --json
    audit list --json
    audit verify --json
    db info --json
    db verify --json
    evidence verify --json
    doctor --json
"""


@pytest.fixture
def soc(database: Database, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("SOCCONSOLE_CONFIG", "")
    with database.begin() as session:
        for number in range(3):
            an_alert(session, NOON, fingerprint=str(number), host=f"web-{number}")
    url = database.url.render_as_string(hide_password=False)
    return lambda *words: run(["--db", url, *words])


def test_a_days_work_on_either_engine(soc, capsys):
    for line in DAY.strip().splitlines():
        code = soc(*line.split())
        out, err = capsys.readouterr()
        assert code == 0, f"{line}: {err}"
        if "--json" in line:
            json.loads(out)
