"""How many of lnav's own formats, patterns and sample lines our loader takes as they are.

Run: `python -m tests.corpora.lnav FOLDER`, a folder of lnav's format files (`src/formats` of its
source, or what a package of it holds); none is kept here.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from socconsole.core.event import ReadContext
from socconsole.errors import SettingsError
from socconsole.parsers import open_parser, user_formats

NOW = datetime(2026, 3, 2, tzinfo=UTC)
CONTEXT = ReadContext(reference=NOW)


def main(folder: Path) -> None:
    """Print what is refused or not read, then the figures."""
    counts = dict.fromkeys(("formats", "patterns", "backtracking", "samples", "read", "timed"), 0)
    for path in sorted(folder.glob("*.json")):
        try:
            pairs = user_formats.load(path)
        except SettingsError as error:
            print(error)
            continue
        for parser, found in pairs:
            counts["formats"] += 1
            counts["patterns"] += len(found.patterns)
            counts["backtracking"] += len(found.backtracking)
            for sample in parser.samples:
                event = open_parser(parser, [sample.line])(sample.line, CONTEXT)
                counts["samples"] += 1
                counts["read"] += event is not None
                counts["timed"] += event is not None and event.time is not None
                if event is None or event.time is None:
                    missing = "event" if event is None else "time"
                    print(f"{parser.name}: no {missing}: {sample.line[:90]!r}")
    print(*(f"{name}: {count}" for name, count in counts.items()), sep="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
