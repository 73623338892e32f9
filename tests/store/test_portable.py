"""What we ask of a server beyond plain SQL: a short list, and the manual has all of it."""

import ast
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest
from sqlalchemy import text

from socconsole.content import manual_page
from socconsole.store import changes
from tests.services.alert_making import bring, detection

ROOT = Path(__file__).parents[2] / "socconsole"

ASKED = {
    "pg_advisory_xact_lock": {"event_partitions"},
    "pg_try_advisory_xact_lock": {"upgrade"},
    "pg_notify": {"changes", "database"},
    "LISTEN": {"changes"},
    "LOCK TABLE": {"event_partitions", "roles"},
    "PARTITION": {"ddl", "event_partitions"},
    "USING gin": {"ddl"},
    "to_tsvector": {"ddl"},
    "to_tsquery": {"search"},
    "DO $$": {"event_partitions", "roles"},
    "plpgsql": {"server_guards", "stamps"},
    "ROW LEVEL SECURITY": {"roles", "server_guards"},
    "COPY": {"bulk"},
    "IDENTITY": {"ddl"},
    "setval": {"transfer"},
    "lock_timeout": {"event_partitions", "upgrade"},
    "idle_in_transaction_session_timeout": {"database"},
    "transaction_timeout": {"database", "event_partitions"},
    "REPEATABLE READ": {"database"},
    "skip_locked": {"alert_rows"},
    "begin_nested": {"event_partitions"},
}
"""What not every relative of PostgreSQL has → the modules that ask for it."""
ON_THE_PAGE = {"skip_locked": "SKIP LOCKED", "begin_nested": "savepoint", "USING gin": "GIN"}
"""How the page calls it, where that is not how the program does."""

NEVER = (
    r"CREATE EXTENSION|\bsimilarity\(|gin_trgm|btree_gin|uuid_generate|\bcrypt\(|\bdigest\("
    r"|unaccent|hstore|citext|dblink|pg_cron|\bcurrval|\blastval|\bnextval"
    r"|\bTEMP(ORARY)? TABLE|pg_try_advisory_lock|pg_advisory_lock|SET ROLE|ISOLATION LEVEL SERIAL"
)
"""Contrib modules, gapless or shared sequences, locks that outlive their transaction."""


def said(path: Path) -> str:
    """Return all the text and the words of a module, without what it says of itself."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    about = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    words = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in about
    ]
    words += [node.arg for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg]
    words += [node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    return "\n".join(words)


OF_FILES = ("derived",)
"""Modules whose statements no server is asked."""


def modules() -> Iterator[tuple[str, str]]:
    for path in chain(ROOT.glob("store/**/*.py"), ROOT.glob("services/**/*.py")):
        if path.stem not in OF_FILES:
            yield path.stem, said(path)


def test_what_a_server_needs_is_asked_where_we_know_and_told_in_the_manual():
    texts = dict(modules())
    asked = {
        word: {
            name for name, text in texts.items() if re.search(rf"(?<!\w){re.escape(word)}", text)
        }
        for word in ASKED
    }
    assert asked == ASKED
    page = manual_page("postgresql").partition("## PostgreSQL-compatible clusters")[2]
    assert [word for word in ASKED if ON_THE_PAGE.get(word, word).lower() not in page.lower()] == []


def test_no_statement_needs_a_contrib_module_or_a_sequence_without_gaps():
    texts = list(modules())
    assert [(name, re.findall(NEVER, text)) for name, text in texts if re.search(NEVER, text)] == []


@pytest.mark.postgres
def test_a_server_that_announces_nothing_is_asked_instead(sign_in, owner, noon, monkeypatch):
    with owner.begin() as session:
        session.execute(text("REVOKE EXECUTE ON FUNCTION pg_notify FROM PUBLIC"))
    monkeypatch.setattr(changes, "NOTIFY_CHANNEL", "not one that can be listened to")
    monkeypatch.setattr(changes, "_ASK_EVERY", 0.0)
    machine = sign_in("machine", "collector")
    poller = machine.changes()
    assert [poller.poll(), poller.poll()] == [True, False]
    bring(machine, detection("Web shell"), now=noon)
    assert [poller.poll(), poller.poll()] == [True, False]
    poller.close()
