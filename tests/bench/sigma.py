"""How fast rules match: `python tests/bench/sigma.py --events FILE[.gz] --rules PATH...`.

`match_only_eps` matches decoded events; `end_to_end_eps` is `socconsole replay` in a process of
its own, from the first byte read to the last detection printed; `unique_eps` is match only with
every value that carries a path, a command line or a text made unique. Each is the median of the
runs, each run with the rules compiled, spared by the garbage collector as the program spares
them, and no value remembered. `load_seconds_*` are a process of
their own, without and with the cache of compiled rules. `field_of_32_kb_ms` is what one event
costs in processor time whose command line is so long: the first of its kind, then the median of
others, of common text, of escapes, and of four thousand of the rules' own words.
"""

import argparse
import gc
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

# This file's name is that of pySigma's package, and its folder is searched first.
sys.path[:] = [place for place in sys.path if Path(place or ".").resolve() != Path(__file__).parent]

from socconsole.cli.replay import peak_rss_bytes, read_events  # noqa: E402 - see above
from socconsole.cli.rule_paths import settle  # noqa: E402
from socconsole.core.event import Event, LogSource, ReadContext  # noqa: E402
from socconsole.parsers import usual_logsources  # noqa: E402
from socconsole.sigma.match import Matcher  # noqa: E402
from socconsole.sigma.rules import RuleSet, load_rules  # noqa: E402
from socconsole.sigma.tree import items_of  # noqa: E402

_LOAD = """
import sys, time
from pathlib import Path
from socconsole.parsers import usual_logsources
started = time.perf_counter()
from socconsole.sigma.match import Matcher
from socconsole.sigma.rules import load_rules
Matcher(load_rules(sys.argv[2:], cache=Path(sys.argv[1])), expected=usual_logsources())
print(time.perf_counter() - started)
"""
_REPLAY = (sys.executable, "-m", "socconsole", "replay")


def events_of(path: str) -> list[Event]:
    """Return every event of a file."""
    now = datetime.now(UTC)
    context = ReadContext(now)
    return [event for batch in read_events(path, "auto", context) for event in batch]


def unique(events: list[Event]) -> None:
    """Make every long text of every event unlike all others, command lines first of all."""
    for number, event in enumerate(events):
        for name, value in event.fields.items():
            if isinstance(value, str) and (name == "CommandLine" or len(value) > 40):
                event.fields[name] = f"{value} {number:x}-{hash((number, name)) & 0xFFFFFFFF:08x}"


def rate(matcher: Matcher, events: list[Event], runs: int) -> tuple[float, int]:
    """Return events a second, median of `runs`, and detections of one run."""
    rates, detections = [], 0
    for _ in range(runs):
        matcher.forget_values()
        gc.collect()
        started = time.perf_counter()
        detections = len(matcher.match_all(events))
        rates.append(len(events) / (time.perf_counter() - started))
    return statistics.median(rates), detections


def field_of_32_kb_ms(ruleset: RuleSet) -> dict[str, float]:
    """Return what one long field costs, by what it is made of."""
    trees = [one.tree for one in ruleset.definitions if one.tree is not None]
    words = [item.text for tree in trees for item in items_of(tree) if item.test == "contains"]
    plain = "powershell -enc cmd.exe /c net user \\windows\\system32 .dll http:// -w hidden iex "
    values = {
        "first": "a quiet word " * 2500,
        "common_text": plain * 400,
        "escapes": "'\"&$()`^" * 4000,
        "rule_words": " ".join(random.Random(4).choices(words, k=4000)),
    }
    matcher = Matcher(ruleset, expected=usual_logsources())
    settle()
    return {name: _median_ms(matcher, value[:32_000], name) for name, value in values.items()}


def _median_ms(matcher: Matcher, value: str, name: str) -> float:
    sources = (LogSource("windows", None, "sysmon"), LogSource("windows", "process_creation"))
    times = []
    for number in range(1 if name == "first" else 9):
        fields = {"EventID": 1, "Image": "C:\\Windows\\cmd.exe", "CommandLine": f"{value}{number}"}
        event = Event("bench", sources, fields, json.dumps(fields), datetime.now(UTC))
        started = time.thread_time()
        matcher.match(event)
        times.append(time.thread_time() - started)
    return round(statistics.median(times) * 1000, 2)


def end_to_end(path: str, rules: list[str], runs: int) -> float:
    """Return the rate `socconsole replay` states, median of `runs`."""
    rates = []
    for _ in range(runs):
        with tempfile.NamedTemporaryFile() as stats:
            subprocess.run(
                [*_REPLAY, path, "--jsonl", "--stats", stats.name]
                + [word for rule in rules for word in ("--rules", rule)],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=True,
            )
            rates.append(json.loads(Path(stats.name).read_text())["events_per_second"])
    return statistics.median(rates)


def load_seconds(rules: list[str]) -> tuple[float, float]:
    """Return how long a process needs for import and rules, without and with the cache."""
    with tempfile.TemporaryDirectory() as folder:
        cache = str(Path(folder, "rules.cache"))
        command = [sys.executable, "-c", _LOAD, cache, *rules]
        times = [float(subprocess.check_output(command)) for _ in range(4)]
    return times[0], statistics.median(times[1:])


def main() -> None:
    """Print the figures as one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", required=True)
    parser.add_argument("--rules", required=True, nargs="+")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="print JSON, as it always does")
    options = parser.parse_args()
    cold, cached = load_seconds(options.rules)
    ruleset = load_rules(options.rules)
    long = field_of_32_kb_ms(ruleset)
    events = events_of(options.events)
    matcher = Matcher(ruleset)
    settle()
    match_only, detections = rate(matcher, events, options.runs)
    end = end_to_end(options.events, options.rules, options.runs)
    unique(events)
    unlike, _ = rate(matcher, events, options.runs)
    figures = {
        "match_only_eps": round(match_only),
        "end_to_end_eps": round(end),
        "unique_eps": round(unlike),
        "field_of_32_kb_ms": long,
        "load_seconds_cold": round(cold, 3),
        "load_seconds_cached": round(cached, 3),
        "peak_rss_bytes": peak_rss_bytes(),
        "rules": len(ruleset.rules),
        "detections": detections,
    }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
