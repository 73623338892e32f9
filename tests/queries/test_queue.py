"""The queue is read in pages, and a filter means the same in SQL as in memory."""

from dataclasses import replace
from itertools import cycle, product

import pytest
from sqlalchemy import event
from sqlalchemy import text as sql_text
from sqlalchemy.dialects import postgresql

from socconsole.core.detection import Window
from socconsole.core.disposition import parse_verdict
from socconsole.core.event import EventCategory
from socconsole.core.filter import parse_filter
from socconsole.core.filter_match import Reading, Viewer, predicate
from socconsole.core.filter_words import ALERT_FIELDS
from socconsole.core.severity import Severity
from socconsole.errors import UsageError
from socconsole.services import alerts
from socconsole.store.queries import narrowing, sampling
from socconsole.store.queries.filter_sql import Asking, lists_of_tags
from socconsole.store.queries.grouping import facets, known_values
from socconsole.store.queries.queue import (
    SORTS,
    QueueQuery,
    newest_id,
    page_end,
    queue_count,
    queue_counts,
    queue_ids,
    queue_news,
    queue_page,
    queue_rows,
)
from socconsole.store.tables import Alert, Ticket, table_of
from tests.services.alert_making import NOON, bring, detection, minutes

LATER = NOON + minutes(30)

FILTERS = [
    "is:open",
    "is:shelved",
    "is:closed",
    "is:mine status:acknowledged",
    "status!=closed",
    "status:new severity>=high",
    "status:new,closed severity<high",
    "severity:critical status:new",
    "status:new host:web*",
    "status:new host:WEB-1",
    "status:new host:DC_1",
    "status:new host:D__1",
    'status:new host:"web%3"',
    "status:new host:web?3",
    "status:new !host:web*",
    "status:new host:h\u00f6st",
    "status:closed,shelved user:none",
    "status:closed,shelved user:any",
    "status:new !user:root",
    "status:new user!=root",
    "status:new,escalated ip:203.0.113.*",
    "status:new ip:none",
    "status:new rule:ssh",
    "status:new rule:100%",
    "status:shelved rule:100%",
    'status:new rule="web shell"',
    "status:new rule:id-Web*",
    "status:new,shelved tag:t1496",
    "status:new,shelved tag=attack.t1496",
    "status:new tag:t1110",
    "tag:no-such-tag",
    "tag:attack.t1496,attack.t1110 host:web*",
    "status:new source:sysmon",
    "status:new source:sys*,auth",
    "status:new !source:auth",
    "status:new category:exception",
    "status:new category:warning,maintenance",
    "status:new category:none",
    "status:new !category:warning",
    "status:new,escalated ticket:any",
    "status:new,escalated ticket:none",
    "status:new,escalated ticket:SOC-2026-*",
    "status:new,acknowledged assignee:none",
    "status:new,acknowledged assignee:mara",
    "status:new,closed count>=12",
    "status:new count<2 rank>=60",
    "status:new age<1h",
    "status:new age<29m",
    "status:new created>=2026-11-21T12:00",
    "status:new last_seen>=-31m",
    "disposition:any",
    "disposition:none status:new",
    "disposition:benign reason:test",
    "id:3",
    "id:1,2 or id:5",
    "status:new (host:web-1 or rule:lsass)",
    "status:new ~lsmem",
    "~qzxq",
    "status:new host:*b-1",
    "status:new host:none",
    "status:new (host~wb or ~lsmem)",
    "status:new (user~qzx or ip:*.113.*)",
    "status:new user~rt",
    'status:new "brute force"',
    "status:new failed",
    "status:new 203.0",
    "status:new 100%",
    "!status:closed !(host:web* or severity:critical)",
]
"""Each asks about states, so that nothing is implied."""


