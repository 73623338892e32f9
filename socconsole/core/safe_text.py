"""Log text made fit for a terminal: whatever would act, hide or reorder is shown instead.

Every string that comes from a log, a rule, a file name or another person passes here on its way to
a widget, a title, a notification or text output. Stored text is never changed.
"""

import unicodedata

LIMIT = 4096
"""Characters shown of one string unless the caller asks for another cap."""

TAB = "    "

_UNSHOWN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_BLANK_RANGES = (
    # Unicode's default-ignorable code points that Python calls printable, and blank letters.
    (0x034F, 0x034F),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x2800, 0x2800),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFFA0, 0xFFA0),
    (0xE0100, 0xE01EF),
)
_KEPT_BELOW = 0x3000
"""Verdicts are remembered below this code point only, so that hostile text cannot fill memory."""


def _picture(code: int) -> str:
    if code == 0x09:
        return TAB
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if 0x80 <= code < 0xA0:
        return f"\\x{code:02x}"
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was not UTF-8, kept by surrogateescape
        return f"\\x{code - 0xDC00:02x}"
    return f"<U+{code:04X}>"


def _shown(code: int) -> str:
    """Return what stands for one code point: itself when it is harmless."""
    character = chr(code)
    if unicodedata.category(character) in _UNSHOWN_CATEGORIES:
        return _picture(code)
    if any(low <= code <= high for low, high in _BLANK_RANGES):
        return _picture(code)
    return character


class _Shown(dict[int, str]):
    """A `str.translate` table that fills itself."""

    def __missing__(self, code: int) -> str:
        shown = _shown(code)
        if code < _KEPT_BELOW:
            self[code] = shown
        return shown


_TABLE = _Shown()
_TABLE_OF_LINES = _Shown({0x0A: "\n"})


def safe_text(text: str, *, limit: int = LIMIT) -> str:
    r"""Return `text` on one line with nothing in it that a terminal obeys or hides.

    Controls become their pictures (`␛`), C1 and stray bytes `\x9b`, bidi marks, zero-width and
    other invisible characters, private use and lone surrogates `<U+202E>`, a tab four spaces. Each
    replacement is as wide as it looks. Text beyond `limit` characters is cut and counted.
    """
    if len(text) <= limit and text.isascii() and text.isprintable():
        return text
    return _cut(text, limit, _TABLE)


def safe_block(text: str, *, limit: int = LIMIT) -> str:
    """Return `text` as `safe_text` does, but keep its line breaks; for prose people wrote."""
    return _cut(text.replace("\r\n", "\n"), limit, _TABLE_OF_LINES)


def _cut(text: str, limit: int, table: _Shown) -> str:
    if len(text) <= limit:
        return text.translate(table)
    return f"{text[:limit].translate(table)}… (+{len(text) - limit})"
