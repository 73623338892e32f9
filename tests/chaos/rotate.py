"""Rotates, truncates, copies, deletes and kills at random; no line may be lost or doubled.

python tests/chaos/rotate.py --steps 300 --seed 7 --json
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path


def main() -> int:
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from tests.sources.model import play, random_actions

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="socconsole-rotate.") as folder:
        actions = random_actions(options.steps, options.seed)
        outcome = play(Path(folder), actions, options.seed)
    figures = {
        "steps": outcome.steps,
        "lost": len(outcome.lost),
        "doubled": len(outcome.doubled),
        "gaps_reported": outcome.gaps_reported,
        "lines": outcome.lines,
        "garbled": len(outcome.garbled),
        "destroyed_unread": outcome.at_risk,
        "seed": options.seed,
    }
    print(json.dumps(figures) if options.json else figures)
    return 1 if outcome.lost or outcome.doubled or outcome.garbled else 0


if __name__ == "__main__":
    raise SystemExit(main())
