"""What the coming shift may expect: how much arrives, and which of it is noise."""

from collections.abc import Sequence
from dataclasses import dataclass

WEEKS = 4
"""The same hours of so many weeks before say what is usual."""
_FEW = 100
"""Under so many events a factor says nothing."""
_FACTOR = 2.0


@dataclass(frozen=True, slots=True)
class VolumeFacts:
    """Events of one category from one source in the shift, and in the same hours before."""

    source: str
    category: str
    events: int
    before: tuple[int, ...] = ()
    """The weeks there is a record of, newest first."""

    @property
    def usual(self) -> float | None:
        """The middle of the weeks before; None without any."""
        return median(self.before)


@dataclass(frozen=True, slots=True)
class NoiseFacts:
    """Alerts a rule raised in the hours of the coming shift, and how they turned out."""

    rule_id: str
    title: str
    before: tuple[int, ...]
    """Alerts in the same hours of the weeks before, newest first."""
    noise: int = 0
    """Decided as benign or false within the weeks."""
    decided: int = 0

    @property
    def expected(self) -> float:
        """How many to expect: the middle of the weeks before."""
        return median(self.before) or 0.0


def median(values: Sequence[float]) -> float | None:
    """Return the middle of `values`, or None when there are none."""
    if not values:
        return None
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2


def deviation(events: int, usual: float | None) -> str:
    """Return `more` or `less` where a volume is far from what is usual, else nothing."""
    if usual is None or max(events, usual) < _FEW:
        return ""
    if events > usual * _FACTOR:
        return "more"
    return "less" if events < usual / _FACTOR else ""


def by_source(volumes: Sequence[VolumeFacts]) -> dict[str, list[VolumeFacts]]:
    """Return the categories of each source, the biggest first."""
    found: dict[str, list[VolumeFacts]] = {}
    for volume in sorted(volumes, key=lambda each: -each.events):
        found.setdefault(volume.source, []).append(volume)
    return found
