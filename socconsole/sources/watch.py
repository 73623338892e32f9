"""Tells which files changed. A hint that makes reading quick; the sweep decides.

The system drops notifications when too many come at once, when a folder is made again, across
hard links, memory maps and network file systems, and says nothing about it.
"""

import contextlib
import os
import stat
import threading
import time
from collections import deque
from collections.abc import Iterable

FOLDERS_CAP = 4_000
"""Folders watched at most; what is beyond is found by looking."""
PATHS_CAP = 10_000
"""Changed paths that are kept until somebody asks; beyond them only their folders are."""
GIVE_UP_FAILURES = 3
GIVE_UP_SECS = 60.0
LONGEST_PAUSE_SECS = 60.0


class Watch:
    """Watches folders in a thread of its own, and wakes whoever waits."""

    def __init__(self) -> None:
        self._wake = threading.Condition()
        self._paths: set[bytes] = set()
        self._problems: deque[str] = deque(maxlen=20)
        self._threads: dict[frozenset[bytes], tuple[threading.Thread, threading.Event]] = {}
        self._folders: frozenset[bytes] = frozenset()
        self._woken = False

    def follow(self, folders: Iterable[bytes]) -> None:
        """Watch exactly these folders from now on."""
        wanted = frozenset(sorted(set(folders))[:FOLDERS_CAP])
        if wanted == self._folders and all(one.is_alive() for one, _ in self._threads.values()):
            return
        self._folders = wanted
        self._stop_threads()
        if wanted:
            stop = threading.Event()
            thread = threading.Thread(
                target=self._watch, args=(wanted, stop), name="watch", daemon=True
            )
            self._threads[wanted] = (thread, stop)
            thread.start()

    def wait(self, seconds: float) -> set[bytes]:
        """Wait for a change, at most `seconds`; return the paths that may have changed."""
        with self._wake:
            if not self._woken:
                self._wake.wait(seconds)
            self._woken = False
            paths, self._paths = self._paths, set()
            return paths

    def wake(self) -> None:
        """End a `wait` that is going on."""
        with self._wake:
            self._woken = True
            self._wake.notify_all()

    def _tell(self, paths: Iterable[bytes]) -> None:
        with self._wake:
            self._paths.update(paths)
            if len(self._paths) > PATHS_CAP:  # nobody asks while the database is away
                self._paths = {os.path.dirname(path) for path in self._paths}
            self._woken = True
            self._wake.notify_all()

    def take_problems(self) -> list[str]:
        """Return what went wrong since the last call."""
        problems = list(self._problems)
        self._problems.clear()
        return problems

    def close(self) -> None:
        """Stop watching."""
        self._stop_threads(wait=True)

    def _stop_threads(self, *, wait: bool = False) -> None:
        threads = list(self._threads.values())
        self._threads.clear()
        for _, stop in threads:
            stop.set()
        for thread, _ in threads:
            if wait:
                thread.join(timeout=3.0)

    def _watch(self, folders: frozenset[bytes], stop: threading.Event) -> None:
        failures: deque[float] = deque(maxlen=GIVE_UP_FAILURES)
        pause = 1.0
        while not stop.is_set():
            try:
                self._watch_once(folders, stop)
            except Exception as error:  # noqa: BLE001 - the extension has an error type of its own
                self._problems.append(f"notification of changes failed: {error}")
            else:
                continue
            failures.append(time.monotonic())
            if len(failures) == GIVE_UP_FAILURES and failures[-1] - failures[0] < GIVE_UP_SECS:
                self._problems.append("changes are found by looking from now on")
                stop.wait(GIVE_UP_SECS)
                failures.clear()
            stop.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECS)

    def _watch_once(self, folders: frozenset[bytes], stop: threading.Event) -> None:
        from watchfiles import watch

        known = _identities(folders)
        roots = [os.fsdecode(one) for one in known]
        if not roots:
            stop.wait(1.0)
            return
        for changes in watch(
            *roots,
            watch_filter=None,
            debounce=50,
            step=10,
            rust_timeout=1000,
            yield_on_timeout=True,
            recursive=False,
            ignore_permission_denied=True,
            force_polling=False,
            raise_interrupt=False,
            stop_event=stop,
        ):
            if stop.is_set():
                return
            if changes:
                self._tell(os.fsencode(path) for _, path in changes)
            # A folder that is made again may even get the inode it had.
            removed = any(path in roots for _, path in changes)
            if removed or _identities(folders) != known:
                stop.wait(0.2)
                return


def _identities(folders: Iterable[bytes]) -> dict[bytes, tuple[int, int]]:
    """Return device and inode of each folder that is there: one made again is another one."""
    found: dict[bytes, tuple[int, int]] = {}
    for folder in folders:
        with contextlib.suppress(OSError):
            status = os.stat(folder)
            if stat.S_ISDIR(status.st_mode):
                found[folder] = status.st_dev, status.st_ino
    return found
