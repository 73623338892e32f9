"""Who may do what on a server: every role, every table, every name that says who did something."""

from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import text
from sqlmodel import func, select

from socconsole.core.disposition import Disposition, Verdict
from socconsole.core.policy import SourcePolicy
from socconsole.core.severity import Severity
from socconsole.errors import ForbiddenError
from socconsole.services import alerts, nodes
from socconsole.services import sources as kept
from socconsole.services.lapsing import keep_time
from socconsole.services.leases import take_lease
from socconsole.spawn import start_collector
from socconsole.store.database import Database
from socconsole.store.roles import _AUTHOR, _SIGNED, ROLES, apply_roles, grant, login_at
from socconsole.store.stamps import STAMPS
from socconsole.store.tables import METADATA, Action, Alert, Context
from socconsole.store.undo import undo
from tests import worked_store
from tests.conftest import NOON
from tests.services.alert_making import bring, detection
from tests.store.rows import an_alert

pytestmark = pytest.mark.postgres

OPERATIONS = {
    "r": 'SELECT 1 FROM "{table}" WHERE false',
    "w": 'INSERT INTO "{table}" SELECT * FROM "{table}" WHERE false',
    "u": "SELECT 1 / has_any_column_privilege('\"{table}\"', 'UPDATE')::int",
    "d": 'DELETE FROM "{table}" WHERE false',
}


def rights(server_url, login) -> dict[str, str]:
    """Try every operation on every table, on no rows; return what was not refused."""
    found = dict.fromkeys(METADATA.tables, "")
    with psycopg.connect(
        server_url.replace("//soc@", f"//{login}@"), autocommit=True
    ) as connection:
        for table in METADATA.tables:
            for letter, statement in OPERATIONS.items():
                try:
                    connection.execute(statement.format(table=table))
                except (psycopg.errors.InsufficientPrivilege, psycopg.errors.DivisionByZero):
                    continue
                found[table] += letter
    return found


MATRIX = {
    "r rwud rwud rwud r": """
        asset clock_pause countermeasure draft escalation handoff handoff_item
        incident_phase incident_role outage service setting task ticket_term timeline_entry view
    """,
    "r rwu rwu rwu r": "human_sequence incident ticket",
    "r rwd rwd rwud r": """
        communication evidence finding handoff_amendment note ticket_alert ticket_link
    """,
    "r rwud rwud rwud rwud": "observable observable_link suppression",
    "r rwu rwu rwu rwud": "alert change",
    "r rwu rwu rwu rwu": "action",
    "r r r rwud rwud": """
        alert_evidence alert_group context detection_count event_count generation lease
        matcher_state refused_rule rule source source_note window_part
    """,
    "r r rwud rwud r": "legal_hold",
    "r rw rw rwu r": "custody",
    "r rw rw rw rw": "audit_anchor audit_entry",
    "r rw rw rwd rw": "audit_payload",
    "r ru ru ru ru": "change_head",
    "rwud rwud rwud rwud rwud": "node presence",
    "r r r r r": "meta",
}
"""What viewer, analyst, lead, admin and collector may: read, write, update some of, delete."""


def test_each_role_may_do_with_each_table_what_it_is_for(sign_in, owner, url):
    with owner.begin() as session:
        apply_roles(session.connection())  # once more, which changes nothing
    for role in ROLES:
        sign_in(f"one_{role}", role)
    found = {role: rights(url, f"one_{role}") for role in ROLES}
    wanted = {table: row.split() for row, tables in MATRIX.items() for table in tables.split()}
    assert {table: [found[role][table] for role in ROLES] for table in METADATA.tables} == wanted


WHO_SHOULD = frozenset(
    {
        ("alert", "assignee"), ("asset", "owner"), ("escalation", "whom"),
        ("handoff_item", "lead"), ("handoff_item", "owner"), ("incident_role", "login"),
        ("service", "owner"), ("task", "assignee"), ("ticket", "assignee"),
    }
)  # fmt: skip
"""Names that one person gives another: work is assigned; the action says by whom."""


def test_every_column_that_names_a_person_is_guarded_or_says_who_should():
    named = {
        (table, column.name)
        for table, columns in METADATA.tables.items()
        for column in columns.columns
        if column.name.endswith("_by") or column.name in
        ("by", "login", "owner", "whom", "assignee", "lead")
    }  # fmt: skip
    guarded = {*_AUTHOR.items(), *_SIGNED.items()}
    guarded |= {(table, name) for table, names in STAMPS.items() for name in names}
    assert named - guarded == WHO_SHOULD


def test_nobody_stamps_a_row_with_anothers_name(sign_in, owner, noon):
    worked_store.fill(owner, noon)
    alice = sign_in("alice", "admin")
    for table, columns in STAMPS.items():
        with owner.begin() as session:
            if session.execute(text(f'SELECT count(*) FROM "{table}"')).scalar() == 0:
                session.execute(text(NOT_WORKED[table]))
        for column in columns:
            forged = [f'UPDATE "{table}" SET "{column}" = \'bob\'']
            if table != "observable_link":  # merged incidents carry theirs over
                forged.append(
                    f'INSERT INTO "{table}" SELECT (jsonb_populate_record(t, \'{{"id": 999,'
                    f' "uid": "new", "{column}": "bob"}}\')).* FROM "{table}" t LIMIT 1'
                )
            for statement in forged:
                with pytest.raises(ForbiddenError), alice.begin() as session:
                    session.execute(text(statement))


