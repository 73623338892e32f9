"""The house keeps its shape: what may be loaded when, how large things are, their names."""

import ast
import functools
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "socconsole"
MODULES = sorted(PACKAGE.rglob("*.py"))
FILE_WALL, FUNCTION_WALL = 500, 60
TOP = {"socconsole", "themes", "tests", "sample_data", ".ci"}
UNWANTED = {"utils", "util", "helpers", "helper", "common", "constants", "managers", "misc"}
HEAVY = {"textual", "rich", "sqlmodel", "sqlalchemy", "sigma", "watchfiles", "cyclopts", "msgspec"}


def modules_after(statement: str) -> set[str]:
    """Run `statement` in a fresh interpreter and return the names of the modules it loaded."""
    code = f"{statement}\nimport sys\nprint('\\n'.join(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(ran.stdout.split())


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


class Facts(NamedTuple):
    """What these tests ask of a file: reading it once is most of what they cost."""

    functions: dict[str, int]
    is_broad: bool
    imported: set[str]


@functools.cache
def facts(path: Path) -> Facts:
    found = Facts({}, False, set())
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            size = (node.end_lineno or 0) - node.lineno + 1
            found.functions[node.name] = max(size, found.functions.get(node.name, 0))
        elif isinstance(node, ast.ExceptHandler):
            if node.type is None or ast.unparse(node.type) in ("Exception", "BaseException"):
                found = found._replace(is_broad=True)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found.imported.update(part.name.split(".")[0] for part in node.names)
            found.imported.add(getattr(node, "module", "") or "")
    return found


def test_the_command_line_loads_neither_screen_nor_tables():
    loaded = modules_after("from socconsole.cli import build_app; build_app()")
    assert not loaded & (HEAVY - {"cyclopts"})


def test_the_overview_loads_nothing_heavy():
    loaded = modules_after("from socconsole.cli import overview; overview()")
    assert not loaded & HEAVY


def test_help_loads_next_to_nothing_and_so_answers_at_once():
    """The time itself is a figure of `tests/bench/console.py`; what it is made of is this."""

    def imported(*arguments: str) -> set[str]:
        command = [sys.executable, "-X", "importtime", *arguments]
        ran = subprocess.run(command, capture_output=True, text=True, check=True)
        lines = [line for line in ran.stderr.splitlines() if line.startswith("import time:")]
        return {line.rpartition("|")[2].strip() for line in lines}

    loaded = imported("-m", "socconsole", "--help") - imported("-c", "pass")
    packages = {module.partition(".")[0] for module in loaded}
    assert packages - {"socconsole"} <= set(sys.stdlib_module_names)
    ours = {module for module in loaded if module.startswith("socconsole")}
    assert ours == {"socconsole", "socconsole.cli", "socconsole.errors"}
    assert len(loaded) < 60, sorted(loaded)


def test_commands_without_a_screen_load_neither_textual_nor_rich():
    commands = [
        ["doctor", "--json"],
        ["rules", "list", "--json"],
        ["parse", "sample_data/logs/sudo.log", "--jsonl"],
        ["help", "index"],
    ]
    code = (
        "import contextlib, io\n"
        "from socconsole.cli import run\n"
        f"for words in {commands!r}:\n"
        "    with contextlib.redirect_stdout(io.StringIO()):\n"
        "        run(words)\n"
    )
    assert not modules_after(code) & {"textual", "rich"}


def needed(path: Path) -> set[str]:
    """Return the modules `path` imports when it runs, inside functions too, but not for types."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    found = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]
    return {f"{node.module}.{part.name}" for node in found for part in node.names} | {
        str(node.module) for node in found
    }


def test_no_part_of_the_console_imports_what_imports_it():
    """Verbs and widgets name a page (`tui/pages.py`); the application finds its screen."""
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in (PACKAGE / "tui").rglob("*.py")
    }
    graph = {name: needed(path) & modules.keys() - {name} for name, path in modules.items()}
    TopologicalSorter(graph).prepare()


def test_every_file_stays_below_the_wall():
    sizes = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {path: size for path, size in sizes.items() if size > FILE_WALL} == {}


def test_every_function_stays_below_the_wall():
    too_long = {
        f"{name(path)}:{function}": size
        for path in MODULES
        for function, size in facts(path).functions.items()
        if size > FUNCTION_WALL
    }
    assert too_long == {}


def test_no_module_is_a_drawer_for_odds_and_ends():
    assert [name(path) for path in MODULES if path.stem in UNWANTED] == []


def test_a_broad_except_stands_only_where_it_is_allowed():
    allowed = {"socconsole/cli/__init__.py", "socconsole/collector.py"}
    # The watcher's extension raises types of its own; a failed opening is raised by its readers.
    allowed |= {"socconsole/sources/watch.py", "socconsole/tui/reading/store_access.py"}
    assert {name(path) for path in MODULES if facts(path).is_broad} <= allowed


def test_sqlite_is_chosen_in_one_place():
    files = [*MODULES, *(ROOT / "tests").rglob("*.py")]
    importers = {name(path) for path in files if {"sqlite3", "pysqlite3"} & facts(path).imported}
    assert importers == set()


def test_the_top_level_has_no_other_folder():
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("this is no checkout")
    folders = {line.split("/")[0] for line in listed.stdout.splitlines() if "/" in line}
    assert folders <= TOP


def test_architecture_names_every_layer():
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    parts = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or path.is_dir()}
    layers = parts - {"__init__", "__pycache__", "_data"}
    assert [layer for layer in sorted(layers) if layer not in text] == []
