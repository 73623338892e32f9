"""What ships is whole: every rule has a runbook, every setting and command is documented."""

import re
import subprocess
import sys
import typing
from pathlib import Path

import pytest
import yaml

from socconsole import content, settings
from socconsole.cli import COMMANDS
from socconsole.core.policy import Settings
from socconsole.errors import NotFoundError
from socconsole.settings import load_settings

LEVELS = {"informational", "low", "medium", "high", "critical"}


def setting_names():
    hints = typing.get_type_hints(Settings)
    for part in settings._keys(Settings):
        table = settings._dataclass_in(hints[part])
        yield from [f"{part}.{key}" for key in settings._keys(table)] if table else [part]


def shipped_rules():
    for path in sorted(content.RULES.glob("*.yml")):
        yield from yaml.safe_load_all(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("rule", shipped_rules(), ids=lambda rule: rule["title"])
def test_a_shipped_rule_says_all_that_people_need(rule):
    assert rule["author"]
    assert rule["description"]
    assert rule["level"] in LEVELS
    assert rule["falsepositives"]
    assert rule["status"] in ("stable", "experimental")
    assert any(tag.startswith("attack.") for tag in rule["tags"])
    assert content.runbook(rule["runbook"]).startswith("# ")


def test_rule_ids_are_unique():
    ids = [rule["id"] for rule in shipped_rules()]
    assert len(ids) == len(set(ids))
    assert len(ids) >= 20


def test_no_runbook_is_an_orphan():
    shipped = Path(content.__file__).parent.glob("runbooks/*.md")
    assert {page.stem for page in shipped} == {rule["runbook"] for rule in shipped_rules()}


def test_every_setting_is_in_the_manual():
    page = content.manual_page("configuration")
    missing = [name for name in setting_names() if f"`{name}`" not in page]
    assert not missing


def test_the_index_names_every_page():
    index = content.manual_page("index")
    pages = [topic for topic in content.manual_topics() if topic != "index"]
    assert [topic for topic in pages if f"| {topic} |" not in index] == []


def test_the_beginning_of_a_name_is_enough():
    assert content.manual_page("team") == content.manual_page("team-setup")


def test_every_page_the_program_points_at_is_there():
    package = Path(content.__file__).parents[1]
    code = "\n".join(path.read_text(encoding="utf-8") for path in package.rglob("*.py"))
    for topic in sorted(set(re.findall(r"socconsole help ([a-z-]+)", code))):
        assert content.manual_page(topic)


def test_the_index_names_no_page_that_is_not_there():
    rows = [line for line in content.manual_page("index").splitlines() if line.startswith("| ")]
    named = [row.split("|")[1].strip() for row in rows][1:]
    assert [name for name in named if name not in content.manual_topics()] == []


def test_an_unknown_page_names_the_nearest_one():
    with pytest.raises(NotFoundError, match="Did you mean service"):
        content.manual_page("servce")


def test_help_prints_a_page():
    ran = subprocess.run(
        [sys.executable, "-m", "socconsole", "help", "service"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == content.manual_page("service")


def test_the_demo_settings_are_valid():
    settings = load_settings(content.sample_data() / "scenario" / "socconsole.toml", {})
    names = {Path(source.path).name for source in settings.source}
    logs = {path.name for path in (content.sample_data() / "scenario").iterdir()}
    assert names == logs - {"README.md", "socconsole.toml"}


def test_the_manual_knows_every_exit_code():
    page = content.manual_page("troubleshooting")
    assert all(f"{code} " in page for code in (0, 1, 2, 3, 130))
    assert COMMANDS


def test_every_setting_is_used():
    package = Path(content.__file__).parents[1]
    readers = {package / "settings.py", package / "core" / "policy.py"}
    code = "\n".join(
        path.read_text(encoding="utf-8") for path in package.rglob("*.py") if path not in readers
    )
    unused = [name for name in setting_names() if f".{name.rpartition('.')[2]}" not in code]
    assert unused == []
