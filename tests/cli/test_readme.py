"""The README is true: its commands are the program's, its settings are accepted."""

import re
from pathlib import Path

import pytest

from socconsole import content
from socconsole.cli import COMMANDS, build_app
from socconsole.settings import load_settings

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
FIRST_SCREEN = "\n".join(README.splitlines()[:30])


def test_the_first_screen_gives_the_two_commands():
    demo = "python3 -m venv .venv && .venv/bin/pip install -e . && .venv/bin/socconsole demo"
    tests = "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/pytest"
    assert f"\n{demo}\n" in FIRST_SCREEN
    assert f"\n{tests}\n" in FIRST_SCREEN
    assert "python3-venv" in FIRST_SCREEN


def test_every_command_is_in_the_readme():
    assert [name for name in COMMANDS if f"`socconsole {name}`" not in README] == []


def test_the_readmes_settings_are_accepted(tmp_path):
    block = re.search(r"```toml\n(.+?)```", README, re.DOTALL)
    assert block
    path = tmp_path / "socconsole.toml"
    path.write_text(block[1])
    assert [source.name for source in load_settings(path, {}).source] == ["auth", "web"]


def test_every_file_the_readme_points_at_is_there():
    root = Path(__file__).parents[2]
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README)
    assert [link for link in links if not (root / link).exists()] == []


def test_every_measuring_script_takes_the_options_it_is_shown_with():
    measured = README.partition("## Measured")[2]
    commands = re.findall(r"`(tests/\S+\.py)( [^`]*)`", measured)
    assert len(commands) > 5
    root = Path(__file__).parents[2]
    unknown = [
        (script, option)
        for script, words in commands
        for option in re.findall(r"--\w+", words)
        if f'"{option}"' not in (root / script).read_text(encoding="utf-8")
    ]
    assert unknown == []


def commands_in(page):
    """The words of each command a page shows: in its text, or as a line of a block."""
    is_block, shown = False, []
    for line in page.splitlines():
        if line.startswith("```"):
            is_block = not is_block
        else:
            shown += [line] if is_block or line[:4] == "    " else re.findall(r"`([^`]+)`", line)
    for command in shown:
        last = re.split(r" \| | && ", command.partition(" #")[0])[-1]
        words = re.sub(r"['\"…]", " ", last).split()
        if words and words[0].endswith("socconsole"):
            yield words[3:] if words[1:2] == ["--db"] else words[1:]


@pytest.mark.parametrize("topic", ["README", *content.manual_topics()])
def test_every_command_that_is_shown_can_be_given(topic):
    app = build_app()
    for words in commands_in(README if topic == "README" else content.manual_page(topic)):
        if not words or words[0] not in COMMANDS:
            continue
        command = app[words.pop(0)]
        while words and words[0] in set(command):
            command = command[words.pop(0)]
        if any(not name.startswith("-") for name in command):
            assert not words, (words, "is no verb of", command.name)
            continue
        options = {name for one in command.assemble_argument_collection() for name in one.names}
        named = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert named <= options | {"--help"}, command.name