NOT_WORKED = {
    "legal_hold": "INSERT INTO legal_hold (uid, version, subject_kind, subject_id, reason,"
    " placed_at, placed_by) VALUES ('u', 1, 'ticket', 1, 'a court asks', 1, 'lea')",
}
"""Rows of tables that a worked store has none of."""


def test_an_undo_may_bring_back_the_name_of_whoever_did_it(sign_in, owner, noon):
    alice, bob, carol = (sign_in(login, "analyst") for login in ("alice", "bob", "carol"))
    with owner.begin() as session:
        number = an_alert(session, noon).id
    with alice.begin() as session:
        verdict = Verdict(Disposition.FALSE_POSITIVE, "rule_logic")
        alerts.close(session, [number], verdict, by="alice", now=noon)
    for database, login in ((bob, "bob"), (carol, "carol")):
        with database.begin() as session:
            newest = session.exec(select(func.max(Action.id))).one()
            undo(session, newest, by=login, now=noon)
    assert stamped(owner, number) == ("closed", "alice")
    with pytest.raises(ForbiddenError), carol.begin() as session:
        session.execute(text("UPDATE alert SET closed_by = 'bob'"))
    with carol.begin() as session:
        session.execute(text("UPDATE alert SET close_reason = 'kept', closed_by = 'alice'"))
    assert stamped(owner, number) == ("closed", "alice")


def stamped(database, number) -> tuple[str, str | None]:
    with database.read() as session:
        row = session.get(Alert, number)
        return row.status, row.closed_by


def test_an_audit_of_ones_own_making_is_no_passport(sign_in, owner, noon):
    """Tables of the session's own come first in every search, save in that of the check."""
    alice = sign_in("alice", "analyst")
    with owner.begin() as session:
        number = an_alert(session, noon).id
    entry = f"999 AS seq, 'alert' AS entity, {number} AS entity_id, 'bob' AS by"
    body = """999 AS seq, '{"after": {"closed_by": "bob"}}' AS body"""
    address = alice.url.set(drivername="postgresql").render_as_string()
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"CREATE TEMP TABLE audit_entry AS SELECT {entry}")
        connection.execute(f"CREATE TEMP TABLE audit_payload AS SELECT {body}")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="closed_by"):
            connection.execute("UPDATE alert SET closed_by = 'bob'")


def test_a_collectors_login_does_all_that_a_collector_does(sign_in, owner, noon):
    machine = sign_in("machine", "collector")
    with machine.begin() as session:
        node = nodes.join(session, "collector", "machine", now=noon)
        assert take_lease(session, node, now=noon, lasts=timedelta(seconds=9)) == 1
        kept.register(session, [SourcePolicy(name="auth", path="/l")], now=noon)
    for level in (Severity.INFORMATIONAL, Severity.HIGH):
        bring(machine, detection(str(level), level=level, host="h"), now=noon)
    later = noon + timedelta(days=90)
    with owner.begin() as session:  # what people do with it comes back to the collector in time
        alerts.shelve(session, [1], until=noon + timedelta(hours=1), reason="r", by="soc", now=noon)
    with machine.begin() as session:
        assert keep_time(session, now=later).returned == (1,)
        assert nodes.forget_dead(session, now=later) == 1
        nodes.leave(session, node, now=later)
    with machine.read() as session:
        assert session.exec(select(func.count()).select_from(Context)).one() == 0


def test_a_persons_login_starts_no_collector(sign_in, owner, noon, tmp_path):
    log = tmp_path / "collector.log"
    for role in ("viewer", "analyst", "lead"):
        person = sign_in(f"one_{role}", role)
        said = start_collector(person, group="all", config=None, log=log, now=noon)
        assert said == "no collector reads, and this login may not start one"
    assert not log.exists()
    for allowed in (owner, sign_in("machine", "collector")):
        assert allowed.may_write("lease")


def test_the_login_the_server_proved_signs_where_roles_are_in_force(sign_in, owner, url):
    alice = sign_in("alice", "analyst")
    account = "somebody"
    assert login_at(alice.url.render_as_string(), account) == "alice"
    assert login_at(url, account) == account  # the owner's login is nobody's own
    assert login_at(url.replace("//soc@", "//nobody_knows@"), account) == account
    assert login_at(url.replace("//soc@", f"//{account}@"), account) == account


def test_a_login_the_server_does_not_know_is_told_so(url):
    stranger = Database(url.replace("//soc@", "//nobody_knows@"))
    with pytest.raises(ForbiddenError, match="does not know this login"):
        stranger.create()
    stranger.close()


def test_an_owner_without_superuser_rights_gives_roles(postgres_server, owner):
    """As on managed servers: whoever makes a role may hand it on, and is no member of it."""
    names = ", ".join(f"soc_{role}" for role in ROLES)
    with owner.read() as session:
        version = session.execute(text("SHOW server_version_num")).scalar()
    is_new = int(version) >= 160_000
    as_its_maker = "ADMIN TRUE, INHERIT FALSE, SET FALSE" if is_new else "ADMIN OPTION"
    postgres_server.execute(
        "CREATE ROLE dba LOGIN CREATEROLE CREATEDB",
        f"GRANT {names} TO dba WITH {as_its_maker}",
        "CREATE ROLE newcomer LOGIN",
        "CREATE DATABASE managed OWNER dba",
    )
    database = Database(postgres_server.url("managed").replace("//soc@", "//dba@"))
    try:
        database.create()
        with database.begin() as session:
            apply_roles(session.connection())
            grant(session.connection(), "newcomer", "analyst")
        bring(database, detection("Web shell"), now=NOON)
    finally:
        database.close()
        postgres_server.execute("DROP DATABASE managed WITH (FORCE)")
