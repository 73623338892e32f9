"""Literals searched together: every way of searching finds the same."""

import random

import hyperscan
import pytest

from socconsole.sigma import needles, partitions, searches
from socconsole.sigma.match import Matcher
from socconsole.sigma.needles import Needles
from socconsole.sigma.partitions import Partitions
from socconsole.sigma.searches import Searches
from socconsole.sigma.table import FieldTable
from tests.sigma.events import WINDOWS, an_event


def a_text(chance, length, letters):
    return "".join(chance.choices(letters, k=length))


@pytest.mark.parametrize("letters", ["ab\\. é\n'", "ab\0"])
@pytest.mark.parametrize("count", [1, needles._FEW, needles._FEW + 1, 300])
def test_every_search_finds_what_occurs(count, letters, monkeypatch):
    monkeypatch.setattr(needles, "_WORTH_COMPILING", 20)
    chance = random.Random(count)
    texts = tuple({a_text(chance, chance.randint(1, 6), letters): None for _ in range(count)})
    search = Needles(texts)
    for _ in range(300):
        inside = a_text(chance, chance.randint(0, 60), letters)
        assert set(search.found(inside)) == {n for n, text in enumerate(texts) if text in inside}
    assert search._patience <= 0 or count <= needles._FEW


def test_a_search_is_compiled_once_for_all_processes(tmp_path, monkeypatch):
    monkeypatch.setattr(needles, "_WORTH_COMPILING", 0.1)
    texts = tuple(map("word {}".format, range(10)))
    assert Needles(texts, Searches(tmp_path)).found("no word 7 here") == {7}
    (kept,) = tmp_path.iterdir()
    monkeypatch.setattr(needles, "_automaton", None)  # not asked any more
    assert Needles(texts, Searches(tmp_path)).found("no word 7 here") == {7}
    monkeypatch.undo()
    kept.write_bytes(kept.read_bytes()[:-1] + b"?")
    assert Needles(texts, Searches(tmp_path)).found("word 1, word 8") == {1, 8}


def test_the_folder_of_searches_stays_small(tmp_path, monkeypatch):
    monkeypatch.setattr(searches, "KEPT_FILES", 5)
    for number in range(8):
        Searches(tmp_path).compiled([b"%d" % number], flags=0)
    assert len(list(tmp_path.iterdir())) == 5
    assert Searches(tmp_path).known([b"%d" % number], flags=0)
    assert Searches(tmp_path / "1" / "2").known([b"1"], flags=0) is None


def test_the_first_event_of_expected_log_sources_waits_for_nothing(rules, tmp_path, monkeypatch):
    monkeypatch.setattr(partitions, "_MANY_RULES", 1)
    words = [f"word {number}" for number in range(10)]
    values = f"{{a: {{CommandLine|contains: {words}}}, b: {words}, condition: a or b}}"
    text = f"title: W\nlogsource: {{product: windows}}\ndetection: {values}"
    for _ in range(2):  # what was compiled is there for the next one
        with monkeypatch.context() as patched:
            matcher = Matcher(rules(text, cache=tmp_path / "kept"), expected=[WINDOWS])
            for made in ((FieldTable, "_build"), (needles, "_automaton"), (Searches, "compiled")):
                patched.setattr(*made, None)
            assert matcher.match(an_event({"CommandLine": "a word 7"}))
            assert matcher.match(an_event({"User": "x" * 600 + "word 3"}))
        monkeypatch.setattr(hyperscan, "Database", None)


def test_rules_of_expected_log_sources_are_ready_for_values_yet_unseen(rules, monkeypatch):
    monkeypatch.setattr(partitions, "_MANY_RULES", 1)
    condition = "{s: {A|re: 'a.c'}, f: {B: [C, D]}, g: {E: F}, condition: s and not (f or g)}"
    ruleset = rules(f"title: R\nlogsource: {{product: windows}}\ndetection: {condition}")
    matcher = Matcher(ruleset, expected=[WINDOWS])
    for made in ("table.text_check", "partition.event_check", "patterns._program"):
        monkeypatch.setattr(f"socconsole.sigma.{made}", None)
    assert matcher.match(an_event({"A": "abc"}))


def test_log_sources_of_few_rules_wait_for_their_first_event(rules):
    text = "title: W\nlogsource: {product: windows}\ndetection: {s: {A: b}, condition: s}"
    assert not Partitions(rules(text), [WINDOWS])._by_rules
