"""How many lines a second one format reads on one core, from bytes on disk to events.

Run: `python tests/bench/parse.py --format sshd FILE [--json]`; a file is read again and again.
"""

import argparse
import json
import time
from datetime import UTC, datetime
from pathlib import Path

from socconsole.core.event import ReadContext
from socconsole.parsers import find, open_parser
from socconsole.parsers.reading import decode, read_line, split


def measure(path: Path, name: str, seconds: float) -> dict[str, object]:
    """Read `path` over and over for `seconds` and return the figures."""
    with path.open("rb") as stream:
        head = [
            decode(line.data)[0]
            for line, _ in zip(split(stream, source="bench"), range(50), strict=False)
        ]
    parse = open_parser(find(name), head)
    now = datetime.now(UTC)
    context = ReadContext(reference=now)
    lines = unparsed = 0
    begin = time.perf_counter()
    while time.perf_counter() - begin < seconds:
        with path.open("rb") as stream:
            for line in split(stream, source="bench", path=str(path)):
                lines += 1
                unparsed += read_line(parse, line, context) is None
    spent = time.perf_counter() - begin
    return {"lines": lines, "lines_per_second": round(lines / spent), "unparsed": unparsed}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("file", type=Path)
    arguments.add_argument("--format", required=True)
    arguments.add_argument("--seconds", type=float, default=3.0)
    arguments.add_argument("--json", action="store_true")
    given = arguments.parse_args()
    found = measure(given.file, given.format, given.seconds)
    print(
        json.dumps(found)
        if given.json
        else "\n".join(f"{key}: {value}" for key, value in found.items())
    )


if __name__ == "__main__":
    main()
