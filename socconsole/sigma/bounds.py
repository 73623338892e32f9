"""What a rule may not be: so large, once written out, that reading it takes long or fills memory.

pySigma expands before anybody can count, so this is looked at first.
"""

import re
from collections.abc import Iterator, Mapping

from socconsole.errors import RuleError

MAX_ITEMS = 20_000
"""Values of one rule, expansions written out."""

MAX_CONDITION = 10_000
"""Characters of one condition; the longest public one has 600."""

MAX_PATTERN = 2_000
"""Characters of one regular expression; the longest public one has 220."""

MAX_PATTERNS = 200
"""Regular expressions of one rule; public rules have up to 19."""

_DASH = re.compile(r"\B[-/]\b")
_DASHES = 5
"""Signs that `windash` writes for one."""
_MOST_DASHES = 3
"""pySigma refuses more in one value, by a message of its own."""

Path = tuple[str | int, ...]


def check_bounds(section: object) -> None:
    """Look at the selections and the condition of a rule.

    Raises:
        RuleError: It is too large; `at` says where in the section.

    """
    if not isinstance(section, Mapping):
        return
    values = patterns = 0
    for at, key, value in _values(section, ()):
        modifiers = key.split("|")[1:]
        values += _written_out(value) if "windash" in modifiers else 1
        if "re" in modifiers:
            patterns += 1
            if not isinstance(value, str):
                raise RuleError(f"`re` cannot take {value!r}.", hint="Write it in quotes.", at=at)
            if len(str(value)) > MAX_PATTERN:
                what = f"A pattern has {len(str(value)):,} characters."
                raise RuleError(what, hint=f"It may have {MAX_PATTERN:,}.", at=at)
        if values > MAX_ITEMS or patterns > MAX_PATTERNS:
            few = f"{MAX_ITEMS:,} values" if values > MAX_ITEMS else f"{MAX_PATTERNS} patterns"
            raise RuleError(f"The rule has more than {few}.", hint="Split it.", at=at)
    for text in _listed(section.get("condition")):
        if isinstance(text, str) and len(text) > MAX_CONDITION:
            what = f"The condition has {len(text):,} characters."
            hint = f"It may have {MAX_CONDITION:,}; `1 of name*` stands for many selections."
            raise RuleError(what, hint=hint, at=("condition",))


def _values(part: Mapping[object, object], at: Path) -> Iterator[tuple[Path, str, object]]:
    """Yield where each value stands, the key it is a value of, and the value."""
    for key, value in part.items():
        here = (*at, str(key))
        if here == ("condition",):
            continue
        for inner in _listed(value):
            if isinstance(inner, Mapping):
                yield from _values(inner, here)
            else:
                yield here, str(key), inner


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _written_out(value: object) -> int:
    dashes = len(_DASH.findall(str(value)))
    return int(_DASHES ** min(dashes, _MOST_DASHES))
