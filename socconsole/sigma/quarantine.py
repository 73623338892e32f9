"""Rules that take too long on long values are no longer asked about those, and are named.

Short values cost nothing worth a limit, so a rule keeps answering for them: whoever sends a few
monstrous lines must not be able to switch a rule off.
"""

from time import thread_time_ns

from socconsole.core.detection import Rule

BUDGET_NS = 5_000_000
"""What one rule may cost on one event, in processor time."""

STRIKES = 5
"""So often may a rule cost more: one time may be the machine's doing."""

LONG = 2048
"""Characters of a value, or of a line, from which rules are timed."""


class Quarantine:
    """Counts what rules cost beyond their budget."""

    def __init__(self) -> None:
        self._strikes: dict[str, int] = {}
        self.rules: dict[str, str] = {}
        """Id of a rule that is not asked about long values any more → why."""

    now = staticmethod(thread_time_ns)

    def strike(self, rule: Rule, nanoseconds: int) -> bool:
        """Note what `rule` cost; return whether it is to be spared long values."""
        if nanoseconds <= BUDGET_NS:
            return False
        strikes = self._strikes[rule.id] = self._strikes.get(rule.id, 0) + 1
        if strikes < STRIKES:
            return False
        cost = nanoseconds / 1e6
        self.rules[rule.id] = f"{rule.title}: {cost:.1f} ms on one event, {strikes} times too slow"
        return True
