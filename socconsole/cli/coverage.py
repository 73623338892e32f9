"""ATT&CK tactics × techniques that rules cover."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from socconsole.cli.output import print_json, print_table
from socconsole.core import campaign
from socconsole.errors import FileError

if TYPE_CHECKING:
    from socconsole.core.detection import Rule
    from socconsole.sigma.rules import RuleSet
    from socconsole.store.queries.rules import FiredRule

TACTICS = tuple(name.replace("_", "-") for name in campaign.TACTICS)


@dataclass(slots=True)
class Covered:
    """How well one technique is covered for one tactic."""

    titles: list[str] = field(default_factory=list)
    detections: int = 0


Coverage = dict[tuple[str, str], Covered]
"""(tactic, technique) → who covers it. A rule's tags do not say which of its techniques serves
which of its tactics: each pair counts. A rule without a tactic stands under `-`."""


def write_coverage(
    ruleset: "RuleSet", fired: "Sequence[FiredRule]", navigator: Path | None, *, as_json: bool
) -> int:
    """Print which techniques how many rules cover; write a Navigator layer when asked to."""
    covered = techniques(ruleset.rules, fired)
    if navigator is not None:
        text = json.dumps(_layer(covered), indent=2) + "\n"
        try:
            navigator.write_text(text)
        except OSError as error:
            raise FileError(f"Cannot write: {error.strerror}.", where=str(navigator)) from None
    rows = [
        (tactic, technique, len(one.titles), one.detections)
        for (tactic, technique), one in sorted(covered.items(), key=_order)
    ]
    keys = ("tactic", "technique", "rules", "detections")
    if as_json:
        print_json([dict(zip(keys, row, strict=True)) for row in rows])
    else:
        print_table(keys, rows)
    return 0


def techniques(rules: "Sequence[Rule]", fired: "Iterable[FiredRule]") -> Coverage:
    """Return what the tags of `rules` cover, and how often what `fired` did, loaded or not."""
    covered: Coverage = defaultdict(Covered)
    for rule in rules:
        for pair in _pairs(rule.tags):
            covered[pair].titles.append(rule.title)
    tags = {rule.id: rule.tags for rule in rules}
    for one in fired:
        for pair in _pairs(tags.get(one.id, one.tags)):
            covered[pair].detections += one.detections
    return covered


def _pairs(tags: Iterable[str]) -> list[tuple[str, str]]:
    """Return each tactic with each technique that the tags name."""
    names = [tag.lower() for tag in tags]
    named = [name.removeprefix("attack.") for name in names if name.startswith("attack.")]
    tactics = [name.replace("_", "-") for name in named if name.replace("_", "-") in TACTICS]
    numbers = [name.upper() for name in named if name[:1] == "t" and name[1:2].isdigit()]
    return [(tactic, number) for number in numbers for tactic in tactics or ["-"]]


def _order(entry: tuple[tuple[str, str], Covered]) -> tuple[int, str]:
    tactic, technique = entry[0]
    return (TACTICS.index(tactic) if tactic in TACTICS else len(TACTICS), technique)


def _layer(covered: Coverage) -> dict[str, object]:
    most = max((len(one.titles) for one in covered.values()), default=1)
    return {
        "name": "socconsole rules",
        # No version of ATT&CK: rules name tactics of several, and the current one is assumed.
        "versions": {"layer": "4.5", "navigator": "5.1.0"},
        "domain": "enterprise-attack",
        "description": "Techniques covered by the loaded rules; the score is their number.",
        "techniques": [
            {
                "techniqueID": technique,
                **({"tactic": tactic} if tactic != "-" else {}),
                "score": len(one.titles),
                "comment": f"{one.detections} detections; " + "; ".join(sorted(one.titles)[:20]),
            }
            for (tactic, technique), one in sorted(covered.items())
        ],
        "gradient": {"colors": ["#ffffff", "#2e7d32"], "minValue": 0, "maxValue": most},
    }
