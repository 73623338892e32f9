"""Scripts work the queue as analysts do."""

import json
from dataclasses import replace

import pytest
from sqlmodel import select

from socconsole.cli import run
from socconsole.cli.context import Context
from socconsole.core.detection import Rule, Window
from socconsole.core.severity import Severity
from socconsole.errors import NotFoundError, UsageError
from socconsole.services import rules
from socconsole.store.tables import Alert, RuleRecord
from tests.services.alert_making import NOON, alert_of, bring, detection, minutes


@pytest.fixture
def soc(chosen_database, chosen_url, monkeypatch, tmp_path):
    """Run a command on a database with three alerts."""
    now = Context().now() - minutes(5)
    bring(
        chosen_database,
        detection(host="web-1", at=now),
        detection("LSASS access", level=Severity.CRITICAL, host="dc-1", at=now),
        detection("Hostile \x1b[31m", level=Severity.LOW, host="h\u00f6st", at=now),
        now=now,
    )
    monkeypatch.setenv("SOCCONSOLE_CONFIG", "")
    monkeypatch.chdir(tmp_path)

    def run_it(*words: str) -> int:
        return run(["--db", chosen_url, *words])

    return run_it


def said(capsys):
    return json.loads(capsys.readouterr().out)


def test_the_table_has_the_columns_asked_for_and_marks_rules_on_trial(soc, chosen_database, capsys):
    with chosen_database.begin() as session:
        (rule_id,) = (row.rule_id for row in session.exec(select(Alert)) if "LSASS" in row.title)
        trial = {"title": "LSASS access", "severity": 4, "status": "experimental"}
        session.add(RuleRecord(id=rule_id, loaded_at=NOON, **trial))
    assert soc("alerts", "list", "--columns", "id,category,rule") == 0
    heading, first, *_ = capsys.readouterr().out.splitlines()
    assert heading.split() == ["id", "category", "rule"]
    assert first.split() == ["2", "warning", "LSASS", "access", "(experimental)"]
    assert soc("alerts", "list", "rule:lsass", "--json") == 0
    assert said(capsys)[0]["experimental"] is True
    with pytest.raises(UsageError, match="no column 'colour'"):
        soc("alerts", "list", "--columns", "id,colour")


def test_list_has_the_documented_shape(soc, capsys):
    assert soc("alerts", "list", "severity>=medium", "--json") == 0
    rows = said(capsys)
    assert [row["title"] for row in rows] == ["LSASS access", "SSH brute force"]
    assert list(rows[0]) == [
        "id", "uid", "title", "rule_id", "severity", "status", "disposition", "assignee",
        "rank", "count", "first_seen", "last_seen", "source", "entities", "ticket",
        "category", "experimental",
    ]  # fmt: skip
    assert (rows[0]["severity"], rows[0]["rank"]) == ("critical", 80.0)
    assert rows[0]["entities"] == {"host": "dc-1", "user": "root"}
    assert rows[0]["first_seen"].endswith("Z")


def test_list_as_lines_groups_and_a_table(soc, capsys):
    assert soc("alerts", "list", "--jsonl", "--sort", "host") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["id"] for line in lines] == [2, 3, 1]
    assert soc("alerts", "list", "--group-by", "severity", "--json") == 0
    assert {row["value"] for row in said(capsys)} == {"critical", "medium", "low"}
    assert soc("alerts", "list") == 0
    out = capsys.readouterr().out
    assert "Hostile ␛[31m" in out
    assert "\x1b" not in out


def test_a_bad_filter_says_where(soc):
    with pytest.raises(UsageError, match="column 1: There is no field 'sverity'"):
        soc("alerts", "list", "sverity:high")


def test_show_says_why(soc, capsys):
    assert soc("alerts", "show", "1", "--json") == 0
    detail = said(capsys)
    assert detail["evidence"][0]["parts"][0]["pattern"] == "Failed password"
    assert detail["rank_terms"][0]["name"] == "severity"
    assert soc("alerts", "show", "3") == 0
    assert "Failed password" in capsys.readouterr().out
    with pytest.raises(NotFoundError):
        soc("alerts", "show", "99")


def test_show_names_the_author_the_trial_and_what_a_correlation_counted(
    soc, capsys, chosen_database
):
    rule = Rule(
        "id-Burst", "Burst", Severity.HIGH, status="experimental", author="Zoe Q", revision="a"
    )
    window = Window("event_count", {"user": "root"}, 5, NOON - minutes(1), NOON)
    bring(chosen_database, replace(detection(), rule=rule, window=window))
    with chosen_database.begin() as session:
        rules.write_down(session, [rule], now=NOON, body=lambda rule: "")
    assert soc("alerts", "show", "4") == 0
    told = capsys.readouterr().out
    assert "rule id-Burst (experimental) by Zoe Q" in told
    assert "5 events within 60 s, user=root, 2026-11-21T11:59:00Z to 2026-11-21T12:00:00Z" in told


def test_the_verbs_work_and_can_be_undone(soc, capsys, chosen_database):
    me = Context().login
    assert soc("alerts", "ack", "1", "2", "--json") == 0
    done = said(capsys)
    assert (done["verb"], done["alerts"]) == ("alert.acknowledge", [1, 2])
    assert alert_of(chosen_database, 1).assignee == me
    assert soc("undo", str(done["action"])) == 0
    assert alert_of(chosen_database, 1).status == "new"
    assert soc("alerts", "assign", "1", "--to", "ines") == 0
    assert soc("alerts", "give-back", "1") == 0
    assert soc("alerts", "shelve", "1", "--reason", "patching", "--until", "30m") == 0
    assert soc("alerts", "unshelve", "1") == 0
    assert soc("alerts", "severity", "1", "--to", "low", "--reason", "lab") == 0
    assert soc("alerts", "close", "1", "--as", "false_positive:bad_data") == 0
    assert alert_of(chosen_database, 1).sub_reason == "bad_data"
    assert soc("alerts", "reopen", "1") == 0
    capsys.readouterr()
    assert soc("alerts", "escalate", "1", "2", "--json") == 0
    ticket = said(capsys)["ticket"]
    assert ticket.startswith("SOC-")
    assert soc("alerts", "escalate", "3", "--ticket", ticket) == 0
    assert alert_of(chosen_database, 3).status == "escalated"


def test_all_that_match_are_closed_at_once(soc, capsys, chosen_database):
    words = ("alerts", "close", "--where", "severity<critical", "--as", "benign_positive:test")
    assert soc(*words, "--json") == 0
    assert said(capsys)["alerts"] == [1, 3]
    with pytest.raises(NotFoundError, match="No alert matches"):
        soc(*words)
    with pytest.raises(UsageError, match="Which alerts"):
        soc("alerts", "ack")


def test_next_claims_the_worst_until_nothing_waits(soc, capsys):
    claimed = []
    while soc("alerts", "next", "--json") == 0:
        claimed.append(said(capsys)["id"])
    assert claimed == [2, 1, 3]
    assert "Nothing waits" in capsys.readouterr().err
