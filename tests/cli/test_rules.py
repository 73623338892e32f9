"""`socconsole rules` and `socconsole replay` as a shell sees them."""

import gzip
import json

import pytest

from socconsole.cli import run
from socconsole.cli.coverage import techniques
from socconsole.core.detection import Rule
from socconsole.core.event import Event, LogSource, RawLine
from socconsole.core.severity import Severity
from socconsole.store.events import EventStore
from socconsole.store.queries.rules import FiredRule
from socconsole.store.tables import Generation
from tests.conftest import NOON
from tests.store.rows import a_source

RULES = """title: Failed login
name: failed
id: 00000000-0000-4000-8000-000000000001
author: Ann
level: medium
tags: [attack.credential-access, attack.t1110]
logsource: {product: app}
detection:
  selection: {outcome: failed, Never: x}
  other: {outcome: failed}
  condition: 1 of them
---
title: Guessing
id: 00000000-0000-4000-8000-000000000002
level: high
tags: [attack.credential-access, attack.initial_access, attack.t1110.001]
correlation:
  type: event_count
  rules: [failed]
  group-by: [user]
  timespan: 1m
  generate: true
  condition: {gte: 3}
"""
LINES = [
    {"time": f"2026-03-02T12:00:0{second}Z", "user": "ann", "outcome": "failed"}
    for second in range(3)
]


METRIC = (
    '{"fields":{"usage_active":4.1},"name":"cpu","tags":{"host":"fs-1"},"timestamp":1772337000013}'
)
APP = ("--logsource", "product=app")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "rules.yml").write_text(RULES)
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in LINES))
    return tmp_path


def replay(folder, name, *more):
    code = run(
        ["replay", str(folder / name), "--rules", str(folder / "rules.yml"), "--jsonl", *APP, *more]
    )
    assert code == 0


def test_replay_prints_a_line_per_detection(folder, capsys):
    stats = folder / "stats.json"
    replay(folder, "log.jsonl", "--stats", str(stats))
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(d["rule_title"], d["level"], d["line"]) for d in found] == [
        ("Failed login", "medium", 1),
        ("Failed login", "medium", 2),
        ("Failed login", "medium", 3),
        ("Guessing", "high", 3),
    ]
    assert found[0]["rule_author"] == "Ann"
    assert found[0]["event"] == LINES[0]
    assert found[0]["time"] == "2026-03-02T12:00:00Z"
    assert found[1]["offset"] == len(json.dumps(LINES[0])) + 1
    assert found[3]["correlation"] == {
        "type": "event_count",
        "group": {"user": "ann"},
        "count": 3,
        "first": "2026-03-02T12:00:00Z",
        "last": "2026-03-02T12:00:02Z",
    }
    figures = json.loads(stats.read_text())
    assert (figures["events"], figures["detections"], figures["rules_loaded"]) == (3, 4, 2)
    assert set(figures) == {
        "events", "detections", "seconds", "events_per_second", "rules_loaded", "rules_refused",
        "unparsed", "peak_rss_bytes", "load_seconds",
    }  # fmt: skip


@pytest.mark.parametrize("shape", ["gzip", "array", "pretty"])
def test_replay_reads_lines_however_they_are_kept(folder, capsys, shape):
    if shape == "gzip":
        (folder / "log").write_bytes(gzip.compress((folder / "log.jsonl").read_bytes()))
    elif shape == "array":
        (folder / "log").write_text(json.dumps(LINES))
    else:
        (folder / "log").write_text("\n".join(json.dumps(line, indent=2) for line in LINES))
    replay(folder, "log")
    assert len(capsys.readouterr().out.splitlines()) == 4


def test_a_detection_for_people_carries_nothing_that_acts_on_a_terminal(folder, capsys):
    text = RULES.replace("title: Failed login", 'title: "Failed \\e]0;x\\a login"')
    (folder / "rules.yml").write_text(text)
    log = str(folder / "log.jsonl")
    run(["replay", log, "--rules", str(folder / "rules.yml"), "--logsource", "product=app"])
    assert "\x1b" not in capsys.readouterr().out