@pytest.fixture
def shift(database):
    """A database with a dozen alerts in every state."""
    found = [
        detection("SSH brute force", level=Severity.MEDIUM, host="web-1", user="root"),
        detection("SSH brute force", level=Severity.MEDIUM, host="web-2", user="svc-backup"),
        detection(
            "LSASS memory access", level=Severity.CRITICAL, host="DC_1", source="sysmon",
            category=EventCategory.EXCEPTION,
        ),
        detection("Web shell", level=Severity.HIGH, host="web-1", source_ip="203.0.113.7"),
        detection("Web shell", level=Severity.HIGH, host="web%3", source_ip="2001:db8::1"),
        detection(
            "Odd 100% CPU", level=Severity.LOW, host="db-1", user=None, tags=("attack.t1496",)
        ),
        detection("Crontab change", level=Severity.LOW, host="db-1", user="Mara"),
        detection("Sudo abuse", level=Severity.HIGH, host="h\u00f6st", user="root"),
    ]  # fmt: skip
    heard = Window("silent_source", {"host": "h\u00f6st"}, 0, NOON, NOON, at_close=True)
    found[-1] = replace(found[-1], window=heard)
    ids = bring(database, *found).alert_ids
    bring(database, *(found[0] for _ in range(11)), now=NOON + minutes(10))
    act(database, alerts.acknowledge, [ids[1]])
    act(database, alerts.shelve, [ids[5]], "patching")
    act(database, alerts.close, [ids[6]], parse_verdict("benign_positive:test"))
    with database.begin() as session:
        ticket = Ticket(human_id="SOC-2026-001", title="t", opened_at=NOON, opened_by="mara")
        session.add(ticket)
        session.flush()
        alerts.escalate(session, [ids[3]], ticket.id, by="ines", now=LATER)
    return database


@pytest.fixture
def sqlite_shift(shift):
    if not shift.is_sqlite:
        pytest.skip("a server's planner needs no samples")
    return shift


def act(database, verb, *arguments):
    with database.begin() as session:
        verb(session, *arguments, by="mara", now=NOON + minutes(10))


def query(text, **options):
    return QueueQuery.of(text, login="mara", now=LATER, **options)


def found(database, text, **options):
    with database.read() as session:
        return list(queue_ids(session, query(text, **options)))


def all_rows(database):
    with database.read() as session:
        return queue_rows(session, range(1, newest_id(session) + 1))


READING = Reading(
    lambda row, name: {
        "rule": [row.title, row.rule_id],
        "tag": list(row.tags),
        "reason": row.sub_reason,
        "created": row.created_at,
        "age": row.created_at,
    }.get(name, getattr(row, name, None)),
    lambda row: [
        text
        for text in (row.title, row.host, row.user, row.source_ip, row.summary, row.assignee)
        if text
    ],
    lambda row: [text for text in (row.title, row.host, row.user, row.source_ip) if text],
)


def test_the_queue_is_open_alerts_by_rank_newest_first(shift):
    with shift.read() as session:
        rows = queue_page(session, query(""))
    assert [(row.title, row.status) for row in rows] == [
        ("LSASS memory access", "new"),
        ("Sudo abuse", "new"),
        ("Web shell", "new"),
        ("Web shell", "escalated"),
        ("SSH brute force", "acknowledged"),
        ("SSH brute force", "new"),
    ]
    first = rows[-1]
    assert (first.host, first.user, first.source, first.count) == ("web-1", "root", "auth", 12)
    assert (rows[3].ticket, rows[4].assignee) == ("SOC-2026-001", "mara")


def test_a_filter_means_the_same_in_sql_and_in_memory(shift):
    rows = all_rows(shift)
    for text in FILTERS:
        passes = predicate(parse_filter(text, ALERT_FIELDS), READING, Viewer("mara", LATER))
        expected = sorted(row.id for row in rows if passes(row))
        for sort in ("rank", "host"):  # one has an index, the other none
            assert (text, sorted(found(shift, text, sort=sort))) == (text, expected)


def test_a_filter_means_the_same_where_more_match_than_are_fetched_by_id(shift, monkeypatch):
    expected = [found(shift, text) for text in FILTERS]
    monkeypatch.setattr(narrowing, "_FEW", 0)
    assert [found(shift, text) for text in FILTERS] == expected
    by_host = [sorted(found(shift, text, sort="host")) for text in FILTERS]  # by words, not ids
    assert by_host == [sorted(ids) for ids in expected]


