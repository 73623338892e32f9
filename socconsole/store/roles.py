"""Who may do what, enforced by a PostgreSQL server itself.

Five roles hold the rights; people's own logins are members of one of them. Row-level security
lets nobody write as another: what an action, an audit entry or a note says of its author has to
be the login of the session, which peer or certificate authentication has proved. On SQLite there
is nothing of the kind: whoever may write the file may write any row.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from sqlalchemy import Connection, text

from socconsole.errors import ForbiddenError, StoreError, UsageError
from socconsole.store import server_guards, stamps
from socconsole.store.database import Database, database_url
from socconsole.store.guards import LINKS, STATEMENTS
from socconsole.store.tables import METADATA

ROLES = ("viewer", "analyst", "lead", "admin", "collector")
COLLECTOR_LOGIN = "collector"
"""What the collector signs its entries with."""

_AUTHOR: Mapping[str, str] = MappingProxyType(
    {
        "action": "by",
        "audit_entry": "by",
        "note": "created_by",
        "finding": "created_by",
        "evidence": "captured_by",
        "custody": "by",
        "communication": "by",
        "handoff_amendment": "by",
        "draft": "owner",
    }
)
"""Table → the column that has to name the session's own login; nobody removes another's row."""

_SIGNED: Mapping[str, str] = MappingProxyType(
    {
        "ticket": "opened_by",
        "incident": "declared_by",
        "legal_hold": "placed_by",
        "suppression": "created_by",
        "task": "created_by",
        "escalation": "asked_by",
        "handoff": "created_by",
        "change": "by",
        "node": "login",
        "presence": "login",
    }
)
"""The same of what a team works on together."""

_GROWS = "SELECT, INSERT"
_ON_RECORD = (*STATEMENTS, *LINKS)
_RIGHTS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(_ON_RECORD, "SELECT, INSERT, DELETE"),  # undoing removes
        **dict.fromkeys(("audit_entry", "audit_payload", "audit_anchor", "custody"), _GROWS),
        "action": f'{_GROWS}, UPDATE ("undone_by_id")',
        "change_head": 'SELECT, UPDATE ("seq", "audit_seq", "audit_hash")',
        "human_sequence": f"{_GROWS}, UPDATE",
    }
)
"""Of whoever writes a table that is not everything's: what was said stays, the head is one row."""
_LEAD_ONLY = frozenset({"legal_hold"})
_OWNER_ONLY = frozenset({"meta"})
_COLLECTORS = frozenset(
    {
        "source", "generation", "source_note", "lease", "rule", "refused_rule", "matcher_state",
        "window_part", "event_count", "detection_count", "alert_evidence", "alert_group", "context",
    }
)  # fmt: skip
"""What the collector writes and people only read."""
_SHARED = frozenset(
    {
        "alert", "suppression", "observable", "observable_link", "node", "presence", "action",
        "audit_entry", "audit_payload", "audit_anchor", "change", "change_head",
    }
)  # fmt: skip
"""What both write."""
_NEVER_DELETED = frozenset({"alert", "change", "incident", "ticket"})
"""What no person removes: an undo voids cases, and collectors let go what is past its time."""


_PROVED = text("""
SELECT session_user FROM pg_class WHERE oid = to_regclass('action') AND relrowsecurity
AND NOT pg_has_role(session_user, relowner, 'MEMBER')
""")
"""Whoever owns the tables is bound by no policy, and may be what many people share."""


_GIVE_AWAY = """
DO $$ BEGIN IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
    EXECUTE 'GRANT soc_collector TO ' || quote_ident(current_user);
END IF; END $$
"""
"""Who is no superuser gives a table only to a role that they may take on themselves."""


def role_name(role: str) -> str:
    """Return the server's name of a role."""
    if role not in ROLES:
        raise UsageError(f"There is no role {role!r}.", hint=f"Use one of {', '.join(ROLES)}.")
    return f"soc_{role}"


def statements() -> Iterator[str]:
    """Yield what makes the roles and their rights; running it again changes nothing."""
    for role in ROLES:
        yield (
            f"DO $$ BEGIN CREATE ROLE {role_name(role)} NOLOGIN;"
            " EXCEPTION WHEN duplicate_object THEN NULL; END $$"
        )
    everybody = ", ".join(role_name(role) for role in ROLES)
    yield "REVOKE CREATE ON SCHEMA public FROM PUBLIC"  # which PostgreSQL before 15 grants
    yield f"GRANT USAGE ON SCHEMA public TO {everybody}"
    yield f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {everybody}"
    yield f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {everybody}"
    for table in sorted(METADATA.tables):
        yield from _grants(table)
    yield "GRANT SELECT, INSERT, UPDATE, DELETE ON event_block TO soc_collector, soc_admin"
    yield "GRANT CREATE ON SCHEMA public TO soc_collector"
    yield _GIVE_AWAY
    yield "ALTER TABLE event_block OWNER TO soc_collector"
    for table, column in _AUTHOR.items():
        yield from _policies(table, column, removes=f'"{column}" = session_user')
    for table, column in _SIGNED.items():
        yield from _policies(table, column, removes="true")
    yield "DROP POLICY soc_delete ON handoff"
    yield "CREATE POLICY soc_delete ON handoff FOR DELETE USING (audit_hash IS NULL)"
    yield from stamps.statements(COLLECTOR_LOGIN)
    yield from server_guards.statements()


