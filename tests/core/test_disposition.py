"""A verdict is complete before anything closes with it."""

import pytest

from socconsole.core.disposition import check_verdict, parse_verdict
from socconsole.errors import TransitionError, UsageError


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("true_positive:malicious", "true_positive:malicious"),
        ("true-positive:policy", "true_positive:policy"),
        ("benign_positive", "benign_positive:expected"),
        ("false_positive", "false_positive:rule_logic"),
        ("false_positive:bad data", "false_positive:bad_data"),
        ("duplicate", "duplicate"),
        ("Undetermined", "undetermined"),
    ],
)
def test_a_verdict_is_read_as_people_write_it(text, shown):
    assert str(parse_verdict(text)) == shown


@pytest.mark.parametrize(
    "text", ["true_positive", "fine", "duplicate:x", "false_positive:expected"]
)
def test_what_is_not_a_verdict_is_refused_with_what_is(text):
    with pytest.raises(UsageError) as refused:
        parse_verdict(text)
    assert refused.value.hint.startswith("Use ")


@pytest.mark.parametrize("text", ["true_positive:policy", "undetermined"])
def test_some_verdicts_need_a_note(text):
    with pytest.raises(TransitionError, match="note"):
        check_verdict(parse_verdict(text), has_ticket=True)
    check_verdict(parse_verdict(text, note="seen in the proxy log"), has_ticket=True)


def test_a_duplicate_names_its_original():
    with pytest.raises(TransitionError, match="repeats"):
        check_verdict(parse_verdict("duplicate"), has_ticket=False)
    check_verdict(parse_verdict("duplicate", duplicate_of=7), has_ticket=False)


def test_a_malicious_true_positive_belongs_in_a_ticket():
    verdict = parse_verdict("true_positive:malicious", note="shell on web-1")
    with pytest.raises(TransitionError, match="ticket"):
        check_verdict(verdict, has_ticket=False)
    check_verdict(verdict, has_ticket=True)
