"""The one place that knows which SQLite this process uses.

Every SQLite before 3.51.3 can corrupt a WAL database that several processes write and checkpoint
at once, and two copies of SQLite in one process break each other's locks. So the choice is made
once, here: the `pysqlite3` wheel, else the standard library's copy.
"""

import importlib
from types import ModuleType
from typing import Any


def _chosen() -> ModuleType:
    try:
        return importlib.import_module("pysqlite3.dbapi2")
    except ImportError:  # no wheel for this platform
        return importlib.import_module("sqlite3.dbapi2")


DBAPI = _chosen()
"""The DBAPI module."""

VERSION: tuple[int, ...] = DBAPI.sqlite_version_info
SAFE = VERSION >= (3, 51, 3)
"""Whether many processes may checkpoint; without it only the collector does."""

OperationalError: type[Exception] = DBAPI.OperationalError
DatabaseError: type[Exception] = DBAPI.DatabaseError
Connection = Any
"""A DBAPI connection."""

_BUSY = 5
_READ_ONLY, _DISK_FAILED, _CANNOT_OPEN = 8, 10, 14
_PRIMARY_CODE = 0xFF


def connect(path: str, *, timeout: float = 2.0, uri: bool = False) -> Connection:
    """Open a raw connection in autocommit mode that any thread may use in turn."""
    return DBAPI.connect(
        path, timeout=timeout, isolation_level=None, check_same_thread=False, uri=uri
    )


def is_busy(error: BaseException) -> bool:
    """Tell whether `error` means that another connection holds the lock."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return "locked" in str(error) or "busy" in str(error)
    return bool(code & _PRIMARY_CODE == _BUSY)


def is_barred(error: BaseException) -> bool:
    """Tell whether `error` means that a file, or one beside it, cannot be opened or written."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return "unable to open" in str(error) or "readonly" in str(error)
    return code & _PRIMARY_CODE in (_READ_ONLY, _CANNOT_OPEN)


def is_disk_failure(error: BaseException) -> bool:
    """Tell whether `error` means that the disk did not read or write, be it that it is full."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return "disk I/O" in str(error)
    return bool(code & _PRIMARY_CODE == _DISK_FAILED)
