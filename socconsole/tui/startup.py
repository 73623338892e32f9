"""What the way to the first frame is spared: rubbish collection, and a TLS nobody speaks."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def hold_garbage() -> None:
    """Let nothing be collected until `settle_garbage`.

    Nearly everything made while modules load stays for good: looking for rubbish in it takes a
    tenth of the time to the first frame.
    """
    gc.disable()


def settle_garbage() -> None:
    """Collect from now on, and never look again at what is there."""
    gc.collect()
    gc.freeze()
    gc.enable()


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
