"""Spike and flatline on weeks whose truth is known."""

import csv
import gzip
import os
import random
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from math import exp, sin, tau
from pathlib import Path

import msgspec
import pytest

from socconsole.sigma import baseline
from socconsole.sigma.baseline import Baseline, lower_tail, slot_of, upper_limit
from socconsole.sigma.match import Matcher
from socconsole.sigma.seasonal import Seasonal
from socconsole.sigma.window import microseconds
from socconsole.sigma.window_spec import WindowSpec
from tests.sigma.events import NOON, an_event

HOUR = 3_600_000_000
START = microseconds(NOON) // HOUR * HOUR
EVENT = an_event({})


def weeks(count, rate, seed):
    """Yield (bin start, usual count drawn) of an over-dispersed day-and-week rhythm."""
    chance = random.Random(seed)
    for hour in range(count * 168):
        profile = exp(0.9 * sin(tau * (hour % 24) / 24)) * (0.4 if hour // 24 % 7 >= 5 else 1.0)
        mean = rate * profile * chance.gammavariate(20, 1 / 20)
        total, limit = 0, exp(-min(mean, 600))
        product = chance.random()
        while product > limit:
            total += 1
            product *= chance.random()
        yield START + hour * HOUR, total


def run(window, series):
    """Feed a series and return the bins in which the window fired."""
    fired = []
    for begin, count in series:
        for number in range(count):
            time = begin + number * HOUR // (count + 1)
            fired += [f.first for f in window.add(("g",), time, 0, EVENT)]
        fired += [f.first for f in window.advance(begin + HOUR)]
    return fired


def seasonal(kind, **kwargs):
    spec = WindowSpec(type=kind, rules=("r",), span=3600, **kwargs)
    return Seasonal(spec, lateness=0, max_groups=10)


@pytest.mark.parametrize("rate", [3, 30, 150])
def test_a_spike_is_found_and_ordinary_weeks_are_quiet(rate):
    series = list(weeks(7, rate, seed=rate))
    bursts = list(range(5 * 168 + 9, 7 * 168, 37))
    for at in bursts:
        begin, count = series[at]
        series[at] = (begin, 10 * (count + 2))
    fired = run(seasonal("spike"), series)
    wanted = {series[at][0] for at in bursts}
    false_alarms = [begin for begin in fired if begin not in wanted]
    assert len(false_alarms) <= 3
    assert len(wanted & set(fired)) >= 0.8 * len(wanted)


def test_nothing_is_said_before_there_is_history():
    series = [(begin, 500 if n % 50 == 0 else c) for n, (begin, c) in enumerate(weeks(1, 5, 1))]
    assert not run(seasonal("spike"), series[:140])


def test_an_attack_is_not_learnt_as_usual():
    series = [*weeks(6, 30, seed=4)]
    attacked = [(begin, 40 * (c + 1) if n > 5 * 168 else c) for n, (begin, c) in enumerate(series)]
    fired = run(seasonal("spike"), attacked)
    assert len(fired) > 100


def test_a_flatline_is_found_where_silence_is_strange():
    series = list(weeks(6, 30, seed=9))
    silent = range(5 * 168 + 2, 5 * 168 + 12)
    for at in silent:
        series[at] = (series[at][0], 0)
    fired = run(seasonal("flatline"), series)
    wanted = {series[at][0] for at in silent}
    assert len(wanted & set(fired)) >= 6
    assert len(set(fired) - wanted) <= 2


def test_a_flatline_with_a_limit_needs_no_history():
    window = seasonal("flatline", limits=(("lt", 3.0),))
    assert run(window, [(START, 5), (START + HOUR, 2), (START + 2 * HOUR, 4)]) == [START + HOUR]


def test_the_tails_are_those_of_a_negative_binomial():
    # Against sums of the textbook formula with n=10, p=10/(10+mean).
    limit = upper_limit(20.0, 10.0, 1e-3)
    assert tail(limit, 20.0, 10) < 1e-3 <= tail(limit - 1, 20.0, 10)
    far = upper_limit(20.0, 10.0, 1e-14)
    assert tail(far, 20.0, 10) < 1e-13
    assert lower_tail(3, 20.0, 10.0) == pytest.approx(1 - tail(4, 20.0, 10), rel=1e-6)


def tail(count, mean, size):
    from math import comb

    p = size / (size + mean)
    return 1 - sum(comb(k + size - 1, k) * p**size * (1 - p) ** k for k in range(count))


@pytest.mark.parametrize("dispersion", [10.0, 200.0])
def test_the_tails_of_large_counts_are_near_those_summed_one_by_one(monkeypatch, dispersion):
    quick = upper_limit(40_000, dispersion, 1e-4), lower_tail(30_000, 40_000, dispersion)
    monkeypatch.setattr(baseline, "_LARGE", 1e9)
    exact = upper_limit(40_000, dispersion, 1e-4), lower_tail(30_000, 40_000, dispersion)
    assert quick[0] == pytest.approx(exact[0], rel=0.003)
    assert quick[0] >= exact[0] - 1
    assert quick[1] == pytest.approx(exact[1], rel=0.1)


def test_after_a_restart_a_spike_is_as_rare_as_before():
    first, second = seasonal("spike", min_count=1), seasonal("spike", min_count=1)
    for group in "abcdefgh":
        for begin, count in list(weeks(1, 20, seed=ord(group))):
            first.advance(begin)
            for _ in range(count):
                first.add((group,), begin, 0, EVENT)
    now = START + 169 * HOUR
    for group in "abcdefgh":
        first.add((group,), now, 0, EVENT)
    second.restore(msgspec.to_builtins(list(first.parts().values())))
    before, after = (
        {key: one.limit for key, one in each._series.items()} for each in (first, second)
    )
    assert before == after
    assert None not in before.values()


def test_the_hours_of_the_week_begin_on_monday():
    monday = microseconds(NOON.replace(hour=0))
    assert slot_of(monday) == 0
    assert slot_of(monday - 1) == 167


def test_the_baseline_knows_the_hour_of_the_week():
    baseline = Baseline()
    for week in range(4):
        for hour in range(168):
            baseline.learn(START + (week * 168 + hour) * HOUR, 100 if hour % 24 == 9 else 10)
    busy, calm = START + (4 * 168 + 9) * HOUR, START + (4 * 168 + 15) * HOUR
    assert baseline.expected(busy) > 3 * baseline.expected(calm)


AIT = Path(os.environ.get("SOCCONSOLE_CORPORA", ""), "ait-ads")
HALF_HOURS = """
title: Spike
id: 00000000-0000-4000-8000-000000000009
logsource: {{product: windows}}
detection:
  selection: {{kind: alert}}
  condition: selection
correlation: {{type: {}, timespan: 30m, min-count: 10}}
"""


@cache
def alerts_of(site):
    """Return time and label of the alerts that a site's sensors raised, oldest first."""
    with gzip.open(AIT / f"{site}.csv.gz", "rt") as file:
        return sorted((float(row["time"]), row["time_label"]) for row in csv.DictReader(file))


def fired_at(ruleset, times):
    """Return when each window of `ruleset` began that events at `times` make fire."""
    event = an_event({"kind": "alert"})
    events = [replace(event, time=datetime.fromtimestamp(time, UTC)) for time in times]
    return [found.window.first.timestamp() for found in Matcher(ruleset).match_all(events)]


@pytest.mark.skipif(not AIT.is_dir(), reason="$SOCCONSOLE_CORPORA names no folder with ait-ads")
@pytest.mark.parametrize("site", ["shaw", "russellmitchell"])
def test_an_attack_on_a_real_site_is_a_spike_among_few(rules, site):
    """Alerts a site's own sensors raised over days, nearly all of them false, and one attack."""
    rows = alerts_of(site)
    spikes = fired_at(rules(HALF_HOURS.format("spike")), [time for time, _ in rows])
    attack = [time for time, label in rows if label != "false_positive"]
    assert any(attack[0] - 1800 <= spike <= attack[-1] for spike in spikes)
    days = (rows[-1][0] - rows[0][0]) / 86_400
    assert len(spikes) <= days, "more than one alarm a day"


@pytest.mark.skipif(not AIT.is_dir(), reason="$SOCCONSOLE_CORPORA names no folder with ait-ads")
def test_a_real_site_that_falls_silent_is_a_flatline_in_every_half_hour(rules):
    """The same alerts, of which three working hours are taken out on the last day but one."""
    times = [time for time, _ in alerts_of("shaw")]
    two_o_clock = int((times[-1] // 86_400 - 1) * 86_400 + 14 * 3600)
    silent = range(two_o_clock, two_o_clock + 3 * 3600, 1800)
    heard = [time for time in times if not silent[0] <= time < silent[-1] + 1800]
    flat = fired_at(rules(HALF_HOURS.format("flatline")), heard)
    assert set(silent) <= set(flat)
    days = (times[-1] - times[0]) / 86_400
    assert len(flat) - len(silent) <= days / 5, "more than one alarm in five days that is none"
