"""A followed source, from file to event, whose collector can be killed between any two reads."""

from socconsole.core.policy import SourcePolicy
from socconsole.services.following import Followed
from socconsole.services.joining import WAIT_SECS
from socconsole.services.reading import LineReader
from socconsole.sources.files import FileSource
from socconsole.sources.tail import Tail


class Machine:
    """A followed source whose collector can be killed between any two reads."""

    def __init__(self, path, **policy):
        self.policy = SourcePolicy(name="test", path=str(path), **policy)
        self.kept = {}
        self.events = []
        self.now = 100.0
        self.open()

    def open(self):
        self.tail = Tail(
            FileSource(name="test", path=self.policy.path), self.kept.values(), now=self.now
        )
        self.source = Followed(1, self.policy, self.tail, LineReader(self.policy))

    def round(self, *, limit: int = 1000, commit: bool = True):
        self.now += 0.05
        self.tail.scan(self.now)
        self.tail.sweep(self.now)
        self.tail.expire(self.now)
        found = []
        for portion in self.tail.take_final():
            found += self.source.take(portion, self.now)
        for _, events in self.source.overdue(self.now):
            found += events
        for generation in self.tail.ready():
            portion = self.tail.read(generation, limit, self.now)
            found += self.source.take(portion, self.now)
        if commit:
            self.kept.update({one.id: one for one in self.tail.take_checkpoints()})
            self.events += found

    def kill(self):
        self.tail.close()
        self.open()

    def settle(self):
        for _ in range(5):
            self.round()
        self.now += WAIT_SECS
        self.round()

    def close(self):
        self.tail.close()
