"""Turns what a driver raises into one clear line for a user."""

import os
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from socconsole.errors import ConflictError, ForbiddenError, SocError, StoreError, UsageError
from socconsole.store.lock_holders import beside, command, writer

_KNOWN: tuple[tuple[str, str, str], ...] = (
    (
        "database or disk is full",
        "The disk is full: nothing was stored.",
        "Free space, then repeat; what was stored before is whole.",
    ),
    (
        "attempt to write a readonly database",
        "The database cannot be written.",
        "Check the rights on the file and its folder, and whether the disk is mounted read-only.",
    ),
    (
        "unable to open database file",
        "The database file cannot be opened.",
        "Check its folder, your rights in it, and whether the disk is mounted read-only.",
    ),
    (
        "file is not a database",
        "This file is not an SQLite database.",
        "Name another file with --db.",
    ),
    (
        "malformed",
        "The database file is damaged.",
        "Restore a backup with `socconsole db restore`; keep the damaged file.",
    ),
    (
        "disk i/o error",
        "The disk failed to read or write.",
        "Check the disk and the system log; nothing was stored.",
    ),
    (
        "no such table",
        "The database has no socconsole tables.",
        "Run `socconsole db upgrade`.",
    ),
)

TOO_LARGE = "A number is larger than any there can be in the database."

_REFUSALS: tuple[tuple[tuple[str, ...], type[SocError], str, str], ...] = (
    (
        ("certificate expired",),
        ForbiddenError,
        "Your certificate has expired: the database server does not accept it.",
        "Ask whoever issues them for a new one.",
    ),
    (
        ("requires a valid client certificate", "alert certificate required"),
        ForbiddenError,
        "The database server asks for a certificate.",
        "Name yours with sslcert= and sslkey=, or put both into ~/.postgresql.",
    ),
    (
        (
            "certificate authentication failed",
            "alert unknown ca",
            "alert bad certificate",
            "alert certificate unknown",
            "alert certificate revoked",
            "alert decrypt error",
        ),
        ForbiddenError,
        "The database server does not accept your certificate for this login.",
        "It has to name this login and come from the authority the server trusts.",
    ),
    (
        ("certificate verify failed", "does not match host name", "root certificate file"),
        StoreError,
        "The database server cannot prove who it is: nothing was sent to it.",
        "Check the host's name and the authority named by sslrootcert=.",
    ),
    (
        ("certificate file", "private key file", "certificate present, but not private key"),
        StoreError,
        "Your certificate and its key cannot be used.",
        "Check sslcert= and sslkey=: they belong together, and the key is yours alone (mode 0600).",
    ),
    (
        ("server does not support ssl",),
        StoreError,
        "The database server does not encrypt, and sslmode= asks for it.",
        "Let whoever administers it turn TLS on.",
    ),
    (
        (
            "authentication failed",
            "no pg_hba.conf entry",
            "is not permitted to log in",
            "no password supplied",
        ),
        ForbiddenError,
        "The database server does not accept this login.",
        "With peer authentication it is the account's own name; else look at ~/.pgpass.",
    ),
    (("out of range",), UsageError, TOO_LARGE, ""),
    (
        ("row-level security", "permission denied"),
        ForbiddenError,
        "The database does not let this login do that.",
        "Ask whoever administers the database for the role it takes.",
    ),
    (
        ("duplicate key value", "unique constraint failed"),
        ConflictError,
        "Somebody else stored the same at the same moment.",
        "Look at it again, then repeat yours.",
    ),
    (
        ("deadlock detected", "could not serialize", "lock timeout"),
        ConflictError,
        "Two changes got in each other's way.",
        "Repeat yours.",
    ),
)
"""What a server, or the driver that asks it, says when it says no."""
_UNREACHABLE = ("connection", "could not translate host", "failed to resolve", "timeout expired")
"""What a server's driver says when the server is not there."""
_WHERE = ("host", "port", "service")
"""What of an address's settings says where; others name keys, or a password."""


def shown(url: URL) -> str:
    """Return a database's address as people write it, without its password."""
    if url.get_backend_name() != "sqlite":
        url = url.set(drivername="postgresql")
        url = url.set(query={name: url.query[name] for name in _WHERE if name in url.query})
    return url.render_as_string(hide_password=True)


def gone(path: Path) -> StoreError:
    """Return the error for a database file that was there and is not any more."""
    return StoreError(
        "The database file is gone: nothing is stored.",
        hint="Put it back where it was.",
        where=str(path),
    )


def explained(error: Exception, url: URL) -> SocError:
    """Return the error a user sees for what a driver raised."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    gone = isinstance(error, DBAPIError) and error.connection_invalidated
    text = str(cause).lower()
    where = shown(url)
    if url.get_backend_name() == "sqlite":
        where = url.database or ":memory:"
    if url.get_backend_name() == "sqlite" and ("locked" in text or "busy" in text):
        return _locked(url, where)
    for sign, what, hint in _KNOWN:
        if sign in text:
            return StoreError(what, hint=hint, where=where)
    refusal = _refusal(text, where)
    if refusal is not None:
        return refusal
    if gone or any(sign in text for sign in _UNREACHABLE):
        return StoreError(
            "The database server cannot be reached.",
            hint="Nothing was stored; try again when it is back.",
            where=where,
        )
    return StoreError(f"The database refused: {cause}", where=where)


def _locked(url: URL, where: str) -> StoreError:
    pid = writer(beside(Path(url.database))) if url.database else None
    suspect = "a backup or a shell that has it open"
    if pid and pid != os.getpid():
        suspect = f"process {pid} ({command(pid)})"
    return StoreError(
        "Another program keeps the database locked.",
        hint=f"Try again; if it stays so, look for {suspect}.",
        where=where,
    )


def _refusal(text: str, where: str) -> SocError | None:
    """Return the error for what was refused, not broken."""
    if 'database "' in text and "does not exist" in text:
        return StoreError("The server has no such database.", hint="createdb makes it.")
    if 'role "' in text and "does not exist" in text:
        return ForbiddenError(
            "The database server does not know this login.",
            hint="CREATE ROLE makes it.",
            where=where,
        )
    for signs, kind, what, hint in _REFUSALS:
        if any(sign in text for sign in signs):
            return kind(what, hint=hint, where=where)
    return None
