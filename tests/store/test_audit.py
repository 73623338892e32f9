import pytest
from sqlalchemy import text

from socconsole.errors import StoreError
from socconsole.store.audit import from_ranges, to_ranges, verify
from socconsole.store.recording import recording
from socconsole.store.tables import Asset
from tests.conftest import NOON
from tests.store.rows import take_the_guards_away


@pytest.fixture
def chain(database, noon):
    """A database whose chain has six entries."""
    with database.begin() as session:
        for number in range(6):
            with recording(session, verb="asset.put", by="alice", now=noon):
                session.add(Asset(name=f"host-{number}", created_at=noon, created_by="alice"))
    return database


def verdict_after(database, *statements: str):
    """What an owner of the file can do: take the guards away, then change what is written."""
    with database.begin() as session:
        take_the_guards_away(session)
        for statement in statements:
            session.execute(text(statement))
    with database.read() as session:
        return verify(session.connection())


def test_an_untouched_chain_is_whole(chain):
    with chain.read() as session:
        verdict = verify(session.connection())
    assert verdict.whole
    assert (verdict.entries, verdict.erased) == (6, 0)


@pytest.mark.parametrize(
    ("tampering", "broken_at"),
    [
        (("UPDATE audit_entry SET by = 'bob' WHERE seq = 3",), 3),
        (("UPDATE audit_entry SET at = at + 1 WHERE seq = 1",), 1),
        (("UPDATE audit_entry SET entity_id = 99 WHERE seq = 4",), 4),
        (("UPDATE audit_payload SET body = '{}' WHERE seq = 2",), 2),
        (
            (
                "DELETE FROM audit_payload WHERE seq = 3",
                "DELETE FROM audit_entry WHERE seq = 3",
            ),
            3,
        ),
        (
            (
                "DELETE FROM audit_payload WHERE seq = 6",
                "DELETE FROM audit_entry WHERE seq = 6",
            ),
            6,
        ),
        (
            (
                "DELETE FROM audit_payload WHERE seq IN (3, 4)",
                "UPDATE audit_entry SET seq = 1003 WHERE seq = 3",
                "UPDATE audit_entry SET seq = 3 WHERE seq = 4",
                "UPDATE audit_entry SET seq = 4 WHERE seq = 1003",
            ),
            3,
        ),
        (
            (
                (
                    "INSERT INTO audit_entry SELECT 7, action_id, at, by, verb, operation,"
                    " entity, entity_id, entity_uid, payload_hash, hash, hash"
                    " FROM audit_entry WHERE seq = 6"
                ),
            ),
            7,
        ),
    ],
    ids=["who", "when", "what", "payload", "delete", "cut the tail", "reorder", "insert"],
)
def test_tampering_is_found_where_it_was_done(chain, tampering, broken_at):
    assert verdict_after(chain, *tampering).broken_at == broken_at


def test_an_erased_payload_leaves_the_chain_whole(chain):
    with chain.begin() as session:
        take_the_guards_away(session)
        session.execute(text("DELETE FROM audit_payload WHERE seq IN (2, 5)"))
        with recording(session, verb="person.erase", by="alice", now=NOON) as action:
            action.say("audit_payload", None, entries="2,5")
    verdict = verdict_after(chain)
    assert verdict.whole
    assert verdict.erased == 2
    verdict = verdict_after(chain, "DELETE FROM audit_payload WHERE seq = 3")
    assert (verdict.broken_at, verdict.problem) == (3, "its payload was removed unsaid")


def test_an_erasure_is_not_said_by_one_that_was_removed_itself_nor_by_an_earlier_one(chain):
    with chain.begin() as session:
        with recording(session, verb="person.erase", by="alice", now=NOON) as action:
            action.say("audit_payload", None, entries="2-5,8")
        with recording(session, verb="asset.put", by="alice", now=NOON) as action:
            action.say("asset", None, name="later")
    assert verdict_after(chain, "DELETE FROM audit_payload WHERE seq = 8").broken_at == 8
    assert verdict_after(chain, "DELETE FROM audit_payload WHERE seq = 7").broken_at == 7


def test_numbers_are_written_as_ranges_and_read_again():
    for numbers, written in (([], ""), ([3], "3"), ([1, 2, 3, 7, 9, 10], "1-3,7,9-10")):
        assert to_ranges(numbers) == written
        assert list(from_ranges(written)) == numbers


def test_a_chain_whose_head_was_removed_is_told(chain):
    verdict = verdict_after(
        chain,
        "DELETE FROM audit_payload WHERE seq = 6",
        "DELETE FROM audit_entry WHERE seq = 6",
        "DELETE FROM change_head",
    )
    assert (verdict.broken_at, verdict.whole) == (6, False)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET by = 'bob' WHERE seq = 3",
        "UPDATE OR IGNORE audit_entry SET by = 'bob' WHERE seq = 3",
        "DELETE FROM audit_entry WHERE seq = 6",
        "UPDATE audit_payload SET body = '{}' WHERE seq = 2",
        "INSERT OR REPLACE INTO audit_entry SELECT * FROM audit_entry WHERE seq = 6",
    ],
)
def test_the_file_itself_refuses_to_rewrite_the_audit(sqlite_database, noon, statement):
    with sqlite_database.begin() as session:
        for number in range(6):
            with recording(session, verb="asset.put", by="alice", now=noon):
                session.add(Asset(name=f"host-{number}", created_at=noon, created_by="alice"))
    with pytest.raises(StoreError, match="audit"), sqlite_database.begin() as session:
        session.execute(text(statement))


def test_rewriting_everything_from_some_point_shows_in_an_anchor_only(chain):
    """Said plainly: who rewrites the tail and the head leaves a chain that is whole."""
    verdict = verdict_after(
        chain,
        "DELETE FROM audit_payload WHERE seq = 6",
        "DELETE FROM audit_entry WHERE seq = 6",
        "UPDATE change_head SET audit_seq = 5,"
        " audit_hash = (SELECT hash FROM audit_entry WHERE seq = 5)",
    )
    assert verdict.whole
    assert verdict.head_seq == 5
