"""What a rule author is told, and what a hostile author cannot do."""

import time
from itertools import count
from pathlib import Path

import pytest

from socconsole.sigma import quarantine
from socconsole.sigma.match import Matcher
from socconsole.sigma.rules import load_rules
from tests.sigma.events import an_event

GOOD = """title: Good
id: 00000000-0000-4000-8000-0000000000aa
logsource: {product: windows}
detection:
  selection: {A: x}
  condition: selection
"""


def rule(detection, rest="", number=1):
    return (
        f"title: Bad\nid: 00000000-0000-4000-8000-00000000000{number}\n"
        f"logsource: {{product: windows}}\n{rest}detection:\n{detection}\n"
    )


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (rule("  s:\n    A|contians: x\n  condition: s"), 6, "Did you mean contains?"),
        (rule("  s: {A: x}\n  condition: s and t"), 6, "'t'"),
        (rule("  s: {A: x}\n  condition: s AND s"), 6, "small letters"),
        (rule("  s: {A: x}\n  condition: 1 of t*"), 6, "names no selection"),
        (rule("  s: {A: x}\n  condition: s | count() > 5"), 6, "Write a correlation"),
        (rule("  s: {A: x}"), 4, "condition"),
        (rule("  s:\n    A|re: '(?=a)b'\n  condition: s"), 6, "invalid perl operator"),
        (rule("  s:\n    A|re: '(a)\\1'\n  condition: s"), 6, "invalid escape sequence"),
        (rule("  s:\n    A|re: '(a{1000}){1000}'\n  condition: s"), 6, "repetition"),
        (rule("  s:\n    A|cidr: 10.0.0.1/8\n  condition: s"), 6, "host bits"),
        (rule("  s:\n    A|expand: '%nobody%'\n  condition: s"), 6, "'%nobody%' has no values"),
        (rule("  s:\n    A|gt: x\n  condition: s"), 6, "`gt` cannot take 'x'. It takes a number"),
        (rule("  s: {A: x}\n  condition: s", "level: hgih\n"), 4, "'hgih'"),
        (rule("  s: {A: x}\n  s: {A: y}\n  condition: s"), 6, "'s' stands twice"),
        (rule("  s: {A: x\n  condition: s"), 6, "not YAML"),
        (rule("  s:\n    A|windash: '-a -b -c -d'\n  condition: s"), 6, "three dash"),
        (rule("  s: {A: x}\n  condition: 2 of s*"), 6, "Only `1 of`"),
        (rule("  s: {A: x}\n  condition: ''"), 6, "is empty"),
        (rule("  s:\n  condition: s"), 5, "asks for nothing"),
        (rule("  s:\n    5: x\n  condition: s"), 6, "in quotes"),
        (rule("  s: {A: x}\n  7: {A: x}\n  condition: s"), 6, "name of a selection"),
        (rule("  s:\n    A|re: 5\n  condition: s"), 6, "`re` cannot take 5"),
        (rule("  s:\n    A|contains|i: x\n  condition: s"), 6, "It follows `re`"),
        (rule("  s:\n    A|contains: true\n  condition: s"), 6, "It takes text"),
        (rule("  s:\n    A: 2026-11-21\n  condition: s"), 6, "as text"),
        (rule("  s: {A: x}\n  condition: s", "date: 2026-13-45\n"), 4, "is no date"),
        (rule("  s: {A: x}\n  condition: s", "tags: [attack.x,\n  nodot]\n"), 5, "attack.t1110"),
        (rule("  s: {A: x}\n  condition: s", "related: [{id: x, type: derived}]\n"), 4, "UUID"),
        (rule("  s: {A: x}\n  condition: s", "id2: x\nid3: x\n").replace("id3", "id"), 5, "twice"),
        (rule("  s: {A: x}\n  condition: " + "not " * 900 + "s"), 6, "too deeply"),
        (rule("  s:\n\tA: x\n  condition: s"), 6, "not with tabs"),
        ("title: Nothing\nlogsource: {product: x}\n", 1, "detection"),
        ("- a\n- b\n", 1, "a mapping"),
    ],
)  # fmt: skip
def test_a_refusal_names_the_line_and_the_reason(rules, text, line, words):
    ruleset = rules(GOOD, text, errors=True)
    assert [r.title for r in ruleset.rules] == ["Good"]
    (error,) = ruleset.errors
    assert words in str(error)
    assert error.where.endswith(f"001.yml:{line}")


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("{type: event_cuont, rules: [g], timespan: 1m, condition: {gte: 1}}", "event_count?"),
        ("{type: event_count, rules: [g], timespan: 0m, condition: {gte: 1}}", "not a time span"),
        ("{type: event_count, rules: [g], timespan: 1H, condition: {gte: 1}}", "not a time span"),
        ("{type: event_count, rules: [g], timespan: 1m}", "needs a limit"),
        ("{type: value_count, rules: [g], timespan: 1m, condition: {gte: 1}}", "needs `field`"),
        ("{type: event_count, rules: [x], timespan: 1m, condition: {gte: 1}}", "'x'"),
        ("{type: event_count, rules: [w], timespan: 1m, condition: {gte: 1}}", "itself"),
        ("{type: event_count, rules: [g], timespan: 1m, condition: {gte: many}}", "not a number"),
        ("{type: event_count, rules: [g], timespan: 1m, conditoin: {gte: 1}}", "condition?"),
        ("{type: event_count, rules: [g], timespan: 1m, condition: g}", "temporal alone"),
        ("{type: temporal, rules: [g, g], timespan: 1m}", "one rule"),
        (
            "{type: temporal, rules: [g, 00000000-0000-4000-8000-0000000000aa], timespan: 1m}",
            "one rule",
        ),
        ("{type: event_count, rules: [g], timespan: 1m, condition: {gt: 9, lt: 5}}", "at once"),
        ("{type: event_count, rules: [g], timespan: 1m, condition: {gt: 5, eq: 5}}", "at once"),
        ("{type: event_count, rules: [g], timespan: 1m, condition: {gte: .nan}}", "not a number"),
        ("{type: event_count, rules: [gg], timespan: 1m, condition: {gte: 2}}", "not loaded"),
        ("{type: event_count, rules: [g], condition: {gte: 2}}", "needs a `timespan`"),
        ("{type: temporal, timespan: 1m, condition: g and}", "its end"),
        ("{type: temporal, timespan: 1m, condition: g and (g}", "cannot be read at '('"),
        ("{type: temporal, timespan: 1m, condition: g g}", "cannot be read at 'g'"),
        ("{type: temporal, timespan: 1m, condition: not g}", "no rule has matched"),
        ("{type: temporal, rules: [g, h], timespan: 1m, condition: g}", "'h' stands in one"),
        ("{type: temporal, timespan: 1m, condition: g and h}", "'h'"),
    ],
)
def test_a_correlation_is_refused_with_its_reason(rules, section, words):
    text = (
        f"{GOOD}name: g\n---\ntitle: W\nname: w\nid: 00000000-0000-4000-8000-000000000009\n"
        f"correlation: {section}\n"
    )
    ruleset = rules(text, errors=True)
    assert words in " ".join(map(str, ruleset.errors))
    assert [r.title for r in ruleset.rules] == ["Good"]


