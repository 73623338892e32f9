"""Reads of the store that come back when the test says so."""

import threading


class Gate:
    """Lets reads of the store pass, or keeps them waiting in their threads."""

    def __init__(self):
        self._open = threading.Event()
        self._open.set()
        self.waiting = 0

    def close(self):
        self._open.clear()
        self.waiting = 0

    def open(self):
        self._open.set()

    def wait(self):
        self.waiting += not self._open.is_set()
        assert self._open.wait(30)
