"""The why of a detection: parts, and where they stand in the line."""

import json
import random
import sys
import time

import pytest

from socconsole.core.event import LogSource
from socconsole.sigma import keywords
from socconsole.sigma.keywords import LIKE_ASCII
from socconsole.sigma.match import Matcher
from socconsole.sigma.partitions import Partitions
from socconsole.sigma.tree import items_of
from tests.sigma.events import WINDOWS, an_event

RULE = r"""
title: Mimikatz
id: 00000000-0000-4000-8000-000000000001
logsource: {product: windows}
detection:
  selection:
    Image|endswith: '\mimikatz.exe'
    CommandLine|contains|all: [sekurlsa, logon]
    User: [ann, bob]
  filter:
    Computer: lab
  words: [privilege]
  condition: selection and words and not filter
level: high
socconsole: {runbook: credential-theft, fingerprint: [Image]}
"""


def test_every_part_that_matched_is_told_with_its_place(rules):
    fields = {
        "Image": r"C:\x\mimikatz.exe",
        "CommandLine": "Privilege::debug SEKURLSA::logonpasswords",
        "User": "bob",
        "Computer": "pc-1",
    }
    event = an_event(fields)
    (detection,) = Matcher(rules(RULE)).match(event)
    assert [(p.selection, p.field, p.pattern) for p in detection.parts] == [
        ("selection", "Image", r"endswith \mimikatz.exe"),
        ("selection", "CommandLine", "contains sekurlsa"),
        ("selection", "CommandLine", "contains logon"),
        ("selection", "User", "equals bob"),
        ("words", None, "contains privilege"),
    ]
    marked = [event.raw[slice(*span)] for part in detection.parts for span in part.spans]
    assert marked == [r"\\mimikatz.exe", "SEKURLSA", "logon", "bob", "Privilege"]
    assert detection.rule.runbook == "credential-theft"
    assert detection.rule.fingerprint_fields == ("Image",)


def test_the_runbook_may_stand_at_the_top_too(rules):
    text = RULE.replace("socconsole: {runbook: credential-theft, fingerprint: [Image]}", "")
    (rule,) = rules(text + "runbook: other\nfingerprint: User\n").rules
    assert (rule.runbook, rule.fingerprint_fields) == ("other", ("User",))


def test_an_unknown_key_of_ours_is_warned_about(rules):
    ruleset = rules(RULE.replace("runbook:", "runbok:"))
    assert "Did you mean runbook?" in str(ruleset.warnings[0])


def test_nothing_is_marked_where_the_value_is_not_in_the_line(rules):
    event = an_event(
        {"Image": r"C:\mimikatz.exe", "CommandLine": "sekurlsa logon privilege"}, raw="{}"
    )
    event.fields["User"] = "ann"
    (detection,) = Matcher(rules(RULE)).match(event)
    assert not any(part.spans for part in detection.parts)


def test_no_value_of_32_kb_is_slow_whatever_the_rules(public_rules):
    sources = (LogSource("windows", "process_creation"), LogSource("windows", None, "sysmon"))
    matcher = Matcher(public_rules, expected=[sources])
    words = "powershell -enc cmd.exe /c net user \\windows\\system32 .dll http:// -w hidden iex "
    for value in ("a" * 32_000, (words * 500)[:32_000], "\\x" * 16_000, "'\"&$()" * 5_000):
        took = []
        for number in range(3):  # each is a new value; a pass over all rubbish may hit one of them
            fields = {"CommandLine": f"{value}{number}", "Image": r"C:\Windows\cmd.exe"}
            started = time.thread_time()
            matcher.match(an_event({**fields, "EventID": 1}, sources=sources))
            took.append(time.thread_time() - started)
        # Ten milliseconds are the aim (tests/bench); ten times that is broken on any machine.
        assert min(took) < 0.1


@pytest.mark.parametrize("other", ["other", "höher", '"\\0"'])
def test_lines_searched_together_are_told_apart(rules, other):
    words = f"{{s: [wicked, 'C:\\x', {other}], condition: s}}"
    text = f"title: W\nlogsource: {{product: windows}}\ndetection: {words}"
    partition = Partitions(rules(text)).of((LogSource("windows"),))
    assert partition.scan is not None
    words = ("", "WICKED", "", "wicke", "C:\\x", "", "wicked")
    lines = [json.dumps({"a": "y" * place + word}) for place, word in enumerate(words)]
    assert set(partition.scan.suspects(lines)) == {1, 4, 6}
    assert set(partition.scan.suspects(["wicked " * 1000, "", "x"])) >= {0}
    assert not partition.scan.suspects(["wick", "ed", ""])
    assert set(partition.scan.suspects(["x", json.dumps(f"a{chr(0)}b")])) == {1}  # it may hide here


@pytest.fixture
def lines_are_searched(monkeypatch):
    """Search the first line already, without waiting until that is worth the compilation."""
    monkeypatch.setattr(keywords, "_PATIENCE", 0)


@pytest.mark.usefixtures("lines_are_searched")
def test_a_letter_that_only_looks_foreign_answers_a_keyword(rules):
    text = "title: W\nlogsource: {product: windows}\ndetection: {s: [mimikatz], condition: s}"
    matcher = Matcher(rules(text))
    long = "é" * 600
    for word, count in (("mimi\u212aatz", 1), ("m\u0130mikatz", 0), ("MIMIKATZ", 1), ("é", 0)):
        event = an_event({"a": long + word})
        event.raw = json.dumps(event.fields, ensure_ascii=False)
        event.decoded = event.raw, event.fields, 1
        assert len(matcher.match(event)) == count
    beyond = map(chr, range(128, sys.maxunicode + 1))
    assert {c for c in beyond if any(map(str.isascii, c.lower()))} == set(LIKE_ASCII)


@pytest.mark.usefixtures("lines_are_searched")
def test_a_keyword_is_found_in_what_a_parser_took_out_of_the_line(rules):
    text = "title: W\nlogsource: {product: windows}\ndetection: {s: ['\\Temp\\x'], condition: s}"
    matcher = Matcher(rules(text))
    fields = {"a": "C:\\Temp\\x" + "y" * 600}
    assert matcher.match(an_event(fields))
    inside_another = json.dumps({"log": json.dumps(fields)})
    in_numbers = json.dumps({"a": [*fields["a"].encode()]})
    for raw in (inside_another, in_numbers):
        assert matcher.match(an_event(fields, raw=raw))


def test_a_long_list_costs_about_as_much_as_a_long_text(public_rules):
    trees = [one.tree for one in public_rules.definitions if one.tree is not None]
    items = [item for tree in trees for item in items_of(tree) if item.field == "CommandLine"]
    words = sorted({item.text for item in items if item.test == "contains"})
    matcher = Matcher(public_rules, expected=[WINDOWS])
    took = []
    for seed in range(3):
        fields = {"EventID": 1, "CommandLine": random.Random(seed).choices(words, k=2000)}
        event = an_event(fields)
        started = time.thread_time()
        assert len(matcher.match(event)) > 50
        took.append(time.thread_time() - started)
    assert min(took) < 0.2  # 1.5 s where each element is looked at for each item


def test_of_a_list_with_nuls_every_text_is_looked_at_by_itself(rules):
    text = "title: W\nlogsource: {product: windows}\ndetection: {s: {A: b}, condition: s}"
    matcher = Matcher(rules(text))
    assert not matcher.match(an_event({"A": ["a\0b\0c", "d"]}))
    assert matcher.match(an_event({"A": ["a\0b\0c", "B"]}))