PAGED = ("count>=1 !severity:critical", "", "status:closed", "web host:web*", "disposition:any")


def test_pages_are_those_of_the_whole_order_however_few_are_sampled(shift, monkeypatch):
    act(shift, alerts.close, [1, 4, 5], parse_verdict("false_positive"))
    sizes = cycle(((5, 20), (0, 3), (1, 1)))
    for text, sort, reverse in product(
        PAGED if shift.is_sqlite else PAGED[:3], SORTS, (False, True)
    ):
        few, sample = next(sizes)
        monkeypatch.setattr(sampling, "_FEW", few)
        monkeypatch.setattr(sampling, "_SAMPLE", sample)
        asked = query(text, sort=sort, reverse=reverse)
        seen, after = [], None
        with shift.read() as session:
            while page := queue_page(session, asked, limit=2, after=after):
                seen.extend(row.id for row in page)
                after = page_end(session, asked, page[-1])
            assert (asked, seen) == (asked, list(queue_ids(session, asked)))


def plans(database, asked):
    """What SQLite says of each query for a page that it would have to think about."""
    said = []

    def explain(connection, _cursor, statement, values, *_):
        if statement.startswith("SELECT alert.id"):
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            said.extend(row[3] for row in rows)

    with database.read() as session:
        connection = session.connection()
        event.listen(connection, "before_cursor_execute", explain)
        queue_page(session, asked, limit=2)
        event.remove(connection, "before_cursor_execute", explain)
    return said


def test_a_page_is_read_out_of_an_index_that_has_all_that_is_asked(sqlite_shift, monkeypatch):
    monkeypatch.setattr(sampling, "_SAMPLE", 0)  # no sample: the plan that is left to the end
    for text, index in (
        ("severity>=low", "ix_alert_queue"),
        ("status:closed", "ix_alert_closed"),
        ("disposition:benign reason:test", "ix_alert_closed"),
        ("status:closed count>0 category:none severity<high", "ix_alert_closed"),
    ):
        for sort in ("severity", "count", "rule", "host", "user", "source_ip", "assignee"):
            said = plans(sqlite_shift, query(text, sort=sort))
            assert any(f"USING COVERING INDEX {index}" in line for line in said), (text, sort, said)


def test_what_comes_first_by_name_is_fetched_by_the_index_of_words(sqlite_shift, monkeypatch):
    monkeypatch.setattr(sampling, "_FEW", sampling._SAMPLE)
    said = plans(sqlite_shift, query("", sort="host"))
    assert any("alert_fts" in line for line in said), said


def test_a_tag_is_looked_for_in_the_few_lists_of_tags_that_there_are(database):
    long = [f"attack.t{number:04d}" for number in range(50)]  # longer than the index has it
    bring(
        database,
        detection("a", host="a", tags=("attack.t1110",)),
        detection("b", host="b", tags=("attack.t1496", "attack.impact")),
        detection("c", host="c", tags=(*long, "attack.t9999")),
        detection("d", host="d", tags=(*long, "attack.t8888")),
    )
    for text, expected in (
        ("tag:t1110", "a"), ("tag:ATTACK.T1110,t1496", "ab"), ("tag:t9999", "c"),
        ("!tag:t9999", "abd"), ("tag:t0001", "cd"), ("tag:t8888 or tag:impact", "bd"),
        ("tag:t7777", ""), ("tag:attack.*", "abcd"),
    ):  # fmt: skip
        with database.read() as session:
            rows = queue_page(session, query(text, sort="host"))
        assert (text, "".join(row.host for row in rows)) == (text, expected)


def test_a_server_hops_from_list_to_list_of_tags_in_their_index(shift):
    if shift.is_sqlite:
        pytest.skip("SQLite keeps the tags of each rule")
    asking = Asking(Viewer("mara", LATER), is_sqlite=False)
    (term,) = parse_filter("tag:t1110", ALERT_FIELDS).terms()
    asked = lists_of_tags(term, asking).compile(
        dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}
    )
    with shift.read() as session:
        connection = session.connection()
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        plan = connection.execute(sql_text(f"EXPLAIN {asked}")).scalars().all()
    assert any("ix_alert_tags" in line for line in plan), plan


