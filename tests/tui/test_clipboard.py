"""What is put on the terminal's clipboard."""

import base64

import pytest

from socconsole.tui import crash
from socconsole.tui.terminal.clipboard import LIMIT_BYTES, keep, sequence


@pytest.mark.parametrize("lead", ["", "x", "xx"])
def test_a_long_text_is_cut_between_characters(lead):
    written = sequence(lead + "表" * 40_000, {})
    assert len(written) <= LIMIT_BYTES + 20
    copied = base64.b64decode(written.removeprefix("\x1b]52;c;").removesuffix("\x07")).decode()
    assert set(copied) <= {"x", "表"}


def test_no_file_is_named_that_could_not_be_written(tmp_path):
    folder = tmp_path / "file" / "under it"
    (tmp_path / "file").write_text("")
    assert keep("text", folder) is None
    lost = crash.told(ValueError("odd"), crash.keep(ValueError("odd"), folder))
    assert lost.hint == "Its traceback could not be kept."
    assert keep("text", tmp_path / "new").read_text() == "text"
