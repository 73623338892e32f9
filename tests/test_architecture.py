"""The house keeps its shape: what may be loaded when."""

import subprocess
import sys


def modules_after(statement: str) -> set[str]:
    """Run `statement` in a fresh interpreter and return the names of the modules it loaded."""
    code = f"{statement}\nimport sys\nprint('\\n'.join(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(ran.stdout.split())


def test_the_command_line_loads_neither_screen_nor_tables():
    loaded = modules_after("from socconsole.cli import build_app; build_app()")
    assert not loaded & {"textual", "rich", "sqlmodel", "sqlalchemy", "sigma", "watchfiles"}
