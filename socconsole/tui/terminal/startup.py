"""What a console is spared: rubbish collection while it starts, memory, a TLS nobody speaks."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from socconsole.errors import SocError
from socconsole.tui.terminal.heap import give_back_memory

if TYPE_CHECKING:
    from socconsole.core.policy import Settings
    from socconsole.tui.reading.store_access import StoreAccess


_SELDOM = (4_000, 20, 250)
"""A change of ten thousand rows makes millions of objects and no rubbish: looking for some among
all that were made lately takes a quarter of it. Among the last few thousand it costs next to
nothing, and two megabytes of rubbish fewer lie about."""


def hold_garbage() -> None:
    """Let nothing be collected until `settle_garbage`.

    Nearly everything made while modules load stays for good: looking for rubbish in it takes a
    tenth of the time to the first frame.
    """
    gc.disable()


def settle_garbage() -> None:
    """Collect from now on, but never among what is there, and give back what start-up took.

    Looking once for rubbish among all that was loaded would hold a key up for as long as a tenth of
    a second, and finds next to none.
    """
    gc.freeze()
    gc.set_threshold(*_SELDOM)
    gc.enable()
    give_back_memory()


WARM_SECS = 3.0
"""So long after the first frame whoever wanted the queue is at work in it."""


def warm(store: "StoreAccess", now: datetime, policy: "Settings") -> None:
    """Load what cases and handoffs need, and rehearse a handoff, while nobody waits for it.

    Keys are answered meanwhile: no screen imports another, so two threads may load them at once.
    """
    for name in ("ticket", "incident", "handoff"):
        import_module(f"socconsole.tui.screens.{name}")
    from socconsole.services.handoffs import rehearse

    with suppress(SocError):
        store.read_here(rehearse, now=now, policy=policy)
    give_back_memory()


_BUILT_IN = ("_md5", "_sha1", "_sha3", "_blake2") + (
    ("_sha2",) if sys.version_info >= (3, 12) else ("_sha256", "_sha512")
)
"""Python's own digests; some systems build it without them."""


@contextmanager
def without_openssl() -> Iterator[None]:
    """Let the event loop and the digests load without OpenSSL, which takes 4 MB.

    The console's loop opens no connection, so it needs no TLS; drivers that do bring their own.
    Its digests are of audit entries and short texts: Python's own are as quick at those.
    """
    hidden = ["ssl"]
    if all(find_spec(name) for name in _BUILT_IN):
        hidden.append("_hashlib")
    if not sys.modules.keys().isdisjoint({*hidden, "asyncio", "hashlib"}):
        yield
        return
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type] # Python's way to say: not there
    try:
        import hashlib  # noqa: F401 - these remember for good what they found
        import hmac  # noqa: F401

        yield
    finally:
        for name in hidden:
            del sys.modules[name]
