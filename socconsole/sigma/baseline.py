"""What is usual at this hour of the week: a negative binomial per slot, learnt bin by bin."""

from math import ceil, exp, lgamma, log

from msgspec import Struct

SLOTS = 168
HOUR = 3_600_000_000
_START = 4 * 24 * HOUR
"""1970 began on a Thursday: slots count from Monday."""
_WEIGHT = 0.25
"""Weight of the newest week once a slot has seen four."""
_PRIOR_DISPERSION = 10.0
_LARGE = 20_000.0
"""Means beyond are scaled down to it: then counts are so far from single ones that only shares
matter, and summing up to them one by one would take seconds."""
_ENOUGH = 3
"""Bins of a slot, its neighbours counted in, that make its own mean worth using."""


class Slot(Struct, array_like=True):
    """One hour of the week, or all of them together."""

    mean: float = 0.0
    seen: float = 0.0

    def learn(self, count: float, floor: float = _WEIGHT) -> None:
        """Move the mean towards `count`: by its share at first, by `floor` later."""
        self.seen += 1
        self.mean += (count - self.mean) * max(floor, 1 / self.seen)


class Baseline(Struct, array_like=True):
    """The usual counts of one group, per bin of a fixed width."""

    slots: dict[int, Slot] = {}
    hours: dict[int, Slot] = {}
    excess: float = 0.0
    """Smoothed variance beyond Poisson, and the square of the mean it was seen at."""
    square: float = 0.0

    def expected(self, time: int) -> float | None:
        """Return the usual count of the bin that starts at `time`; None before enough history.

        The hour of the week is used, smoothed by its neighbours, once it was seen three times;
        before that the hour of the day, before that the level of all bins of at least two days.
        """
        slot = slot_of(time)
        near = [
            self.slots[i % SLOTS] for i in (slot - 1, slot, slot + 1) if i % SLOTS in self.slots
        ]
        own = self.slots.get(slot)
        if own is not None and own.seen >= _ENOUGH:
            weights = [(2.0 if one is own else 1.0) * one.seen for one in near]
            total = sum(w * one.mean for w, one in zip(weights, near, strict=True))
            return total / sum(weights)
        hour = self.hours.get(slot % 24)
        if hour is not None and hour.seen >= 2 * _ENOUGH:
            return hour.mean
        return None

    @property
    def dispersion(self) -> float:
        """The negative binomial's size: small means bursty, large close to Poisson."""
        if self.square <= 0:
            return _PRIOR_DISPERSION
        return min(200.0, max(0.5, self.square / max(self.excess, 1e-9)))

    def learn(self, time: int, count: int) -> None:
        """Learn the count of the bin that started at `time`, cut where it would teach an attack."""
        slot, expected = slot_of(time), self.expected(time)
        value: float = count
        if expected is not None:
            spread = expected + expected * expected / self.dispersion
            value = min(value, expected + 6 * spread**0.5 + 1)
            error = (value - expected) ** 2 - expected
            self.excess = 0.995 * self.excess + error
            self.square = 0.995 * self.square + expected * expected
        self.slots.setdefault(slot, Slot()).learn(value)
        self.hours.setdefault(slot % 24, Slot()).learn(value, 0.05)


def slot_of(time: int) -> int:
    """Return the hour of the week, 0 to 167 from Monday midnight UTC."""
    return (time - _START) // HOUR % SLOTS


def upper_limit(expected: float, dispersion: float, probability: float) -> int:
    """Return the smallest count whose upper tail is rarer than `probability`."""
    if expected > _LARGE:
        return ceil(upper_limit(_LARGE, dispersion, probability) * expected / _LARGE)
    mean = max(expected, 0.05)
    term = _log_pmf(0, mean, dispersion)
    count, tail = 0, 1.0
    while tail >= probability:
        tail -= exp(term)
        count += 1
        term += log((count - 1 + dispersion) / count) + log(mean / (mean + dispersion))
        if tail < 1e-12 or count > 100 * (mean + 100):
            return count + _beyond(count, mean, dispersion, probability)
    return count


def _beyond(count: int, mean: float, dispersion: float, probability: float) -> int:
    """Return how many more it takes where subtraction has run out of digits: sum the far tail."""
    step = 0
    while _far_tail(count + step, mean, dispersion) >= probability:
        step += 1
    return step


def _far_tail(count: int, mean: float, dispersion: float) -> float:
    ratio = mean / (mean + dispersion)
    term = exp(_log_pmf(count, mean, dispersion))
    total, k = 0.0, count
    while term > total * 1e-12 and k < count + 100_000:
        total += term
        term *= (k + dispersion) / (k + 1) * ratio
        k += 1
    return total


def lower_tail(count: int, expected: float, dispersion: float) -> float:
    """Return how probable `count` or fewer is."""
    if expected > _LARGE:
        count, expected = round(count * _LARGE / expected), _LARGE
    return min(1.0, sum(exp(_log_pmf(k, expected, dispersion)) for k in range(count + 1)))


def _log_pmf(count: int, mean: float, dispersion: float) -> float:
    return (
        lgamma(count + dispersion)
        - lgamma(dispersion)
        - lgamma(count + 1)
        + dispersion * log(dispersion / (dispersion + mean))
        + count * log(mean / (dispersion + mean))
    )
