"""Which fields the public Sigma rules of a log source use, and in how many rules.

Run: `python -m tests.corpora.sigma_demand RULES > tests/parsers/sigma_demand.json`.
"""

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import yaml

LEAST_RULES = 3
"""A field that fewer rules of a log source use is left out."""


def fields_of(node: object) -> Iterator[str]:
    """Yield the field names of a selection."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield str(key).partition("|")[0]
            yield from fields_of(value)
    elif isinstance(node, list):
        for item in node:
            yield from fields_of(item)


def demand(folder: Path) -> dict[str, dict[str, int]]:
    """Return log source → field → rules, for fields in use."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for path in sorted(folder.glob("rules*/**/*.yml")):
        for rule in yaml.load_all(path.read_text("utf-8"), yaml.CSafeLoader):
            if not isinstance(rule, dict) or "detection" not in rule:
                continue
            source = rule.get("logsource", {})
            name = "/".join(source.get(key) or "-" for key in ("product", "category", "service"))
            selections = {
                name: value
                for name, value in rule["detection"].items()
                if name not in ("condition", "timeframe")
            }
            used = {field for value in selections.values() for field in fields_of(value)}
            counts[name].update(used - {""})
    return {
        name: kept
        for name in sorted(counts)
        if (kept := {f: n for f, n in counts[name].most_common() if n >= LEAST_RULES})
    }


if __name__ == "__main__":
    print(json.dumps(demand(Path(sys.argv[1])), indent=1))
