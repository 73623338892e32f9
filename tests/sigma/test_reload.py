"""Rule files that change while events are matched."""

import time

import pytest

from socconsole.sigma import reload
from socconsole.sigma.reload import ReloadingMatcher
from socconsole.sigma.rules import load_rules
from tests.sigma.events import an_event

RULE = """title: {title}
name: {title}
id: 00000000-0000-4000-8000-00000000000{number}
logsource: {{product: windows}}
detection:
  selection: {{A: {title}}}
  condition: selection
"""
BURST = """title: Burst
id: 00000000-0000-4000-8000-000000000009
correlation: {type: event_count, rules: [one], timespan: 1m, generate: true, condition: {gte: 3}}
"""


FILTER = """title: No admins
id: 00000000-0000-4000-8000-000000000008
logsource: {product: windows}
filter: {rules: [one], selection: {B: admin}, condition: not selection}
"""


@pytest.fixture
def matcher(tmp_path, monkeypatch):
    monkeypatch.setattr(reload, "LOOK_EVERY_SECS", 0.0)
    monkeypatch.setattr(reload, "SETTLE_SECS", 0.0)
    (tmp_path / "one.yml").write_text(RULE.format(title="one", number=1))
    (tmp_path / "burst.yml").write_text(BURST)
    told = []
    slow = []
    matcher = ReloadingMatcher(
        lambda before: load_rules([tmp_path], before=before),
        [tmp_path],
        on_reload=told.append,
        on_slow=slow.append,
    )
    matcher.told, matcher.slow = told, slow
    return matcher


def save(path, text):
    """Write a file whole at once: a thread may be reading."""
    path.with_suffix(".new").write_text(text)
    path.with_suffix(".new").replace(path)


def titles(matcher, value):
    return [d.rule.title for d in matcher.match(an_event({"A": value}))]


def until_told(matcher):
    deadline = time.monotonic() + 20
    while not matcher.told and time.monotonic() < deadline:
        matcher.match_all(())
        time.sleep(0.01)
    return matcher.told.pop()


def test_a_new_file_is_taken_up_and_windows_go_on(matcher, tmp_path):
    assert titles(matcher, "one") == ["one"]
    assert titles(matcher, "two") == []
    save(tmp_path / "two.yml", RULE.format(title="two", number=2))
    until_told(matcher)
    assert titles(matcher, "two") == ["two"]
    assert titles(matcher, "one") == ["one"]
    assert titles(matcher, "one") == ["one", "Burst"]


def test_a_bad_change_takes_no_other_rule_down(matcher, tmp_path):
    save(tmp_path / "two.yml", "title: [")
    assert "not YAML" in str(until_told(matcher).errors[0])
    assert titles(matcher, "one") == ["one"]


def test_a_rule_whose_file_goes_bad_runs_on_with_its_windows(matcher, tmp_path):
    assert titles(matcher, "one") == ["one"]
    assert titles(matcher, "one") == ["one"]
    for name in ("one.yml", "burst.yml"):
        save(tmp_path / name, "title: [")
        said = [str(error) for error in until_told(matcher).errors]
    assert [text.partition(": ")[0] for text in said] == [
        f"{tmp_path}/burst.yml:2",
        f"{tmp_path}/one.yml:2",
    ]
    assert "until it is mended, 'Burst' runs as loaded 20" in said[0]
    assert [text[:17] for text in matcher.remarks().values()] == ["runs as loaded 20"] * 2
    assert titles(matcher, "one") == ["one", "Burst"]


def test_what_is_mended_takes_the_place_of_what_ran_on(matcher, tmp_path):
    save(tmp_path / "one.yml", "title: [")
    until_told(matcher)
    save(tmp_path / "one.yml", RULE.format(title="one", number=1).replace("A: one", "A: two"))
    assert until_told(matcher).errors == ()
    assert titles(matcher, "one") == []
    assert titles(matcher, "two") == ["one"]
    assert matcher.remarks() == {}


