"""Log text cannot act on, hide from or reorder a terminal."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socconsole.core.safe_text import safe_block, safe_text

UNSHOWN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def test_plain_text_is_returned_as_it_is():
    line = "Failed password for root from 203.0.113.7 port 22 [preauth] [/] [@click=app.quit]"
    assert safe_text(line) is line


def test_letters_of_other_scripts_and_emoji_are_kept():
    line = "Zugriff verweigert für Jürgen · 拒否 · отказ · 🔥 · é"
    assert safe_text(line) == line


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[2J", "␛[2J"),
        ("\x1b]52;c;aGk=\x07", "␛]52;c;aGk=␇"),
        ("\x9b31m", "\\x9b31m"),
        ("a\x00b\x7f", "a␀b␡"),
        ("a\tb", "a    b"),
        ("a\r\nb", "a␍␊b"),
        ("moc.\u202elive", "moc.<U+202E>live"),
        ("ad\u200bmin", "ad<U+200B>min"),
        ("ad\u00admin", "ad<U+00AD>min"),
        ("👩\u200d💻", "👩<U+200D>💻"),
        ("☁\ufe0f", "☁<U+FE0F>"),
        ("\ue000", "<U+E000>"),
        ("\ud800", "<U+D800>"),
        ("\udcff", "\\xff"),
        ("\u2028", "<U+2028>"),
        ("a\u3164b", "a<U+3164>b"),
        ("\U000e0041", "<U+E0041>"),
        ("\ufeff{", "<U+FEFF>{"),
    ],
)
def test_what_would_act_or_hide_is_shown(hostile, shown):
    assert safe_text(hostile) == shown


def test_no_code_point_at_all_gets_through_unseen():
    text = "".join(map(chr, range(sys.maxunicode + 1)))
    left = {unicodedata.category(character) for character in safe_text(text, limit=len(text))}
    assert not left & UNSHOWN


@given(st.text(st.characters(codec=None), max_size=60))
def test_safe_text_is_printable_and_settled(text):
    shown = safe_text(text)
    assert all(unicodedata.category(character) not in UNSHOWN for character in shown)
    assert safe_text(shown) == shown
    shown.encode()


def test_a_long_line_is_cut_and_counted():
    assert safe_text("x" * 5000) == "x" * 4096 + "… (+904)"
    assert safe_text("\x1b" * 10, limit=4) == "␛␛␛␛… (+6)"


def test_prose_keeps_its_line_breaks_and_nothing_else():
    assert safe_block("one\r\ntwo\n\x1b[mthree") == "one\ntwo\n␛[mthree"


def test_a_forged_line_break_stays_on_its_line():
    assert "\n" not in safe_text("ok\nroot: granted")
