"""Which collector reads which sources: a group of them is one's alone, by a lease that lapses."""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, text, update
from sqlmodel import Session, col

from socconsole.errors import ConflictError
from socconsole.services import nodes
from socconsole.store.database import Database
from socconsole.store.tables import Lease, Node

LASTS = timedelta(seconds=15)
"""A lease that was not renewed for so long is another's for the asking."""
_FAR = timedelta(minutes=2)
"""A lease that ends later was taken by a clock that was ahead; whoever still has it moves it."""
_ASK_EVERY = 1.0
"""Seconds."""
LEASE = "all"
"""The group of sources a collector reads unless the settings name another."""


class LeaseLostError(ConflictError):
    """Another collector reads the sources now."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who reads the sources."""

    host: str
    pid: int
    expires_at: datetime


def take_lease(
    session: Session,
    node_id: int,
    *,
    now: datetime,
    lasts: timedelta,
    group: str = LEASE,
    stale: datetime | None = None,
) -> int | Holder:
    """Become the one who reads a group of sources: return the epoch, or who reads them now.

    `stale` is an end that nobody has moved for as long as a lease lasts. Whose clock was ahead
    may have left one that is years away.
    """
    session.connection().execute(
        text("INSERT INTO lease (name, epoch) VALUES (:group, 0) ON CONFLICT DO NOTHING"),
        {"group": group},
    )
    lease = session.get_one(Lease, group, with_for_update=True)
    end = lease.expires_at
    if lease.node_id not in {None, node_id} and end is not None and end > now and end != stale:
        holder = session.get(Node, lease.node_id)
        if holder is not None and _may_be_alive(holder):
            return Holder(holder.host, holder.pid, end)
    lease.node_id = node_id
    lease.epoch += 1
    lease.expires_at = now + lasts
    session.flush()
    return lease.epoch


def _may_be_alive(node: Node) -> bool:
    if node.stopped_at is not None:
        return False
    is_here = node.host == os.uname().nodename and node.hints.get("machine") == nodes.machine()
    if not is_here:
        return True
    if node.pid == os.getpid():
        return False
    try:
        os.kill(node.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def renew_lease(
    session: Session, epoch: int, *, now: datetime, lasts: timedelta, group: str = LEASE
) -> None:
    """Go on holding the lease.

    Raises:
        LeaseLostError: Another collector took it: nothing of this transaction may stay.

    """
    mine = (col(Lease.name) == group) & (col(Lease.epoch) == epoch)
    renewed = update(Lease).where(mine).values(expires_at=now + lasts)
    if session.connection().execute(renewed).rowcount != 1:
        raise LeaseLostError("Another collector reads the sources now.")


def release_lease(session: Session, epoch: int, *, now: datetime, group: str = LEASE) -> None:
    """Let another collector take over at once."""
    mine = (col(Lease.name) == group) & (col(Lease.epoch) == epoch)
    session.connection().execute(update(Lease).where(mine).values(expires_at=now))


def collector_alive(session: Session, *, now: datetime, group: str | None = None) -> Holder | None:
    """Return who reads sources, or those of a group; None when nobody does."""
    ends = col(Lease.expires_at)
    held = select(Lease).where(ends > now, ends < now + _FAR, col(Lease.node_id).is_not(None))
    if group is not None:
        held = held.where(col(Lease.name) == group)
    for lease in session.scalars(held.order_by(Lease.name)):
        node = session.get(Node, lease.node_id)
        if node is not None and lease.expires_at is not None and _may_be_alive(node):
            return Holder(node.host, node.pid, lease.expires_at)
    return None


class CollectorLease:
    """One collector's node, and its lease on a group of sources while it has it."""

    def __init__(self, database: Database, *, group: str, login: str) -> None:
        self.epoch = 0
        self._database = database
        self._group = group
        self._login = login
        self._node_id = 0
        self._until: datetime | None = None

    def join(self) -> None:
        """Say that this collector has started."""
        with self._database.begin() as session:
            self._node_id = nodes.join(
                session, "collector", self._login, now=self._database.clock.now()
            )

    def take(self, stale: datetime | None = None) -> Holder | None:
        """Take the lease, or return who has it; see `take_lease` for what is stale."""
        now = self._database.clock.now()
        with self._database.begin() as session:
            nodes.beat(session, self._node_id, now=now)
            found = take_lease(
                session, self._node_id, now=now, lasts=LASTS, group=self._group, stale=stale
            )
        if isinstance(found, Holder):
            return found
        self.epoch = found
        return None

    def wait(
        self, stop: threading.Event, say: Callable[[str], None], *, one_is_enough: bool
    ) -> bool:
        """Say that this collector is there, and wait for the lease; return whether it was had.

        Where one is enough it stops beside another that goes on reading: two consoles opened at
        once start two. A lease that is not renewed may be that of one that was killed.
        """
        if not self._node_id:
            self.join()
        first: Holder | None = None
        seen: datetime | None = None
        since = time.monotonic()
        while not stop.is_set():
            is_stale = time.monotonic() - since > LASTS.total_seconds()
            holder = self.take(seen if is_stale else None)
            if holder is None:
                return True
            if holder.expires_at != seen:
                seen, since = holder.expires_at, time.monotonic()
            reads = f"process {holder.pid} on {holder.host} reads the sources"
            if first is None:
                first = holder
                say(f"{reads}; waiting")
            elif one_is_enough and holder != first:
                say(f"{reads}; one is enough")
                stop.set()
            stop.wait(_ASK_EVERY)
        return False

    def renew(self, session: Session, *, now: datetime) -> None:
        """Go on holding it, in the unit of work that needs it.

        Raises:
            LeaseLostError: Another collector took it: nothing of this transaction may stay.

        """
        self._until = now + LASTS
        renew_lease(session, self.epoch, now=now, lasts=LASTS, group=self._group)

    def start_unit(self) -> None:
        """Begin what is committed once, in as many attempts as it takes."""
        self._until = None

    def was_renewed(self, session: Session) -> bool:
        """Tell whether an attempt since `start_unit` that renewed it was committed after all.

        A server may commit and be lost before it says so. One that still works at it holds the
        row; that is waited for.
        """
        if self._until is None:
            return False
        lease = session.get_one(Lease, self._group, with_for_update=True)
        return lease.epoch == self.epoch and lease.expires_at == self._until

    def beat(self, session: Session, *, now: datetime) -> None:
        """Renew it, and say that the process is alive."""
        self.renew(session, now=now)
        nodes.beat(session, self._node_id, now=now)

    def leave(self, session: Session, *, now: datetime) -> None:
        """Let another collector take over at once, and say that this process ends."""
        if self.epoch:
            release_lease(session, self.epoch, now=now, group=self._group)
        nodes.leave(session, self._node_id, now=now)
