"""The filter language reads what analysts type and says where it is wrong."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socconsole.core.filter import FilterError, parse_duration, parse_filter
from socconsole.core.filter_tree import (
    Comparison,
    Contains,
    Either,
    Every,
    Fuzzy,
    Glob,
    Not,
    Special,
)
from socconsole.core.filter_words import ALERT_FIELDS, EVENT_FIELDS, TICKET_FIELDS
from socconsole.core.severity import Severity


def read(text, vocabulary=ALERT_FIELDS):
    return parse_filter(text, vocabulary).root


def terms(text, vocabulary=ALERT_FIELDS):
    """Return (field, operator, values) of every comparison in `text`."""
    found = parse_filter(text, vocabulary).terms()
    return [
        (term.field.name, term.op, term.values) for term in found if isinstance(term, Comparison)
    ]


def test_the_glossary_s_example_is_read_term_by_term():
    root = read(
        'severity>=high status:new host:web* rule:ssh !user:svc-* age<2h ~fuzzy "free text"'
    )
    assert isinstance(root, Every)
    severity, status, host, rule, user, age, fuzzy, text = root.nodes
    assert severity.values == (Severity.HIGH,)
    assert (status.op, status.values) == (":", ("new",))
    assert host.values == (Glob("web*"),)
    assert rule.values == ("ssh",)
    assert isinstance(user, Not)
    assert user.node.values == (Glob("svc-*"),)
    assert age.values == (timedelta(hours=2),)
    assert fuzzy == Fuzzy("fuzzy", fuzzy.at)
    assert text == Contains("free text", text.at)


def test_an_empty_filter_passes_everything():
    assert parse_filter("  ", ALERT_FIELDS).is_empty


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sev:crit", [("severity", ":", (Severity.CRITICAL,))]),
        ("status:new,ack", [("status", ":", ("new", "acknowledged"))]),
        ("owner:me", [("assignee", ":", (Special("me"),))]),
        ('user:"none"', [("user", ":", ("none",))]),
        ('host:"web *"', [("host", ":", ("web *",))]),
        ("is:unassigned", [("assignee", ":", (Special("none"),))]),
        ("is:open", [("status", ":", ("new", "acknowledged", "escalated"))]),
        ("count>=10", [("count", ">=", (10.0,))]),
        ("ip:2001:db8::1", [("source_ip", ":", ("2001:db8::1",))]),
        ("last_seen>=-15m", [("last_seen", ">=", (timedelta(minutes=15),))]),
        ("created>2026-11-21", [("created", ">", (datetime(2026, 11, 21, tzinfo=UTC),))]),
    ],
)
def test_values_are_read_by_the_kind_of_their_field(text, expected):
    assert terms(text) == expected


@pytest.mark.parametrize("text", ["http://evil.example/x", "fe80::1", r"C:\Windows", "10.0.0.1"])
def test_addresses_and_paths_are_plain_words(text):
    assert read(text) == Contains(text, (0, len(text)))


def test_a_closing_parenthesis_outside_a_group_is_text():
    assert terms("host:a)") == [("host", ":", ("a)",))]


def test_or_and_parentheses_group():
    root = read("host:a (user:b or user:c)")
    assert isinstance(root, Every)
    assert isinstance(root.nodes[1], Either)
    assert isinstance(read("host:a or host:b user:c"), Either)


def test_events_may_be_asked_for_any_field():
    assert terms("EventID:4688 http.status>=500", EVENT_FIELDS) == [
        ("EventID", ":", ("4688",)),
        ("http.status", ">=", ("500",)),
    ]


def test_tickets_have_words_of_their_own():
    assert terms("prio:P1", TICKET_FIELDS) == [("priority", ":", ("p1",))]


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("sverity:high", 1, "Did you mean severity?"),
        ("host:a severity>=hgih", 18, "informational, low, medium, high, critical"),
        ("age<2x", 5, "For example age<2h"),
        ("count>many", 7, "'many' is no number"),
        ("count>inf", 7, "'inf' is no number"),
        ("age:2h", 1, "It takes < <= > >="),
        ("host<a", 1, "It takes : = != ~"),
        ('"never closed', 1, "never ends"),
        ("(host:a", 1, "never closed"),
        ("host:", 6, "missing"),
        ("! x", 1, "Nothing follows"),
        ("a or", 3, "between two terms"),
        ("()", 1, "Nothing is in"),
        ("severity>=low,high", 1, "one value"),
        ("is:nothing", 4, "open, closed"),
        ("((" * 40, 51, "Too many"),
    ],
)
def test_a_bad_filter_says_where_and_what(text, column, says):
    with pytest.raises(FilterError) as refused:
        read(text)
    assert refused.value.at[0] + 1 == column
    assert says in str(refused.value)


@given(st.text(alphabet='abz:*?!~"()<>=, \\orage5hmseverity', max_size=40))
def test_any_text_is_read_or_refused_with_a_place(text):
    place = 0
    try:
        parse_filter(text, ALERT_FIELDS)
    except FilterError as error:
        place = error.at[0]
    assert 0 <= place <= len(text)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("1h30m", 5400), ("1.5h", 5400), ("1w", 604800)]
)
def test_spans_of_time(text, seconds):
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "5", "h", "2 h", "-1h", "9999999999999w"])
def test_what_is_no_span_of_time(text):
    with pytest.raises(ValueError, match="span of time"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["!" * 5_000 + "x", ("!" * 49 + "(") * 50 + "x" + ")" * 50])
def test_a_filter_that_is_turned_round_too_often_is_refused(text):
    with pytest.raises(FilterError, match="Too many"):
        parse_filter(text, ALERT_FIELDS)
