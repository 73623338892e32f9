"""The rules as screens know them: written down by the collector that has them loaded."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Session, select

from socconsole.core.detection import Rule
from socconsole.core.storable import storable_text
from socconsole.errors import RuleError
from socconsole.store.tables import RefusedRule, RuleRecord

_MOST_REFUSED = 1_000
"""Refusals that are written down; whoever has more reads `rules check`."""


def write_down(
    session: Session,
    rules: Sequence[Rule],
    *,
    refused: Sequence[RuleError] = (),
    now: datetime,
    body: Callable[[Rule], str],
) -> int:
    """Store the rules in use and return how many had changed; others are marked as off.

    Args:
        session: The unit of work.
        rules: Every rule that can fire.
        refused: What could not be loaded, in place of what could not be the last time.
        now: When they were loaded.
        body: Rule → its text, read only for a rule that has changed.

    """
    known = {row.id: row for row in session.exec(select(RuleRecord))}
    changed = 0
    for rule in rules:
        row = known.pop(rule.id, None)
        is_same = row is not None and (row.revision, row.path) == (rule.revision, rule.path)
        if row is not None and is_same and row.enabled:
            continue
        changed += 1
        row = row or RuleRecord(id=rule.id, title=rule.title, loaded_at=now)
        row.title, row.severity, row.revision = rule.title, rule.severity, rule.revision
        row.status, row.author, row.description = rule.status, rule.author, rule.description
        row.tags, row.references = list(rule.tags), list(rule.references)
        row.false_positives, row.runbook = list(rule.false_positives), rule.runbook
        row.path, row.body, row.enabled, row.loaded_at = rule.path, body(rule), True, now
        session.add(row)
    for row in known.values():
        if row.enabled:
            row.enabled = False
            changed += 1
    session.execute(delete(RefusedRule))
    session.add_all(
        RefusedRule(
            place=storable_text(error.where),
            what=storable_text(error.what),
            hint=storable_text(error.hint),
            loaded_at=now,
        )
        for error in refused[:_MOST_REFUSED]
    )
    session.flush()
    return changed
