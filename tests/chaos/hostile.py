"""Random text in every field and random keys on every screen: nothing acts, nothing crashes.

python tests/chaos/hostile.py --rounds 20 --seed 7 --json
"""

import argparse
import json
import random
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from socconsole.store.database import Database
from tests import worked_store
from tests.fuzzing import PRESSED, Visitor, random_text
from tests.hostile import poison, wrong_on_the_wire
from tests.stories.test_hostile import WAYS

SIZES = ((80, 24), (120, 36), (200, 60), (40, 10))


def play(folder: Path, chance: random.Random, keys: int) -> tuple[int, list[str], bool]:
    """Work one console; return the bytes it wrote, what is wrong with them, and how it ended."""
    path = folder / "soc.db"
    database = Database(str(path))
    database.create()
    worked_store.fill(database, datetime.now(UTC), copies=chance.randint(2, 6))
    poison(database, [random_text(chance) for _ in range(chance.randint(2, 20))])
    database.close()
    visitor = Visitor(str(path), folder, size=chance.choice(SIZES))
    with visitor.terminal as terminal:
        terminal.read(quiet=1.0, secs=20)
        for way in chance.sample(WAYS, len(WAYS)):
            visitor.visits(*((pressed, set()) for pressed, _ in way))
            visitor.presses(chance.choices(PRESSED, k=keys))
        ended = visitor.leaves()
    return len(terminal.raw), wrong_on_the_wire(bytes(terminal.raw), copied=True), ended == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--keys", type=int, default=20, help="pressed on every screen")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = {"rounds": options.rounds, "seed": options.seed, "bytes": 0, "wrong": 0, "crashes": 0}
    for number in range(options.rounds):
        chance = random.Random(f"{options.seed}-{number}")
        with tempfile.TemporaryDirectory(prefix="socconsole-hostile.") as folder:
            written, wrong, is_whole = play(Path(folder), chance, options.keys)
        figures["bytes"] += written
        figures["wrong"] += len(wrong)
        figures["crashes"] += not is_whole
        if wrong or not is_whole:
            print(f"round {number}: {wrong[:3]}", file=sys.stderr)
    print(json.dumps(figures) if options.json else figures)
    return 1 if figures["wrong"] or figures["crashes"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