def test_a_path_without_rules_is_told_as_it_was_written():
    (error,) = load_rules(["~nobody-of-that-name/rules"]).errors
    assert str(error).startswith("~nobody-of-that-name/rules: There is no such")


def test_a_folder_that_may_not_be_entered_is_told(monkeypatch, tmp_path):
    def refuse(_path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_file", refuse)
    (error,) = load_rules([tmp_path / "shut" / "rules"]).errors
    assert "Permission denied" in str(error)


LOOKALIKE = """title: Bad
id: 00000000-0000-4000-8000-000000000001
description: a level of hgih, a condition with s and t, and A|cidr
logsource: {product: windows}
detection:
  t:
    IntegrityLevel: high
    A|cidr: 10.0.0.0/8
  s:
    A|cidr: 10.0.0.1/8
  condition: s and t
level: high
"""


@pytest.mark.parametrize(
    ("right", "wrong", "line"),
    [
        ("", "", 10),
        ("level: high\n", "level: hgih\n", 12),
        ("s and t", "s and u", 11),
    ],
)
def test_a_place_is_not_mistaken_for_another_that_reads_alike(rules, right, wrong, line):
    text = LOOKALIKE.replace(right, wrong)
    if right:
        text = text.replace("10.0.0.1/8", "10.1.0.0/16")
    (error,) = rules(text, errors=True).errors
    assert error.where.endswith(f".yml:{line}"), str(error)


def test_a_bad_document_does_not_take_the_next_one_down(rules):
    text = f"title: Bad\ndate: 2026-13-45\n---\n{GOOD}---\na: 1\na: 2\n"
    ruleset = rules(text, errors=True)
    assert [one.title for one in ruleset.rules] == ["Good"]
    assert [error.where.rpartition(":")[2] for error in ruleset.errors] == ["2", "12"]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (GOOD.replace("condition", "u: {A: y}\n  condition"), 6, "leaves 'u' out"),
        (GOOD.replace("{A: x}", "{A: [x, null]}"), 5, "no null among"),
        (GOOD.replace("{A: x}", "{A|hour: 24}"), 5, "No time has the hour 24"),
        (GOOD.replace("{A: x}", "{A|re|startswith: x}"), 5, "^ says where"),
        (GOOD + "levle: high\n", 7, "Did you mean level?"),
        (GOOD + "socconsole: {runbok: x}\n", 7, "Did you mean runbook?"),
    ],
)
def test_what_is_probably_a_slip_is_warned_about(rules, text, line, words):
    (warning,) = rules(text).warnings
    assert words in str(warning)
    assert warning.where.endswith(f"000.yml:{line}")


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("{type: event_count, rules: [g], timespan: 1m, condition: {gte: 2, field: A}}", "`field`"),
        ("{type: silent_source, rules: [g], timespan: 1m, condition: {gte: 2}}", "`gte`"),
        ("{type: temporal, rules: [g], timespan: 1m, learn: 1d}", "`learn`"),
        ("{type: temporal, rules: [g], timespan: 1m, aliases: {who: {g: A}}}", "'who'"),
    ],
)
def test_what_a_correlation_does_not_heed_is_warned_about(rules, section, words):
    text = f"{GOOD}name: g\n---\ntitle: W\ncorrelation: {section}\n"
    (warning,) = rules(text).warnings
    assert words in str(warning)
    assert warning.where.endswith(":10")


