"""What is put on the terminal's clipboard."""

import base64

import pytest

from socconsole.tui.terminal.clipboard import LIMIT_BYTES, sequence


@pytest.mark.parametrize("lead", ["", "x", "xx"])
def test_a_long_text_is_cut_between_characters(lead):
    written = sequence(lead + "表" * 40_000, {})
    assert len(written) <= LIMIT_BYTES + 20
    copied = base64.b64decode(written.removeprefix("\x1b]52;c;").removesuffix("\x07")).decode()
    assert set(copied) <= {"x", "表"}
