"""CrowdSec's hub tests as cases: a line, and what its parser says the line holds."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_ASSERTION = re.compile(
    r'results\["(?P<stage>s0[01]-[\w-]+)"\]\["(?P<parser>[^"]+)"\]\[(?P<place>\d+)\]\.'
    r"(?:Success == (?P<success>true|false)|"
    r'Evt\.(?:Parsed|Meta)\["(?P<name>[^"]+)"\] == "(?P<value>.*)")$'
)
_ESCAPED = re.compile(r'\\(["\\nt])')
_PLAIN = {"n": "\n", "t": "\t"}


@dataclass(frozen=True)
class Assertion:
    """A name and the value a line must have under it."""

    parser: str
    name: str
    value: str


@dataclass(frozen=True)
class Line:
    """A line of a case and what is asserted about it."""

    case: str
    text: str
    assertions: tuple[Assertion, ...]


def read_cases(folder: Path) -> Iterator[Line]:
    """Yield every line of every case that asserts something about it."""
    for path in sorted(folder.glob("*/parser.assert")):
        yield from _read_case(path)


def _read_case(path: Path) -> Iterator[Line]:
    config = (path.parent / "config.yaml").read_text()
    found = re.search(r"^log_file: *(\S+)", config, re.MULTILINE)
    log = path.parent / (found[1].strip("\"'") if found else "")
    if not log.is_file():
        return
    texts = [text for text in log.read_text(errors="replace").split("\n") if text.strip()]
    per_stage = _assertions(path)
    places = list(range(len(texts)))
    per_line: dict[int, set[Assertion]] = defaultdict(set)
    for stage in sorted(per_stage):
        passed = set()
        for (parser, _), (success, found_here), place in _aligned(per_stage[stage], places, texts):
            if success:
                passed.add(place)
            per_line[place].update(Assertion(parser, *pair) for pair in found_here)
        # Only what one stage reads goes on to the next, and is counted anew there.
        places = sorted(passed)
    for place, text in enumerate(texts):
        if per_line[place]:
            found = tuple(sorted(per_line[place], key=repr))
            yield Line(path.parent.name, text.removesuffix("\r"), found)


def _aligned(entries, places: list[int], texts: list[str]):
    """Yield each entry and its line's place: the next that holds its message, else by count."""
    last: dict[str, int] = defaultdict(lambda: -1)
    for (parser, count), (success, pairs) in sorted(entries.items()):
        message = next((value for name, value in pairs if name == "message"), None)
        place = places[count] if count < len(places) else None
        if message:
            later = (here for here in places if here > last[parser] and message in texts[here])
            place = next(later, place)
        if place is not None:
            last[parser] = place
            yield (parser, count), (success, pairs), place


def _assertions(path: Path) -> dict[str, dict[tuple[str, int], tuple[bool, list[tuple[str, str]]]]]:
    per_stage: dict[str, dict[tuple[str, int], tuple[bool, list[tuple[str, str]]]]] = defaultdict(
        dict
    )
    for text in path.read_text(errors="replace").splitlines():
        match = _ASSERTION.match(text.strip())
        if match is None:
            continue
        key = match["parser"], int(match["place"])
        success, pairs = per_stage[match["stage"]].get(key, (False, []))
        if match["success"] is not None:
            success = match["success"] == "true"
        else:
            value = _ESCAPED.sub(lambda one: _PLAIN.get(one[1], one[1]), match["value"])
            pairs.append((match["name"], value))
        per_stage[match["stage"]][key] = success, pairs
    return per_stage