def _grants(table: str) -> Iterator[str]:
    if table in _OWNER_ONLY:
        return
    changes = _update_of(table)
    rights = _RIGHTS.get(table, f"SELECT, INSERT, DELETE, {changes}")
    worked = f"SELECT, INSERT, {changes}" if table in _NEVER_DELETED else rights
    if table in _COLLECTORS:
        people = ["admin"]
    elif table in _LEAD_ONLY:
        people = ["lead", "admin"]
    else:
        people = ["analyst", "lead", "admin"]
    writers = people + (["collector"] if table in _COLLECTORS | _SHARED else [])
    named = ", ".join(role_name(role) for role in writers)
    yield f'REVOKE ALL ON "{table}" FROM {", ".join(role_name(role) for role in ROLES)}'
    yield f'GRANT SELECT ON "{table}" TO {", ".join(role_name(role) for role in ROLES)}'
    yield f'GRANT {worked} ON "{table}" TO {named}'
    if table in _SHARED:
        yield f'GRANT {rights} ON "{table}" TO soc_collector'
    if table in _ON_RECORD:  # an admin takes a person's name out of it
        yield f'GRANT {changes} ON "{table}" TO soc_admin'
    if table in ("audit_payload",):
        yield f'GRANT DELETE ON "{table}" TO soc_admin'  # erasure of a person's data
    if table in ("presence", "node"):
        yield f'GRANT INSERT, DELETE, {changes} ON "{table}" TO soc_viewer'


def _update_of(table: str) -> str:
    """Return the right to change every column but the one that says whose row it is."""
    author = _AUTHOR.get(table) or _SIGNED.get(table)
    if author is None:
        return "UPDATE"
    names = (column.name for column in METADATA.tables[table].columns)
    listed = ", ".join(f'"{name}"' for name in names if name != author)
    return f"UPDATE ({listed})"


def _policies(table: str, column: str, *, removes: str) -> Iterator[str]:
    mine = f'"{column}" = session_user'
    machine = f"\"{column}\" = '{COLLECTOR_LOGIN}'"
    yield f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY'
    for name, rule in (
        ("soc_read", "FOR SELECT USING (true)"),
        ("soc_insert", f"FOR INSERT WITH CHECK ({mine})"),
        (
            "soc_insert_collector",
            f"FOR INSERT TO soc_collector WITH CHECK ({mine} OR {machine})",
        ),
        ("soc_update", "FOR UPDATE USING (true)"),
        ("soc_delete", f"FOR DELETE USING ({removes})"),
    ):
        yield f'DROP POLICY IF EXISTS {name} ON "{table}"'
        yield f'CREATE POLICY {name} ON "{table}" {rule}'


def apply_roles(connection: Connection) -> None:
    """Make the roles and their rights on the server; whoever owns the database does this once."""
    if connection.dialect.name != "postgresql":
        raise StoreError("Roles need PostgreSQL.", hint="On SQLite the file's mode decides.")
    listed = ", ".join(f'"{table}"' for table in sorted(METADATA.tables))
    connection.exec_driver_sql(f"LOCK TABLE {listed}")  # one by one, others would lock some first
    for statement in statements():
        connection.exec_driver_sql(statement)


def has_roles(connection: Connection) -> bool:
    """Tell whether the roles have rights in this database."""
    found = connection.execute(
        text("SELECT 1 FROM pg_policies WHERE policyname = 'soc_insert' LIMIT 1")
    )
    return found.first() is not None


def login_at(url: str, account: str) -> str:
    """Return whom this person is taken for at `url`.

    Where roles are in force it is the login that the server has proved: it refuses every other
    name. Where they are not, or the server is away, it is the account.
    """
    named = database_url(url).username
    if named in (None, account):
        return account
    database = Database(url)
    try:
        with database.read() as session:
            found = session.connection().execute(_PROVED).scalar()
    except (StoreError, ForbiddenError):
        return account
    finally:
        database.close()
    return str(found or account)


def grant(connection: Connection, login: str, role: str) -> None:
    """Make a login of the server a member of a role, and of no other of ours."""
    name = role_name(role)
    known = connection.execute(
        text("SELECT quote_ident(rolname) FROM pg_roles WHERE rolname = :login"), {"login": login}
    ).scalar()
    if known is None:
        raise StoreError(
            f"The server has no login {login!r}.", hint=f'Run: CREATE ROLE "{login}" LOGIN'
        )
    others = ", ".join(role_name(each) for each in ROLES if each != role)
    connection.exec_driver_sql(f"REVOKE {others} FROM {known}")
    connection.exec_driver_sql(f"GRANT {name} TO {known}")
