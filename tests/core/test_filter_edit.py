"""The prompt completes filters and changes them by the value under the cursor."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socconsole.core.filter import parse_filter
from socconsole.core.filter_edit import both, exclude, filled, gap_at, include, offers, only
from socconsole.core.filter_words import ALERT_FIELDS


def offered(text, values=()):
    gap = gap_at(text, len(text), ALERT_FIELDS)
    return None if gap is None else offers(gap, ALERT_FIELDS, values)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("se", "severity:"),
        ("host:a !us", "user:"),
        ("(sta", "status:"),
        ("severity>=h", "high"),
        ("status:new,ack", "acknowledged"),
        ("owner:m", "me"),
    ],
)
def test_names_and_choices_are_offered(text, first):
    assert offered(text)[0] == first


def test_real_values_are_offered_and_quoted_where_needed():
    assert offered("host:w", ["web-1", "web 2", "db-1"]) == ("web-1", '"web 2"')
    assert offered("host:1", ["web-1"]) == ("web-1",)


@pytest.mark.parametrize("text", ['"free te', "~fuz", "nosuch:x"])
def test_nothing_is_offered_where_nothing_is_known(text):
    assert offered(text) is None


def test_an_offer_fills_the_gap_and_moves_the_cursor():
    gap = gap_at("status:ne", 9, ALERT_FIELDS)
    assert filled("status:ne", gap, "new") == ("status:new ", 11)
    gap = gap_at("ho user:x", 2, ALERT_FIELDS)
    assert filled("ho user:x", gap, "host:") == ("host: user:x", 5)


def test_include_and_exclude_replace_each_other():
    text = include("status:new", "host", "web-1")
    assert text == "status:new host:web-1"
    assert exclude(text, "host", "web-1") == "status:new !host:web-1"
    assert include(text, "host", "web-1") == text


def test_two_filters_hold_both_whatever_stands_between_their_terms():
    assert both("", " host:a ") == "host:a"
    assert both("status:new", "host:a") == "status:new host:a"
    assert both("host:a or host:b", 'user:x "or"') == '(host:a or host:b) user:x "or"'


def test_a_term_added_to_alternatives_holds_for_all_of_them():
    text = include("host:a or host:b", "user", "root")
    assert text == "(host:a or host:b) user:root"
    assert exclude(text, "user", "x") == f"{text} !user:x"


@given(st.text(min_size=1, max_size=20))
def test_any_value_survives_being_written_and_read(value):
    (term,) = parse_filter(only("host", value), ALERT_FIELDS).terms()
    assert term.values == (value,)
