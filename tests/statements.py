"""Lets the databases of a test run share compiled SQL, as the requests of one program do.

SQLAlchemy keeps compiled statements per engine, and every test has an engine of its own: compiling
took more than half of the time of a test that works on a database.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

from socconsole.store import database


@contextmanager
def compiled_once() -> Iterator[None]:
    """Compile a statement once per dialect for every database that is opened meanwhile."""
    make, compiled = database.create_engine, LRUCache[Any, Any](2000)

    def sharing(*words: Any, **options: Any) -> Engine:
        return make(*words, execution_options={"compiled_cache": compiled}, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "create_engine", sharing)
        # The dialect is part of a statement's key; ours differ by nothing but their engine.
        patch.setattr(DefaultDialect, "__eq__", lambda one, other: type(one) is type(other))
        patch.setattr(DefaultDialect, "__hash__", lambda one: hash(type(one)))
        yield
