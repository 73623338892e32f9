"""Which input a source names: files, standard input, the journal or an address to listen at."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from socconsole.core.policy import SourcePolicy
from socconsole.sources.feeders import Feeder, JournalFeeder, StreamFeeder
from socconsole.sources.files import FileSource
from socconsole.sources.kinds import JOURNAL, kind_of
from socconsole.sources.spool import Spool
from socconsole.sources.syslog_listener import SyslogFeeder, TlsFiles


def open_feeder(policy: SourcePolicy, spool: Spool, wake: Callable[[], None]) -> Feeder:
    """Return what writes a source's input to its spool; it is not started yet.

    Raises:
        SettingsError: The address cannot be used.

    """
    kind = kind_of(policy.path)
    if kind == "stdin":
        return StreamFeeder(sys.stdin.fileno(), spool, wake)
    if kind == "journald":
        return JournalFeeder(spool, folder=policy.path.removeprefix(JOURNAL))
    tls = TlsFiles(
        certificate=policy.certificate,
        private_key=policy.private_key,
        client_ca=policy.client_ca,
    )
    return SyslogFeeder(policy.path, spool, wake, tls)


def files_of(policy: SourcePolicy, spool: Spool | None) -> FileSource:
    """Return the files that a source's lines are read from."""
    if spool is not None:
        return FileSource(name=policy.name, path=spool.pattern, is_spool=True)
    return FileSource(
        name=policy.name,
        path=policy.path,
        exclude=policy.exclude,
        follow_symlinks=policy.follow_symlinks,
        from_end=policy.from_end,
    )


class Inputs:
    """The spools of the sources that are no files, and what writes them."""

    def __init__(
        self, policies: Sequence[SourcePolicy], folder: Path, wake: Callable[[], None]
    ) -> None:
        """Prepare spools in `folder`; `wake` is called when something was written."""
        self._policies = {one.name: one for one in policies if kind_of(one.path) != "file"}
        self._wake = wake
        self.spools = {name: Spool(folder, name) for name in self._policies}
        self.feeders: dict[str, Feeder] = {}

    def feed(self, *kinds: str) -> None:
        """Start to take input of these kinds.

        Raises:
            SettingsError: An address cannot be used.

        """
        for name, policy in self._policies.items():
            if kind_of(policy.path) in kinds:
                self.feeders[name] = open_feeder(policy, self.spools[name], self._wake)
                self.feeders[name].start()

    def starve(self, *kinds: str) -> None:
        """Take no more input of these kinds."""
        for name, policy in self._policies.items():
            if kind_of(policy.path) in kinds and name in self.feeders:
                self.feeders.pop(name).stop()

    def close(self) -> None:
        """Take no more input, and write down what came."""
        self.starve("stdin", "journald", "syslog")
        for spool in self.spools.values():
            spool.close()
