"""The rules as screens know them: written down by the collector that has them loaded."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlmodel import Session, select

from socconsole.core.detection import Rule
from socconsole.store.tables import RuleRecord


def write_down(
    session: Session, rules: Sequence[Rule], *, now: datetime, body: Callable[[Rule], str]
) -> int:
    """Store the rules in use and return how many had changed; others are marked as off.

    Args:
        session: The unit of work.
        rules: Every rule that can fire.
        now: When they were loaded.
        body: Rule → its text, read only for a rule that has changed.

    """
    known = {row.id: row for row in session.exec(select(RuleRecord))}
    changed = 0
    for rule in rules:
        row = known.pop(rule.id, None)
        if row is not None and row.revision == rule.revision and row.enabled:
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
    session.flush()
    return changed
