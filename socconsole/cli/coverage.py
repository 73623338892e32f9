"""ATT&CK tactics × techniques that rules cover."""

import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from socconsole.cli.output import print_json, print_table
from socconsole.errors import FileError

if TYPE_CHECKING:
    from socconsole.core.detection import Rule
    from socconsole.sigma.rules import RuleSet

TACTICS = (
    "reconnaissance",
    "resource-development",
    "initial-access",
    "execution",
    "persistence",
    "privilege-escalation",
    "stealth",
    "defense-evasion",
    "defense-impairment",
    "credential-access",
    "discovery",
    "lateral-movement",
    "collection",
    "command-and-control",
    "exfiltration",
    "impact",
)


def write_coverage(ruleset: "RuleSet", navigator: Path | None, *, as_json: bool) -> int:
    """Print which techniques how many rules cover; write a Navigator layer when asked to."""
    covered = techniques(ruleset.rules)
    if navigator is not None:
        text = json.dumps(_layer(covered), indent=2) + "\n"
        try:
            navigator.write_text(text)
        except OSError as error:
            raise FileError(f"Cannot write: {error.strerror}.", where=str(navigator)) from None
    rows = [
        (tactic, technique, len(titles))
        for (tactic, technique), titles in sorted(covered.items(), key=_order)
    ]
    if as_json:
        keys = ("tactic", "technique", "rules")
        print_json([dict(zip(keys, row, strict=True)) for row in rows])
    else:
        print_table(("tactic", "technique", "rules"), rows)
    return 0


def techniques(rules: "Iterable[Rule]") -> dict[tuple[str, str], list[str]]:
    """Return (tactic, technique) → titles of the rules tagged with both.

    A rule's tags do not say which of its techniques serves which of its tactics: each pair counts.
    """
    covered: dict[tuple[str, str], list[str]] = defaultdict(list)
    for rule in rules:
        names = [tag.lower() for tag in rule.tags]
        tags = [name.removeprefix("attack.") for name in names if name.startswith("attack.")]
        tactics = [tag.replace("_", "-") for tag in tags if tag.replace("_", "-") in TACTICS]
        for technique in (tag.upper() for tag in tags if tag[:1] == "t" and tag[1:2].isdigit()):
            for tactic in tactics or ["-"]:
                covered[tactic, technique].append(rule.title)
    return covered


def _order(entry: tuple[tuple[str, str], list[str]]) -> tuple[int, str]:
    tactic, technique = entry[0]
    return (TACTICS.index(tactic) if tactic in TACTICS else len(TACTICS), technique)


def _layer(covered: dict[tuple[str, str], list[str]]) -> dict[str, object]:
    most = max(map(len, covered.values()), default=1)
    return {
        "name": "socconsole rules",
        "versions": {"layer": "4.5", "navigator": "5.1.0", "attack": "17"},
        "domain": "enterprise-attack",
        "description": "Techniques covered by the loaded rules; the score is their number.",
        "techniques": [
            {
                "techniqueID": technique,
                **({"tactic": tactic} if tactic != "-" else {}),
                "score": len(titles),
                "comment": "; ".join(sorted(set(titles))[:20]),
            }
            for (tactic, technique), titles in sorted(covered.items())
        ],
        "gradient": {"colors": ["#ffffff", "#2e7d32"], "minValue": 0, "maxValue": most},
    }
