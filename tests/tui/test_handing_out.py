"""Text goes to commands and editors, files come in, and none of it can hold the console up."""

import os
import time
from pathlib import Path

import pytest

from socconsole.errors import FileError, UsageError
from socconsole.tui.terminal import editor


def test_a_command_gets_the_text_and_what_it_prints_comes_back():
    assert editor.pipe("b\na\n", "sort; echo odd >&2") == "a\nb\nodd\n"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("echo no such host >&2; exit 3", "ended with 3: no such host"),
        ("yes", "prints more than 4 MB"),
    ],
)
def test_a_command_that_fails_or_never_ends_printing_is_told(command, said):
    with pytest.raises(UsageError, match=said):
        editor.pipe("", command)


def is_running(process: int) -> bool:
    stat = Path(f"/proc/{process}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_command_that_takes_too_long_leaves_no_process_behind(tmp_path):
    kept = tmp_path / "process"
    with pytest.raises(UsageError, match="took more than"):
        editor.pipe("", f"sh -c 'echo $$ > {kept}; exec sleep 60' | cat", timeout_secs=0.5)
    until = time.monotonic() + 5
    while is_running(int(kept.read_text())):
        assert time.monotonic() < until, "it runs on"
        time.sleep(0.01)


def test_a_file_is_read_as_far_as_wanted_and_a_pipe_is_not_waited_for(tmp_path):
    (tmp_path / "large").write_bytes(b"x" * 100)
    os.mkfifo(tmp_path / "pipe")
    assert editor.read_file(str(tmp_path / "large"), 10) == b"x" * 10
    for name, said in (("pipe", "no file"), ("none", "No such file")):
        with pytest.raises(FileError, match=said):
            editor.read_file(str(tmp_path / name), 10)
    with pytest.raises(FileError, match="an account that there is not"):
        editor.read_file("~no-such-account/x", 10)


def test_an_editor_that_is_no_command_is_told(monkeypatch):
    monkeypatch.setenv("VISUAL", "vi 'unfinished")
    with pytest.raises(UsageError, match="is no command: No closing quotation"):
        editor.edit("text")
