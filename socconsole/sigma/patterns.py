"""Regular expressions from rules: RE2, so no pattern and no log line makes it backtrack."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import re2

from socconsole.errors import RuleError
from socconsole.sigma.long_text import LONG, encoded, lowered
from socconsole.sigma.required import required_literal

Search = Callable[[str], bool]
"""Whether the pattern occurs in a text."""

_compile: Callable[..., Any] = re2.compile
_escape: Callable[[str], str] = re2.escape


def quote(text: str) -> str:
    """Return the pattern that means `text` literally."""
    return _escape(text)


@lru_cache(maxsize=8192)
def searcher(pattern: str) -> Search:
    """Return the search for `pattern`.

    Raises:
        RuleError: RE2 refuses the syntax, or the program is too large.

    """
    if any_run := _ANY_RUN.fullmatch(pattern):
        return _has_line_of(int(any_run[1]))
    # On bytes: on text the wrapper counts characters up to every offset.
    search = _program(pattern, pattern.encode(errors="replace")).search
    return lambda text: search(encoded(text)) is not None


_ANY_RUN = re.compile(r"\.\{(\d+),\}")
"""The one shape in use that RE2 needs tens of milliseconds for, the first time it meets it."""


def compiled(pattern: str) -> Any:  # noqa: ANN401 - re2 has no types
    """Return RE2's program for a pattern on text.

    Raises:
        RuleError: RE2 refuses the syntax, or the program is too large.

    """
    return _program(pattern, pattern)


@lru_cache(maxsize=8192)
def sparing_searcher(pattern: str) -> Search:
    """Return the search for `pattern`, which tries no long text that lacks what it requires.

    Raises:
        RuleError: RE2 refuses the syntax, or the program is too large.

    """
    search, literal = searcher(pattern), required_literal(pattern).lower()
    if not literal:
        return search

    def sparing(text: str) -> bool:
        # Beyond ASCII some letters are equal to others.
        is_spared = len(text) >= LONG and text.isascii() and literal not in lowered(text)
        return not is_spared and search(text)

    return sparing


def _has_line_of(length: int) -> Search:
    return lambda text: len(text) >= length and max(map(len, text.split("\n"))) >= length


def _program(pattern: str, written: str | bytes) -> Any:  # noqa: ANN401 - re2 has no types
    options: Any = re2.Options()
    options.log_errors = False  # it would write to the terminal
    options.never_capture = True
    options.max_mem = 16 << 20
    try:
        return _compile(written, options)
    except re2.error as error:
        reason = error.args[0]
        text = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        # Of Perl's operators and escapes that RE2 does not know, these are what authors miss.
        is_missed = "perl operator" in text or "escape sequence" in text
        hint = "Look-around and back-references are not available: they can take hours."
        raise RuleError(
            f"The pattern '{pattern}' is refused: {text}.", hint=hint if is_missed else ""
        ) from None


ANY_RUN = "\ue000"
ANY_ONE = "\ue001"
"""The wildcards of a `glob`, from the private-use area, so that every other character is itself."""


def longest_literal(glob: str) -> str:
    """Return the longest text without wildcards in a glob."""
    return max(glob.replace(ANY_ONE, ANY_RUN).split(ANY_RUN), key=len)


def glob_searcher(glob: str, *, anchored: bool) -> Search:
    """Return the search for a text with wildcards; a wildcard stands for a newline too.

    Anchored, it has to be the whole text.
    """
    if ANY_ONE not in glob:
        pieces = glob.split(ANY_RUN) if anchored else ["", *glob.split(ANY_RUN), ""]
        return _run_searcher(pieces) if len(pieces) > 1 else lambda text: text == glob
    literal, search = longest_literal(glob), searcher(glob_pattern(glob, anchored=anchored))
    return lambda text: literal in text and search(text)


def _run_searcher(pieces: list[str]) -> Search:
    """Return the search for a text that begins, goes on and ends with `pieces`."""
    first, *inner, last = pieces
    length = len(first) + len(last)

    def search(text: str) -> bool:
        if len(text) < length or not text.startswith(first) or not text.endswith(last):
            return False
        at, end = len(first), len(text) - len(last)
        for piece in inner:
            if piece not in text:  # a long text knows
                return False
            at = text.find(piece, at, end)
            if at < 0:
                return False
            at += len(piece)
        return True

    return search


def glob_pattern(glob: str, *, anchored: bool) -> str:
    """Return the regular expression of a text with wildcards."""
    pieces = []
    for character in glob:
        if character == ANY_RUN:
            pieces.append(".*")
        elif character == ANY_ONE:
            pieces.append(".")
        else:
            pieces.append(quote(character))
    body = "".join(pieces)
    return f"(?s)\\A(?:{body})\\z" if anchored else f"(?s){body}"
