"""Loaded by the process that victims are forked from: whatever is slow only once is done here."""

import os
import tempfile
from pathlib import Path

from socconsole.core.policy import SourcePolicy
from tests.sources.victim import Victim, database_here


def _warm_up() -> None:
    before = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="socconsole-warm.") as name:
        os.chdir(name)
        log = Path(name) / "app.log"
        log.write_bytes(b"a line\n")
        database = database_here()
        database.create()
        for _ in range(2):  # the second time it finds what the first one left
            policy = SourcePolicy(name="test", path=str(log), format="sshd")
            victim = Victim((policy,), 0.0, database)
            victim.round()
            victim.close()
        os.chdir(before)


_warm_up()
