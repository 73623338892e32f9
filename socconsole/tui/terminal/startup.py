"""What the way to the first frame is spared: rubbish collection, and a TLS nobody speaks."""

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING

from socconsole.errors import SocError

if TYPE_CHECKING:
    from socconsole.core.policy import Settings
    from socconsole.tui.reading.store_access import StoreAccess


_SELDOM = (20_000, 20, 50)
"""A change of ten thousand rows makes millions of objects and no rubbish: looking for some among
them seven hundred at a time takes a quarter of it."""


def hold_garbage() -> None:
    """Let nothing be collected until `settle_garbage`.

    Nearly everything made while modules load stays for good: looking for rubbish in it takes a
    tenth of the time to the first frame.
    """
    gc.disable()


def settle_garbage() -> None:
    """Collect from now on, never look again at what is there, give back what start-up took."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_SELDOM)
    gc.enable()
    give_back_memory()


_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""What glibc's `mallopt` calls them."""
_LARGE_BYTES = 128 * 1024


def keep_little_memory() -> None:
    """Let the C library keep less of what is freed; to be called before there are threads.

    The ids of a million alerts pass through strings of megabytes. Left alone, glibc grows used to
    such sizes and keeps them, in each thread's own arena.
    """
    import ctypes

    tune = getattr(ctypes.CDLL(None), "mallopt", None)
    if tune is not None:
        for name, value in (
            (_ARENA_MAX, 2),
            (_MMAP_THRESHOLD, _LARGE_BYTES),
            (_TRIM_THRESHOLD, _LARGE_BYTES),
        ):
            tune(name, value)


def give_back_memory() -> None:
    """Return freed memory to the system where the C library can."""
    import ctypes

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


WARM_SECS = 3.0
"""So long after the first frame whoever wanted the queue is at work in it."""


def warm(
    store: "StoreAccess",
    login: str,
    now: datetime,
    policy: "Settings",
    loaded: Callable[[], object],
) -> None:
    """Load what cases and handoffs need and read the handoff once, while nobody waits for it.

    Its forty statements are compiled the first time: longer than they run. `loaded` is called once
    the screens are: they import each other, which two threads must not do at once.
    """
    try:
        for name in ("ticket", "incident"):
            import_module(f"socconsole.tui.screens.{name}")
        from socconsole.tui.screens.handoff import read_handoffs
    finally:
        loaded()

    with suppress(SocError):
        store.read_here(read_handoffs, None, login, now, policy)


@contextmanager
def without_tls() -> Iterator[None]:
    """Let the event loop load without OpenSSL, which it only needs to speak TLS itself.

    The console's loop opens no connection; drivers that do bring a TLS of their own.
    """
    if "ssl" in sys.modules or "asyncio" in sys.modules:
        yield
        return
    sys.modules["ssl"] = None  # type: ignore[assignment] # Python's way to say: not there
    try:
        yield
    finally:
        del sys.modules["ssl"]