def test_two_rules_may_not_have_one_id(rules):
    ruleset = rules(GOOD, GOOD, errors=True)
    assert len(ruleset.rules) == 1
    assert "already used at" in str(ruleset.errors[0])


def test_of_two_rules_with_one_name_both_stay_and_the_first_has_it(rules):
    other = GOOD.replace("aa\n", "ab\n").replace("A: x", "A: y")
    burst = """title: W
correlation: {type: event_count, rules: [g], timespan: 1m, condition: {gte: 1}, generate: true}
"""
    ruleset = rules(f"{GOOD}name: g\n", f"{other}name: g\n", burst)
    assert len(ruleset.rules) == 3
    assert "already used at" in str(ruleset.warnings[0])
    assert [d.rule.title for d in Matcher(ruleset).match(an_event({"A": "x"}))] == ["Good", "W"]
    assert [d.rule.title for d in Matcher(ruleset).match(an_event({"A": "y"}))] == ["Good"]


def test_deprecated_and_disabled_rules_are_left_out_and_said_so(rules):
    old = rule("  s: {A: x}\n  condition: s", "status: deprecated\n")
    ruleset = rules(GOOD, old, disabled=["00000000-0000-4000-8000-0000000000aa"])
    assert not ruleset.rules
    assert sorted(why for _, why in ruleset.skipped) == [
        "disabled in the settings",
        "its status is deprecated",
    ]


def test_what_is_left_out_need_not_be_readable(rules):
    old = rule("  s: {A: x}\n  condition: s | count() by B > 5", "status: unsupported\n")
    ((_, why),) = rules(GOOD, old).skipped
    assert why == "its status is unsupported"


def test_a_filter_is_anded_and_one_without_not_is_warned_about(rules):
    part = """title: Filter
logsource: {{product: windows}}
filter:
  rules: any
  admin: {{User: admin}}
  condition: {}
"""
    usual = rules(GOOD, part.format("not admin"))
    assert not usual.warnings
    assert Matcher(usual).match(an_event({"A": "x", "User": "eve"}))
    assert not Matcher(usual).match(an_event({"A": "x", "User": "admin"}))
    odd = rules(GOOD, part.format("admin"))
    assert "keeps what it describes" in str(odd.warnings[0])
    assert odd.warnings[0].where.endswith("001.yml:6")
    assert Matcher(odd).match(an_event({"A": "x", "User": "admin"}))


def test_an_empty_list_is_warned_about(rules):
    ruleset = rules(rule("  s: {A: []}\n  condition: s"))
    assert "empty list" in str(ruleset.warnings[0])


