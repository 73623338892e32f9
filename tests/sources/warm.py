"""Loaded by the process that victims are forked from: whatever is slow only once is done here."""

import os
import tempfile
from pathlib import Path

from socconsole.core.policy import SourcePolicy
from tests.sources.victim import DATABASE, Victim


def _warm_up() -> None:
    before = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="socconsole-warm.") as name:
        os.chdir(name)
        log = Path(name) / "app.log"
        log.write_bytes(b"a line\n")
        DATABASE.create()
        for _ in range(2):  # the second time it finds what the first one left
            victim = Victim((SourcePolicy(name="test", path=str(log), format="sshd"),), 0.0)
            victim.round()
            victim.close()
        os.chdir(before)


_warm_up()
