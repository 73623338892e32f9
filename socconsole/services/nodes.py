"""Our running processes: who is alive, on which host, for whom."""

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import delete, func, select, update
from sqlmodel import Session

from socconsole import __version__
from socconsole.store.tables import Node, Presence, table_of

BEAT_EVERY = timedelta(seconds=15)
ALIVE = timedelta(seconds=60)
"""A process whose heartbeat is older is taken for dead."""
_UNSET_LOGIN_UID = 4_294_967_295


@dataclass(frozen=True, slots=True)
class NodeRow:
    """A process that is alive."""

    id: int
    kind: str
    host: str
    pid: int
    login: str
    app_version: str
    started_at: datetime
    heartbeat_at: datetime


def join(session: Session, kind: str, login: str, *, now: datetime) -> int:
    """Say that this process has started; return its node's id."""
    node = Node(
        kind=kind,
        host=os.uname().nodename,
        pid=os.getpid(),
        login=login,
        app_version=__version__,
        started_at=now,
        heartbeat_at=now,
        hints={**unverified_hints(), "machine": machine()},
    )
    session.add(node)
    session.flush()
    assert node.id is not None
    return node.id


def this_process(session: Session, kind: str, login: str, *, now: datetime) -> int:
    """Return the node of this process, which starts being one now if it is none yet."""
    node = table_of(Node)
    known = session.connection().execute(
        select(node.c.id)
        .where(
            node.c.host == os.uname().nodename,
            node.c.pid == os.getpid(),
            node.c.kind == kind,
            node.c.login == login,
            node.c.stopped_at.is_(None),
        )
        .order_by(node.c.id.desc())
    )
    number = known.scalar()
    return join(session, kind, login, now=now) if number is None else number


def beat(session: Session, node_id: int, *, now: datetime) -> None:
    """Say that the process is alive, whatever others took it for while it was stopped."""
    node = table_of(Node)
    session.connection().execute(
        update(node).where(node.c.id == node_id).values(heartbeat_at=now, stopped_at=None)
    )


def leave(session: Session, node_id: int, *, now: datetime) -> None:
    """Say that the process ends, and that it looks at nothing any more."""
    node, presence = table_of(Node), table_of(Presence)
    connection = session.connection()
    connection.execute(delete(presence).where(presence.c.node_id == node_id))
    connection.execute(
        update(node).where(node.c.id == node_id).values(heartbeat_at=now, stopped_at=now)
    )


def alive(session: Session, *, now: datetime, kind: str | None = None) -> tuple[NodeRow, ...]:
    """Return the processes whose heartbeat is fresh, longest-running first."""
    node = table_of(Node)
    query = select(
        *(node.c[name] for name in NodeRow.__dataclass_fields__)
    ).where(node.c.stopped_at.is_(None), node.c.heartbeat_at > now - ALIVE)  # fmt: skip
    if kind is not None:
        query = query.where(node.c.kind == kind)
    found = session.connection().execute(query.order_by(node.c.started_at, node.c.id))
    return tuple(NodeRow(*row) for row in found)


class Attending(NamedTuple):
    """The processes of a kind, as far as others need to know whether one was there."""

    alive: int
    newest_id: int
    """Of all that ever came; zero before the first."""


def attending(session: Session, kind: str, *, now: datetime) -> Attending:
    """Return how many processes of `kind` are alive, and which came last."""
    node = table_of(Node)
    newest = session.connection().execute(select(func.max(node.c.id)).where(node.c.kind == kind))
    return Attending(len(alive(session, now=now, kind=kind)), newest.scalar() or 0)


def forget_dead(session: Session, *, now: datetime, after: timedelta = timedelta(days=1)) -> int:
    """Mark processes as stopped that have not been heard of; return how many.

    One that was heard of tomorrow was before a clock was put back; if it lives it says so again.
    """
    node, presence = table_of(Node), table_of(Presence)
    connection = session.connection()
    heard = node.c.heartbeat_at
    silent = (node.c.stopped_at.is_(None), (heard < now - after) | (heard > now + after))
    connection.execute(
        delete(presence).where(presence.c.node_id.in_(select(node.c.id).where(*silent)))
    )
    result = connection.execute(update(node).where(*silent).values(stopped_at=node.c.heartbeat_at))
    return int(result.rowcount)


def machine() -> str:
    """Name what process ids are counted in: this boot of this host, and the container in it.

    Hosts may share a name, as those made from one image do.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:  # another system than Linux
        return os.uname().nodename


def unverified_hints() -> Mapping[str, object]:
    """Return what the surroundings say about this login; none of it is proof.

    Who acts is the uid's account. The audit login uid survives `su` and `sudo`: where it differs,
    an account is shared.
    """
    hints: dict[str, object] = {}
    for name in ("SSH_CONNECTION", "SUDO_USER", "TMUX_PANE"):
        if name in os.environ:
            hints[name.lower()] = os.environ[name]
    try:
        login_uid = int(Path("/proc/self/loginuid").read_text(encoding="ascii"))
    except (OSError, ValueError):
        login_uid = _UNSET_LOGIN_UID
    if login_uid != _UNSET_LOGIN_UID:
        hints["login_uid"] = login_uid
    if sys.stdin is not None and sys.stdin.isatty():
        with suppress(OSError):  # a container may not have the terminal's device
            hints["tty"] = os.ttyname(sys.stdin.fileno())
    return hints