def test_pages_follow_each_other_without_gap_or_overlap(shift):
    for sort in SORTS:
        for reverse in (False, True):
            asked = query("status!=closed", sort=sort, reverse=reverse)
            seen, after = [], None
            with shift.read() as session:
                while page := queue_page(session, asked, limit=3, after=after):
                    seen.extend(row.id for row in page)
                    after = page_end(session, asked, page[-1])
                assert seen == list(queue_ids(session, asked))
            assert len(seen) == 7


def test_the_first_page_that_nothing_is_asked_of_is_the_beginning_of_the_whole_order(shift):
    for sort in SORTS:
        for reverse in (False, True):
            asked = query("", sort=sort, reverse=reverse)
            with shift.read() as session:
                page = queue_page(session, asked, limit=3)
                whole = queue_ids(session, asked)
            assert [row.id for row in page] == list(whole[:3])
            assert len(whole) > 3


def test_news_are_what_matches_and_was_raised_since(shift):
    with shift.read() as session:
        before = newest_id(session)
    new = bring(
        shift, detection("New one", host="x"), detection("Low", host="y", level=Severity.LOW)
    ).alert_ids
    with shift.read() as session:
        assert list(queue_news(session, query("severity>=medium"), after_id=before)) == [new[0]]


def test_counts_say_what_waits_for_whom(shift):
    with shift.read() as session:
        counts = queue_counts(session, "mara")
        assert (counts.new, counts.critical, counts.mine, counts.shelved) == (4, 1, 1, 1)
        assert counts.oldest_new_at == NOON
        assert queue_count(session, query("")) == 6
        assert queue_count(session, query(""), cap=4) == 4


def test_rows_come_in_the_order_asked_for_and_missing_ones_are_left_out(shift):
    with shift.read() as session:
        assert [row.id for row in queue_rows(session, [3, 99, 1])] == [3, 1]


def test_grouping_counts_the_values_of_a_field(shift):
    with shift.read() as session:
        by_rule = facets(session, query(""), "rule")
        by_severity = facets(session, query("status:new"), "severity")
        by_user = facets(session, query("is:shelved"), "user")
        by_category = facets(session, query("status:new"), "category")
    assert [(facet.value, facet.count) for facet in by_rule[:2]] == [
        ("SSH brute force", 2),
        ("Web shell", 2),
    ]
    assert by_rule[1].worst is Severity.HIGH
    assert {facet.value: facet.count for facet in by_severity} == {
        "high": 2,
        "critical": 1,
        "medium": 1,
    }
    assert {facet.value: facet.count for facet in by_category} == {
        "warning": 2,
        "exception": 1,
        None: 1,
    }
    assert [facet.value for facet in by_user] == [None] or by_user[0].count == 1


def test_completion_offers_real_values(shift):
    with shift.read() as session:
        assert known_values(session, "host", typed="WEB")[:2] == ("web-1", "web%3")
        assert known_values(session, "host", typed="web%") == ("web%3",)
        assert set(known_values(session, "source")) == {"auth", "sysmon"}
        assert known_values(session, "severity")[0] in ("high", "low", "medium")


def test_an_unknown_order_is_refused():
    with pytest.raises(UsageError, match="no order"):
        query("", sort="colour")


def test_a_query_can_be_turned_round(shift):
    asked = query("")
    with shift.read() as session:
        forward = list(queue_ids(session, asked))
        assert list(queue_ids(session, replace(asked, reverse=True))) == forward[::-1]
        assert list(queue_ids(session, asked, limit=2)) == forward[:2]


def test_numbers_beyond_four_bytes_are_listed_like_others(sqlite_database):
    (small,) = bring(sqlite_database, detection("a")).alert_ids
    table = table_of(Alert)
    with sqlite_database.begin() as session:
        found = session.connection().execute(table.select()).mappings().one()
        large = {**found, "id": 2**40, "uid": "other", "fingerprint": "other"}
        session.connection().execute(table.insert(), large)
    with sqlite_database.read() as session:
        assert sorted(queue_ids(session, query(""))) == [small, 2**40]
