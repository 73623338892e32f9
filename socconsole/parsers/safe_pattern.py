"""Regular expressions that people wrote, run so that none can stall the program.

RE2 runs them in linear time. What RE2 refuses (look-around, back-references) runs on the `regex`
module, on short texts and with a timeout; one that times out is put aside for good.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, cast

import re2
import regex

from socconsole.errors import SettingsError

MAX_BACKTRACKING = 8 << 10
"""Characters a backtracking pattern may look at."""
TIMEOUT_SECS = 0.05

_RE2: Any = re2
_OPTIONS = re2.Options()
_OPTIONS.log_errors = False


class SafePattern:
    """One pattern; `search` never takes long and never raises."""

    def __init__(self, text: str, *, where: str = "") -> None:
        """Compile `text`.

        Raises:
            SettingsError: It is no regular expression.

        """
        self.text = text
        # Groups of one name may stand several times here anyway.
        text = text.replace("(?J:", "(?:").replace("(?J)", "")
        self.quarantined = False
        """True once it took too long; it matches nothing any more."""
        self._linear = _linear(text)
        self._backtracking = None if self._linear is not None else _backtracking(text, where)

    @property
    def is_linear(self) -> bool:
        """Whether RE2 runs it; `doctor` names those it does not."""
        return self._linear is not None

    def search(self, text: str) -> Mapping[str, str | None] | None:
        """Return the named groups of the first match in `text`, or None."""
        if self._linear is not None:
            match = self._linear(text)
            return None if match is None else match.groupdict()
        if self.quarantined or self._backtracking is None or len(text) > MAX_BACKTRACKING:
            return None
        try:
            found = self._backtracking.search(text, timeout=TIMEOUT_SECS)
        except TimeoutError:
            self.quarantined = True
            return None
        return None if found is None else found.groupdict()


_GROUP_NAME = re.compile(r"\(\?P?<(\w+)>")


def _linear(text: str) -> "Callable[[str], Any] | None":
    names = _GROUP_NAME.findall(text)
    if len(names) != len(set(names)):
        # Of two groups of one name RE2 tells of the first alone, matched or not.
        return None
    try:
        found = _RE2.compile(text.replace("(?<", "(?P<") if _named(text) else text, _OPTIONS)
    except re2.error:
        return None
    return cast("Callable[[str], Any]", found.search)


def _named(text: str) -> bool:
    """Whether `(?<` only ever begins a named group: a look-behind is nothing RE2 could run."""
    return "(?<=" not in text and "(?<!" not in text


def _backtracking(text: str, where: str) -> "regex.Pattern[str]":
    try:
        return regex.compile(text)
    except regex.error as error:
        raise SettingsError(
            f"{text[:80]!r} is no regular expression: {error}.", where=where
        ) from None
