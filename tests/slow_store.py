"""A store that takes its time: what the console reads comes later than the next key."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest


@contextmanager
def slow_reads(longest: float) -> Iterator[None]:
    """Let every read of a console take up to `longest` seconds longer meanwhile, at random."""
    from socconsole.tui.reading.store_access import StoreAccess

    def later(work: Callable[..., Any]) -> Callable[..., Any]:
        def slow(*args: Any, **kwargs: Any) -> Any:
            time.sleep(random.uniform(0, longest))
            return work(*args, **kwargs)

        return slow

    with_events = StoreAccess.with_events

    async def slow_events(self: StoreAccess, look: Callable[[Any], Any]) -> Any:
        return await with_events(self, later(look))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StoreAccess, "read_here", later(StoreAccess.read_here))
        patch.setattr(StoreAccess, "with_events", slow_events)
        yield
