"""Rules that take too long are taken out, by name."""

from time import thread_time_ns

from socconsole.core.detection import Rule

BUDGET_NS = 5_000_000
"""What one rule may cost on one event, in processor time."""

STRIKES = 3
"""So often may a rule cost more before it is taken out: one time may be the machine's."""


class Quarantine:
    """Counts what rules cost beyond their budget."""

    def __init__(self) -> None:
        self._strikes: dict[str, int] = {}
        self.rules: dict[str, str] = {}
        """Id of a rule that was taken out → why."""

    now = staticmethod(thread_time_ns)

    def strike(self, rule: Rule, nanoseconds: int) -> bool:
        """Note what `rule` cost; return whether it is taken out."""
        if nanoseconds <= BUDGET_NS:
            return False
        strikes = self._strikes[rule.id] = self._strikes.get(rule.id, 0) + 1
        if strikes < STRIKES:
            return False
        cost = nanoseconds / 1e6
        self.rules[rule.id] = f"{rule.title}: {cost:.1f} ms on one event, {strikes} times too slow"
        return True