def test_of_a_bad_file_what_is_good_is_taken_up_and_the_rest_runs_on(matcher, tmp_path):
    save(
        tmp_path / "both.yml",
        RULE.format(title="two", number=2) + "---\n" + RULE.format(title="three", number=3),
    )
    until_told(matcher)
    save(
        tmp_path / "both.yml",
        RULE.format(title="two", number=2).replace("A: two", "A|: two")
        + "---\n"
        + RULE.format(title="three", number=3).replace("A: three", "A: four"),
    )
    until_told(matcher)
    assert titles(matcher, "two") == ["two"]
    assert titles(matcher, "three") == []
    assert titles(matcher, "four") == ["three"]


def test_a_correlation_that_now_refers_to_nothing_counts_on(matcher, tmp_path):
    assert titles(matcher, "one") == ["one"]
    save(tmp_path / "burst.yml", BURST.replace("[one]", "[won]"))
    (error,) = until_told(matcher).errors
    assert error.what == "The rule 'won' it refers to is not loaded."
    assert "'Burst' runs as loaded" in error.hint
    titles(matcher, "one")
    assert titles(matcher, "one") == ["one", "Burst"]


def test_a_filter_that_goes_bad_filters_on(matcher, tmp_path):
    save(tmp_path / "filter.yml", FILTER)
    until_told(matcher)
    assert matcher.match(an_event({"A": "one", "B": "admin"})) == []
    for bad in ("title: [", FILTER.replace("[one]", "[won]")):
        save(tmp_path / "filter.yml", bad)
        assert "'No admins' runs as loaded" in until_told(matcher).errors[0].hint
        assert matcher.match(an_event({"A": "one", "B": "admin"})) == []
    (tmp_path / "filter.yml").unlink()
    until_told(matcher)
    assert titles(matcher, "one") == ["one"]


def test_rules_of_a_folder_that_is_locked_run_on(matcher, tmp_path, monkeypatch):
    inner = tmp_path / "inner"
    inner.mkdir()
    save(inner / "two.yml", RULE.format(title="two", number=2))
    until_told(matcher)
    monkeypatch.setattr("socconsole.sigma.rule_files._is_rule_file", lambda name: name != "two.yml")
    (error,) = until_told(matcher).errors
    assert error.where == str(inner)
    assert error.hint.startswith("Check its rights. It is bad since 20")
    assert titles(matcher, "two") == ["two"]


def test_a_file_that_is_being_written_is_read_when_it_is_whole(matcher, tmp_path, monkeypatch):
    whole = RULE.format(title="two", number=2)
    halves = iter([whole[:90], whole])

    def write_on(_secs):
        for text in halves:
            (tmp_path / "two.yml").write_text(text)
            return

    monkeypatch.setattr(reload, "sleep", write_on)
    (tmp_path / "two.yml").write_text(whole[:40])
    ruleset = until_told(matcher)
    assert ruleset.errors == ()
    assert titles(matcher, "two") == ["two"]


def test_a_removed_file_is_gone(matcher, tmp_path):
    (tmp_path / "burst.yml").unlink()
    (tmp_path / "one.yml").replace(tmp_path / "other.txt")
    until_told(matcher)
    assert titles(matcher, "one") == []


def test_a_rule_that_takes_too_long_is_named_once(matcher, tmp_path, monkeypatch):
    monkeypatch.setattr("socconsole.sigma.quarantine.BUDGET_NS", 0)
    monkeypatch.setattr("socconsole.sigma.quarantine.HARDER", 0)
    slow = RULE.format(title="two", number=2).replace("A: two", "A|re: 'x+y'")
    save(tmp_path / "two.yml", slow)
    until_told(matcher)
    for number in range(8):
        titles(matcher, f"{number} xxy" + "z" * 4000)
    assert [text.split(":")[0] for text in matcher.slow] == ["two"]