BOMB = "\n".join(["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40))])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (BOMB, "aliases"),
        ("a: &a [*a]\n", "aliases"),
        ("[" * 100_000, "nesting"),
        ("- " * 100_000 + "x", "nesting"),
        ("? - " * 50_000 + "x", "nesting"),
        ("x: " + "{a: " * 5000 + "}" * 5000, "nesting"),
        ("title: !!python/object/apply:os.system [ls]\n", "constructor"),
        pytest.param("title: x\n" + "#" * 2_000_000, "bytes", id="large"),
        ("title: \udcff", "UTF-8"),
        ("\0", "YAML"),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_a_hostile_file_is_refused_quickly_and_harms_no_other(rules, tmp_path, text, words):
    (tmp_path / "zzz.yml").write_bytes(text.encode(errors="surrogateescape"))
    started = time.process_time()
    ruleset = rules(GOOD, errors=True)
    assert time.process_time() - started < 2
    assert len(ruleset.rules) == 1
    assert any(words in str(error) for error in ruleset.errors)


def test_expansions_are_bounded(rules):
    many = {"p": [str(n) for n in range(60)], "q": [str(n) for n in range(60)]}
    text = rule("  s:\n    A|expand: '%p%-%q%'\n  condition: s")
    assert "3600 values" in str(rules(text, errors=True, placeholders=many).errors[0])
    values = ", ".join(f"v{n}" for n in range(20_001))
    text = rule(f"  s:\n    A: [{values}]\n  condition: s", number=2)
    assert "more than 20,000 values" in str(rules(text, errors=True).errors[-1])


@pytest.mark.parametrize(
    ("selection", "condition", "words"),
    [
        (" -a -b -c", "s", "20,000 values"),
        ("x", " or ".join(["s"] * 5000), "24,996 characters"),
    ],
)
def test_what_would_take_long_to_write_out_is_refused_at_once(rules, selection, condition, words):
    values = "".join(f"\n      - '{selection}{n}'" for n in range(5000))
    text = rule(f"  s:\n    A|windash|contains:{values}\n  condition: {condition}")
    started = time.process_time()
    assert words in str(rules(text, errors=True).errors[0])
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("patterns", "words"), [(["a?" * 2000], "4,000 characters"), (["a{900}"] * 201, "200 patterns")]
)
def test_patterns_are_bounded(rules, patterns, words):
    text = rule(f"  s:\n    A|re: [{', '.join(map(repr, patterns))}]\n  condition: s")
    assert words in str(rules(text, errors=True).errors[0])


def test_nothing_is_written_past_the_screen(rules, capfd):
    text = rule("  s:\n    A|re: '(?=a)b'\n  condition: s")
    assert "Look-around" in str(rules(text, errors=True).errors[0])
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(.*a){20}", "^(([a-z])+.)+[A-Z]$"])
def test_no_pattern_makes_a_long_value_slow(rules, pattern):
    ruleset = rules(rule(f"  s:\n    A|re: '{pattern}'\n  condition: s"))
    matcher = Matcher(ruleset)
    started = time.process_time()
    matcher.match(an_event({"A": "a" * 32_000 + "!"}))
    assert time.process_time() - started < 1


def test_a_rule_beyond_its_budget_is_named_and_spared_long_values(rules, monkeypatch):
    monkeypatch.setattr(quarantine, "BUDGET_NS", 0)
    monkeypatch.setattr(quarantine, "HARDER", 0)
    matcher = Matcher(rules(rule("  s:\n    A|re: 'x+y'\n  condition: s")))
    for number in range(quarantine.STRIKES):
        assert matcher.match(an_event({"A": f"{number}xy" + "z" * 4000}))
    assert not matcher.match(an_event({"A": "another xy" + "z" * 4000}))
    assert matcher.match(an_event({"A": "a short xy"}))
    assert "Bad" in next(iter(matcher.quarantined.values()))


@pytest.mark.parametrize(
    ("milliseconds", "slower", "named"),
    [(1, 1, False), (1, 50, False), (4, 1000, False), (20, 1, True), (20, 50, True)],
)
def test_a_slow_machine_quarantines_no_rule(rules, monkeypatch, milliseconds, slower, named):
    clock = count(0, 100_000 * slower)  # what never changes takes 0.1 ms here
    monkeypatch.setattr(quarantine, "thread_time_ns", lambda: next(clock))
    one = rules(GOOD).rules[0]
    watched = quarantine.Quarantine()

    def work():
        for _ in range(10 * milliseconds - 1):
            next(clock)

    struck = [watched.suspect(one, work) for _ in range(quarantine.STRIKES)]
    assert struck == [False] * (quarantine.STRIKES - 1) + [named]
    assert (one.id in watched.rules) is named


@pytest.mark.parametrize(
    "nasty", ["'", '"', "\\\\", "'''", "{0}", "%s", "\\n", "]; import os; [", "lambda: 1", "#"]
)
def test_nothing_a_rule_says_becomes_code(rules, nasty):
    import yaml

    body = {
        "title": nasty,
        "logsource": {"product": "windows"},
        "detection": {
            "s": {f"{nasty}f.g": nasty, f"{nasty}h|contains": f"x{nasty}"},
            "condition": "s",
        },
    }
    ruleset = rules(yaml.safe_dump(body))
    plain = nasty.replace("\\\\", "\\")
    event = an_event({f"{nasty}f.g": plain, f"{nasty}h": f"x{plain}"})
    assert len(Matcher(ruleset).match(event)) == 1
