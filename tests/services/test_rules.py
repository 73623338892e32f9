"""The rules are written down once, again when they change, and marked when they go."""

from dataclasses import replace

from socconsole.core.detection import Rule
from socconsole.core.severity import Severity
from socconsole.errors import RuleError
from socconsole.services import rules
from socconsole.services.window_memory import save_matcher_memory
from socconsole.sigma.memory import Memory
from socconsole.store.queries.rule_list import Refusal, refusals
from socconsole.store.queries.rule_list import rules as listed
from tests.conftest import NOON
from tests.store.rows import an_alert

WEB = Rule("r1", "Web shell", Severity.HIGH, path="web.yml:1", revision="a")
SSH = Rule("r2", "Brute force", Severity.LOW, path="ssh.yml:1", revision="b")


def write(database, *known, refused=()):
    with database.begin() as session:
        return rules.write_down(
            session, known, refused=refused, now=NOON, body=lambda rule: f"text of {rule.id}"
        )


def test_rules_are_stored_with_their_text_and_only_when_they_changed(database):
    assert write(database, WEB, SSH) == 2
    assert write(database, WEB, SSH) == 0
    assert write(database, replace(WEB, title="Web shells", revision="c"), SSH) == 1
    with database.read() as session:
        assert {row.title: row.body for row in listed(session)} == {
            "Web shells": "text of r1",
            "Brute force": "text of r2",
        }


def test_a_rule_that_is_gone_is_off_and_back_on_when_it_returns(database):
    write(database, WEB, SSH)
    write(database, WEB)
    with database.read() as session:
        assert {row.id: row.enabled for row in listed(session)} == {"r1": True, "r2": False}
    write(database, WEB, SSH)
    with database.read() as session:
        assert all(row.enabled for row in listed(session))


def test_a_rule_is_known_by_its_new_file_when_it_was_moved(database):
    write(database, WEB)
    write(database, replace(WEB, path="http/web.yml:3"))
    with database.read() as session:
        assert [row.path for row in listed(session)] == ["http/web.yml:3"]


def test_what_is_refused_stands_there_until_it_is_mended(database):
    flaw = RuleError("'hgih' is no level.", where="bad\0.yml:3", hint="Use high.")
    write(database, WEB, refused=[flaw, flaw])
    with database.read() as session:
        assert refusals(session)[1:] == (
            Refusal("bad\ufffd.yml:3", "'hgih' is no level.", "Use high."),
        )
    write(database, WEB)
    with database.read() as session:
        assert refusals(session) == ()


def test_a_test_counts_neither_for_nor_against_a_rule(database):
    write(database, WEB)
    verdicts = (("true_positive", "policy"), ("benign_positive", "test"), ("duplicate", None))
    with database.begin() as session:
        for number, (disposition, reason) in enumerate(verdicts):
            an_alert(
                session,
                NOON,
                fingerprint=str(number),
                rule_id="r1",
                status="closed",
                is_open=False,
                disposition=disposition,
                sub_reason=reason,
            )
        (row,) = listed(session)
    assert (row.true_positives, row.decided) == (1, 1)


def test_what_a_rule_lost_stands_beside_it(database):
    write(database, WEB, SSH)
    with database.begin() as session:
        for group, remarks in (("a", {"r2": "lost: 3 came too late"}), ("b", {"r2": "more"})):
            save_matcher_memory(session, "x", Memory(), remarks, now=NOON, group=group)
    with database.read() as session:
        assert {row.id: row.remark for row in listed(session)} == {
            "r1": "",
            "r2": "lost: 3 came too late; more",
        }