def test_check_explains_refusals_and_says_no(folder, capsys):
    (folder / "bad.yml").write_text(RULES.replace("outcome: failed, Never", "outcome|contians"))
    assert run(["rules", "check", str(folder / "bad.yml")]) == 1
    assert "bad.yml:9: 'contians' is not a Sigma modifier." in capsys.readouterr().out
    assert run(["rules", "check", str(folder / "rules.yml")]) == 0


def test_check_lists_fields_no_event_has(folder, capsys):
    (folder / "rules.yml").write_text(RULES.replace("{product: app}", "{category: metric}"))
    (folder / "m.jsonl").write_text(METRIC + "\n")
    log = str(folder / "m.jsonl")
    run(["rules", "check", str(folder / "rules.yml"), "--events", log, "--json"])
    unseen = json.loads(capsys.readouterr().out)["unseen_fields"]
    assert {one["field"] for one in unseen} == {"Never", "outcome", "user"}


def test_check_tells_rules_that_no_event_is_for(folder, capsys):
    rules, log = str(folder / "rules.yml"), str(folder / "log.jsonl")
    run(["rules", "check", rules, "--events", log])
    assert "no event of app/*/* (rules for it: 1)" in capsys.readouterr().out
    run(["rules", "check", rules, "--events", log, *APP])
    told = capsys.readouterr().out
    assert "never seen: Never: asked for by" in told
    assert "no event of" not in told


def test_check_lists_fields_by_which_nothing_can_be_counted(folder, capsys):
    text = RULES.replace("[user]", "[who, src]").replace(
        "  timespan", "  aliases: {who: {failed: account}}\n  timespan"
    )
    (folder / "rules.yml").write_text(text)
    rules, log = str(folder / "rules.yml"), str(folder / "log.jsonl")
    run(["rules", "check", rules, "--events", log, *APP, "--json"])
    unseen = json.loads(capsys.readouterr().out)["unseen_fields"]
    assert {one["field"]: one["rules"] for one in unseen} == {
        "Never": [f"{rules}:1"],
        "account": [f"{rules}:13"],
        "src": [f"{rules}:13"],
    }


def test_check_looks_at_what_is_retained(folder, chosen_database, chosen_url, capsys):
    kept = EventStore(chosen_database)
    line = RawLine("app", 0, 0, b"failed", 7)
    event = Event("x", (LogSource("app"),), {"outcome": "failed"}, "failed", NOON, line=line)
    with chosen_database.begin() as session:
        source = a_source(session, NOON)
        life = Generation(source_id=source.id, path="/log", first_seen_at=NOON, updated_at=NOON)
        session.add(life)
        session.flush()
        kept.append(session, source.id, life.id, [event], read_at=NOON)
        life.offset = line.end
    kept.close()
    rules = str(folder / "rules.yml")
    run(["--db", chosen_url, "rules", "check", rules, "--retained", "--json"])
    said = json.loads(capsys.readouterr().out)
    assert [one["field"] for one in said["unseen_fields"]] == ["Never", "user"]
    assert said["unseen_logsources"] == []


def test_check_warns_of_a_runbook_that_is_not_there(folder, capsys):
    (folder / "rules.yml").write_text("runbook: ssh-brute-frce\n" + RULES)
    assert run(["rules", "check", str(folder / "rules.yml")]) == 0
    assert "no runbook 'ssh-brute-frce'. Did you mean ssh-brute-force?" in capsys.readouterr().out


def test_test_says_what_matched_and_what_did_not(folder, capsys):
    rule, log = str(folder / "rules.yml"), str(folder / "log.jsonl")
    assert run(["rules", "test", rule, log, "--logsource", "product=app"]) == 0
    told = capsys.readouterr().out
    assert "fired: line 1: Failed login" in told
    assert "+ other: outcome equals failed  (failed)" in told
    assert "- selection: Never equals x" in told
    assert "+ event_count: 3 user=ann from 2026-03-02T12:00:00Z to 2026-03-02T12:00:02Z" in told
    assert run(["rules", "test", rule, log, "--logsource", "product=other"]) == 1
    assert "the rule is for app/*/*, the event is other/*/*" in capsys.readouterr().out


