"""The filter language over incidents and over what was done."""

from datetime import timedelta

import pytest

from socconsole.core.filter import parse_filter
from socconsole.core.list_words import ACTION_FIELDS, INCIDENT_FIELDS
from socconsole.core.views import SHIPPED_VIEWS
from socconsole.services import incidents, tickets, views
from socconsole.services.incidents import Declaration
from socconsole.services.tickets import Report
from socconsole.store.queries.action_filter import action_filter, actions
from socconsole.store.queries.incident_filter import incident_filter
from socconsole.store.queries.incidents import incidents as list_incidents
from socconsole.store.queries.views import view_counts
from tests.conftest import NOON

HOUR = timedelta(hours=1)


@pytest.fixture
def worked(sqlite_database):
    """An open SEV1 of ines's whose update is overdue, and one of mara's declared in error."""
    with sqlite_database.begin() as session:
        for severity, title, who in ((1, "Ransomware", "ines"), (3, "Lost laptop", "mara")):
            ticket = tickets.open_by_hand(session, Report(title=title), by=who, now=NOON)
            said = Declaration(severity=severity)
            row = incidents.declare(session, ticket.id, said, by=who, now=NOON)
            if severity == 3:
                incidents.end_early(session, row.id, "declared_in_error", "found", by=who, now=NOON)
    return sqlite_database


FOUND = (
    ("", ["Ransomware"]),
    ("ransom", ["Ransomware"]),
    ("severity<=2", ["Ransomware"]),
    ("severity>2", []),
    ("phase:closed", ["Lost laptop"]),
    ("outcome:declared_in_error", ["Lost laptop"]),
    ("who:me", []),
    ("id:INC-* !commander:me", ["Ransomware"]),
    ("ticket:SOC-2026-001 kind:security tlp:amber", ["Ransomware"]),
    ("age>1h", ["Ransomware"]),
    ("declared>2026-12-01", []),
)


def test_incidents_are_found(worked):
    with worked.read() as session:
        for text, found in FOUND:
            wanted = incident_filter(text, login="mara", now=NOON + 2 * HOUR)
            assert [row.title for row in list_incidents(session, wanted)] == found, text


DID = (
    ("by:me verb:incident", ["incident.end", "incident.declare"]),
    ("!by:me what:SOC-2026-001 verb:ticket", ["ticket.open"]),
    ("(by:me or by:ines) subject:incident rows>=1 verb:declare", ["incident.declare"] * 2),
    ("state:undone", []),
    ("age<1m", []),
)


def test_actions_are_found(worked):
    with worked.read() as session:
        for text, verbs in DID:
            wanted = action_filter(text, login="mara", now=NOON + HOUR)
            assert [row.verb for row in actions(session, wanted)] == verbs, text


def test_only_ones_own_are_read_where_nothing_else_can_pass():
    assert action_filter("verb:close by:me", login="mara", now=NOON).by == "mara"
    for text in ("by:me or verb:close", "!by:me", "by:me,ines", "by:ines"):
        assert action_filter(text, login="mara", now=NOON).by is None, text


def test_every_view_that_ships_can_be_read_and_counted(worked):
    with worked.read() as session:
        for view in SHIPPED_VIEWS:
            parse_filter(view.filter, views.VOCABULARIES[view.screen])
        shipped = [view for view in SHIPPED_VIEWS if view.screen in ("incidents", "actions")]
        counts = view_counts(session, shipped, login="mara", now=NOON)
    named = {(view.screen, view.name): count for view, count in zip(shipped, counts, strict=True)}
    assert named["incidents", "Open"] == named["incidents", "Closed"] == 1
    assert named["actions", "Mine"] < named["actions", "Everybody"]


def test_every_word_has_an_example_that_reads():
    for vocabulary in (INCIDENT_FIELDS, ACTION_FIELDS):
        for field in vocabulary.fields:
            assert field.example.startswith(field.name)
            parse_filter(field.example, vocabulary)
