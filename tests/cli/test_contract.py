"""The command line keeps its contract: these names stay."""

import inspect

import pytest

from socconsole.cli import COMMANDS, build_app

GROUPS = {
    "actions": "list",
    "alerts": "list show ack assign shelve close reopen escalate",
    "assets": "list set service services remove import",
    "audit": "list verify",
    "db": "upgrade backup restore verify export import info hold release holds",
    "evidence": "attach list verify",
    "findings": "add list",
    "handoff": "draft show sign accept",
    "incidents": "list show declare phase role timeline countermeasure outage comms review export",
    "notes": "add list",
    "rules": "check list test coverage",
    "sources": "list add",
    "suppressions": "list add",
    "tickets": "list show open assign start wait resolve close reopen link merge task export",
    "views": "list save",
}
SINGLE = "demo collect queue hunt replay parse undo kpi help doctor completion"


def test_every_command_has_one_line_of_help():
    assert all(line.endswith(".") and "\n" not in line for _, line in COMMANDS.values())


def test_the_single_commands_are_there():
    assert set(SINGLE.split()) <= set(COMMANDS)


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_has_its_verbs(group):
    verbs = set(build_app()[group])
    assert [verb for verb in GROUPS[group].split() if verb not in verbs] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_can_be_loaded_and_explains_itself(name, capsys):
    app = build_app()
    app.help_print([name])
    assert name in capsys.readouterr().out


NO_JSON = {
    "queue", "completion", "evidence get", "db export",  # what they print is itself the data
    "db restore", "db import", "db grant", "db erase",  # of whoever runs the database
}  # fmt: skip


def test_whatever_an_analyst_does_a_script_can_do_and_read():
    def without(app, *path):
        for name in (each for each in app if not each.startswith("-")):
            command = app[name]
            if any(not each.startswith("-") for each in command):
                yield from without(command, *path, name)
            elif command.default_command is not None:
                options = inspect.signature(command.default_command).parameters
                if not options.keys() & {"json", "jsonl", "format"}:
                    yield " ".join((*path, name))

    assert set(without(build_app())) == NO_JSON
