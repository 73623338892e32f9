"""What the way to the first frame is spared, and that nothing is left of it afterwards."""

import gc
import subprocess
import sys

from socconsole.tui.terminal import startup
from socconsole.tui.terminal.stylesheet import SettledStylesheet

RED, BLUE = {"tone": "red"}, {"tone": "blue"}


def sheet(variables):
    made = SettledStylesheet(variables=variables)
    made.add_source("Label { color: $tone; }")
    made.parse()
    return made


def test_the_first_frame_waits_for_no_store_and_no_filter_and_nothing_loads_openssl():
    program = (
        "import sys\n"
        "import socconsole.cli.console\n"
        "soon = {'textual', 'asyncio', 'rich.console', 'socconsole.store.database'}\n"
        "assert not soon & set(sys.modules), soon & set(sys.modules)\n"
        "from socconsole.tui.terminal import startup\n"
        "with startup.without_openssl():\n"
        "    import asyncio\n"
        "    import socconsole.cli.console, socconsole.tui.app, socconsole.tui.screens.queue\n"
        "    import socconsole.store.glance\n"
        "late = {'_ssl', 'sqlalchemy', 'pydantic', 'cyclopts', 'socconsole.core.filter_tree'}\n"
        "assert not late & set(sys.modules), late & set(sys.modules)\n"
        "from socconsole.tui.terminal.spared import loading_models\n"
        "with loading_models():\n"
        "    import socconsole.store.database\n"
        "import socconsole.store.schema, socconsole.services.presence\n"
        "import socconsole.tui.screens.handoff, socconsole.store.queries.handoffs\n"
        "never = {'_ssl', '_hashlib', 'sqlalchemy.dialects.postgresql', 'backports.zstd'}\n"
        "never |= {'email', 'zipfile', 'csv', 'importlib.resources', 'statistics'}\n"
        "assert not never & set(sys.modules), never & set(sys.modules)\n"
        "from sqlalchemy.orm import configure_mappers\n"
        "configure_mappers()\n"
        "from socconsole.store.tables import Alert\n"
        "assert Alert.__pydantic_parent_namespace__ is None\n"
        "assert not any(each._attributes_set for each in Alert.model_fields.values())\n"
        "assert isinstance(Alert.__table__.c.title.constraints, frozenset)\n"
        "import gc, hashlib, ssl\n"
        "assert 'AnnotatedColumn' not in {type(made).__name__ for made in gc.get_objects()}\n"
        "assert hashlib.sha256(b'abc').hexdigest().startswith('ba7816bf')\n"
        "asyncio.run(asyncio.sleep(0))\n"
        "import importlib.metadata, typing\n"
        "assert importlib.metadata.version('textual')\n"
        "assert importlib.metadata.entry_points(group='console_scripts')\n"
        "assert issubclass(importlib.metadata.PackageNotFoundError, ImportError)\n"
        "from sqlmodel.sql.expression import select\n"
        "assert not typing.get_overloads(select)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )
    assert (ran.returncode, ran.stderr) == (0, "")


def test_rubbish_is_collected_again_once_the_console_stands():
    before, ordinary = gc.get_threshold(), (700, 10, 10)
    gc.set_threshold(*ordinary)  # a console that ran in this process may have left its own
    try:
        startup.hold_garbage()
        assert not gc.isenabled()
        startup.settle_garbage()
        assert gc.isenabled()
        assert gc.get_threshold() > ordinary
    finally:
        gc.enable()
        gc.unfreeze()
        gc.set_threshold(*before)


def test_colours_that_are_the_same_parse_nothing_again():
    styled = sheet(RED)
    rules = styled.rules
    styled.set_variables(dict(RED))
    styled.reparse()
    assert styled.rules is rules


def test_another_colour_does():
    styled = sheet(RED)
    rules = styled.rules
    styled.set_variables(BLUE)
    styled.reparse()
    assert styled.rules is not rules
