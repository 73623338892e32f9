"""Rules that take too long on long values are no longer asked about those, and are named.

Short values cost nothing worth a limit, so a rule keeps answering for them: whoever sends a few
monstrous lines must not be able to switch a rule off. Nor must a busy machine: a rule counts as
slow only when it is slow again at once, in processor time, and beside work that never changes.
"""

from collections.abc import Callable
from time import thread_time_ns

from socconsole.core.detection import Rule

BUDGET_NS = 5_000_000
"""What one rule may cost on one event."""

STRIKES = 5
"""So often must a rule be too slow: one time may be the machine's doing."""

HARDER = 50
"""So many times the unchanging work must a rule cost: a slow machine is slow at both."""


LONG = 2048
"""Characters of a value, or of a line, from which rules are timed."""


class Quarantine:
    """Counts what rules cost beyond their budget."""

    def __init__(self) -> None:
        self._strikes: dict[str, int] = {}
        self.rules: dict[str, str] = {}
        """Id of a rule that is not asked about long values any more → why."""

    def suspect(self, rule: Rule, again: Callable[[], object]) -> bool:
        """Look at a rule that took longer than its budget; return whether to spare it long values.

        `again` does what took so long.
        """
        cost = _cost(again)
        if cost <= BUDGET_NS or cost <= HARDER * min(_cost(_unchanging) for _ in range(3)):
            return False
        strikes = self._strikes[rule.id] = self._strikes.get(rule.id, 0) + 1
        if strikes < STRIKES:
            return False
        took = cost / 1e6
        self.rules[rule.id] = f"{rule.title}: {took:.1f} ms on one event, {strikes} times too slow"
        return True


def _cost(work: Callable[[], object]) -> int:
    started = thread_time_ns()
    work()
    return thread_time_ns() - started


def _unchanging() -> int:
    """Do what takes about a tenth of a millisecond on a machine that has nothing else to do."""
    return sum(range(8000))