def test_how_late_an_event_may_come_is_a_setting(folder, capsys):
    times = ("12:03:00", "12:00:00", "12:00:01", "12:00:02")
    late = [{"time": f"2026-03-02T{t}Z", "user": "ann", "outcome": "failed"} for t in times]
    (folder / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in late))
    (folder / "patient.toml").write_text("[rules]\nlateness_secs = 200\n")
    rule, log = str(folder / "rules.yml"), str(folder / "log.jsonl")
    for settings, guesses in (((), 0), (("--config", str(folder / "patient.toml")), 1)):
        run([*settings, "rules", "test", rule, log, *APP])
        assert capsys.readouterr().out.count(": Guessing\n") == guesses
        run([*settings, "replay", log, "--rules", rule, *APP])
        assert capsys.readouterr().out.count("Guessing") == guesses


def test_test_marks_what_the_condition_wants_absent(folder, capsys):
    text = RULES.partition("---")[0].replace("1 of them", "other and not selection")
    (folder / "rules.yml").write_text(text.replace("Never: x", "user: ann"))
    rule, log = str(folder / "rules.yml"), str(folder / "log.jsonl")
    assert run(["rules", "test", rule, log, *APP]) == 1
    told = capsys.readouterr().out
    assert "+ other: outcome equals failed" in told
    assert "- not selection: user equals ann" in told


def test_test_tells_what_is_only_counted_and_what_a_correlation_left_out(folder, capsys):
    (folder / "rules.yml").write_text(RULES.replace("  generate: true\n", ""))
    (folder / "log.jsonl").write_text(json.dumps(LINES[0]) + '\n{"outcome": "failed"}\n')
    rule, log = str(folder / "rules.yml"), str(folder / "log.jsonl")
    assert run(["rules", "test", rule, log, *APP]) == 1
    told = capsys.readouterr().out
    assert "counted: line 1: Failed login" in told
    assert "left out: Guessing: 1 lacked its fields" in told
    assert run(["rules", "test", rule, log, *APP, "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert [one["line"] for one in document["counted"]] == [1, 2]
    assert (document["fired"], document["near"]) == ([], [])


def test_coverage_says_when_rules_are_refused(folder, capsys):
    assert run(["rules", "coverage", str(folder / "nowhere")]) == 0
    assert "1 refused" in capsys.readouterr().err


def test_coverage_counts_rules_and_writes_a_layer(folder, capsys):
    layer = folder / "layer.json"
    assert run(["rules", "coverage", str(folder / "rules.yml"), "--navigator", str(layer)]) == 0
    assert "T1110.001" in capsys.readouterr().out
    written = json.loads(layer.read_text())
    assert "attack" not in written["versions"]  # it would hide tactics that are newer
    assert {(t["tactic"], t["techniqueID"]) for t in written["techniques"]} == {
        ("credential-access", "T1110"),
        ("credential-access", "T1110.001"),
        ("initial-access", "T1110.001"),
    }


def test_coverage_counts_what_has_fired(folder, capsys):
    database = f"sqlite:///{folder}/soc.db"
    code = run(
        ["rules", "coverage", str(folder / "rules.yml"), "--fired", "--json", "--db", database]
    )
    assert code == 0
    assert [row["detections"] for row in json.loads(capsys.readouterr().out)] == [0, 0, 0]


def test_what_fired_is_covered_though_its_rule_is_gone():
    gone = FiredRule("x", ("attack.impact", "attack.t1486"), 4)
    here = Rule("y", "Here", Severity.LOW, tags=("attack.impact", "attack.t1490"))
    covered = techniques([here], [gone, FiredRule("y", (), 2)])
    assert {pair: (one.titles, one.detections) for pair, one in covered.items()} == {
        ("impact", "T1486"): ([], 4),
        ("impact", "T1490"): (["Here"], 2),
    }


def test_list_names_every_rule(folder, capsys):
    run(["rules", "list", str(folder / "rules.yml"), "--json"])
    rules = json.loads(capsys.readouterr().out)
    assert [(rule["title"], rule["type"]) for rule in rules] == [
        ("Failed login", "event"),
        ("Guessing", "event_count"),
    ]
