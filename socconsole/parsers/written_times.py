"""Times in a layout that a user's format spells out, in the letters of strptime and lnav."""

import re
from functools import lru_cache

from socconsole.core.event import ReadContext
from socconsole.parsers import timestamps
from socconsole.parsers.timestamps import MONTHS, Instant

_PIECES = {
    "a": r"[A-Za-z]{2,9}\.?",
    "A": r"[A-Za-z]{2,12}",
    "b": r"(?P<month_name>[A-Za-z]{3})[a-z]*\.?",
    "B": r"(?P<month_name>[A-Za-z]{3})[a-z]*",
    "h": r"(?P<month_name>[A-Za-z]{3})",
    "d": r"(?P<day>\s?\d{1,2})",
    "e": r"(?P<day>\s?\d{1,2})",
    "F": r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})",
    "H": r"(?P<hour>\d{1,2})",
    "k": r"(?P<hour>\s?\d{1,2})",
    "I": r"(?P<hour>\d{1,2})",
    "l": r"(?P<hour>\s?\d{1,2})",
    "m": r"(?P<month>\d{1,2})",
    "M": r"(?P<minute>\d{2})",
    "S": r"(?P<second>\d{2})",
    "R": r"(?P<hour>\d{1,2}):(?P<minute>\d{2})",
    "T": r"(?P<hour>\d{1,2}):(?P<minute>\d{2}):(?P<second>\d{2})",
    "L": r"(?P<fraction>\d{3})",
    "f": r"(?P<fraction>\d{1,9})",
    "N": r"(?P<fraction>\d{9})",
    "p": r"(?P<half>[AaPp])\.?[Mm]\.?",
    "y": r"(?P<short_year>\d{2})",
    "Y": r"(?P<year>\d{4})",
    "z": r"(?P<offset>Z|[+-]\d{2}:?\d{2})",
    "Z": r"(?P<zone>[A-Z][A-Za-z]{1,4})",
    "s": r"(?P<epoch>\d+)",
    "i": r"(?P<epoch>\d+)",
    "6": r"(?P<epoch>\d+)",
    "n": r"\n",
    "t": r"\t",
    "%": "%",
}


def read(text: str, layout: str, context: ReadContext) -> Instant | None:
    """Return the time that `text` is in `layout`, or None."""
    pattern = _compiled(layout)
    match = pattern.fullmatch(text.strip()) if pattern is not None else None
    if match is None:
        return None
    found = {name: value.strip() for name, value in match.groupdict().items() if value}
    if "epoch" in found:
        return timestamps.epoch(found["epoch"])
    return timestamps.any_time(_as_iso(found), context)


def _as_iso(found: dict[str, str]) -> str:
    hour = int(found.get("hour", "0"))
    if "half" in found:
        hour = hour % 12 + (12 if found["half"] in "Pp" else 0)
    clock = f"{hour:02}:{found.get('minute', '00')}:{found.get('second', '00')}"
    if "fraction" in found:
        clock += "." + found["fraction"]
    zone = f" {found['zone']}" if found.get("zone", "").isupper() else ""
    clock += found.get("offset", zone)
    year = found.get("year") or ("20" + found["short_year"] if "short_year" in found else "")
    named = MONTHS.get(found.get("month_name", "").capitalize()[:3])
    month = named or int(found.get("month", "1"))
    day = int(found.get("day", "1"))
    if year:
        return f"{year}-{month:02}-{day:02}T{clock}"
    name = next(name for name, number in MONTHS.items() if number == max(1, min(month, 12)))
    return f"{name} {day:2} {clock}"


@lru_cache(256)
def _compiled(layout: str) -> re.Pattern[str] | None:
    """Return the pattern of a layout, all of it ours: other characters stand for themselves."""
    pieces, seen, place = [], set[str](), 0
    while place < len(layout):
        letter = layout[place]
        if letter != "%" or place + 1 >= len(layout):
            pieces.append(r"\s+" if letter == " " else re.escape(letter))
            place += 1
            continue
        piece = _PIECES.get(layout[place + 1])
        if piece is None:
            return None
        for name in re.findall(r"\?P<(\w+)>", piece):
            if name in seen:
                piece = piece.replace(f"(?P<{name}>", "(?:")
            seen.add(name)
        pieces.append(piece)
        place += 2
    if layout.endswith(("%S", "%T")) and "fraction" not in seen:
        # What a clock shows beyond its seconds is no other time.
        pieces.append(r"(?:[.,](?P<fraction>\d{1,9}))?")
    return re.compile("".join(pieces))
