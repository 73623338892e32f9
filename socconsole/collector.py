"""The imperative shell: sources → parsers → sigma → services, in batches.

A batch's offsets, events, alerts and windows commit in one transaction; until it has committed
nothing more is read, so a crash at any point reads the same lines again and nothing else.
"""

import math
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import timedelta

from sqlmodel import Session

from socconsole.core.policy import Settings
from socconsole.errors import ConflictError, SettingsError, SocError, StoreError
from socconsole.services import leases, nodes
from socconsole.services import sources as kept
from socconsole.services.batch import HOLD_SECS, SERVER_HOLD_SECS, Batch, Pace, Totals
from socconsole.services.following import Followed, follow_all
from socconsole.services.joining import WAIT_SECS
from socconsole.services.raising import look_up_reasons, raise_alerts
from socconsole.services.reading import Counts
from socconsole.services.upkeep import Upkeep
from socconsole.services.window_memory import WindowMemory
from socconsole.settings import state_folder
from socconsole.sigma.match import Matcher
from socconsole.sources.inputs import Inputs
from socconsole.sources.notes import Note, NoteKind
from socconsole.sources.watch import Watch
from socconsole.store.database import Database
from socconsole.store.events import EventStore, Prepared

BATCH_SECS = 0.1
LONGEST_WAIT_SECS = 1.0
RENEW_SECS = 5.0
LONGEST_BACK_OFF_SECS = 5.0
ONCE_WAITS_SECS = 30.0
"""Whoever runs the collector once wants an answer: it waits no longer for the database."""
MEMORY_REVISION = "windows/2"
"""The shape of what windows remember; each rule's part names that rule's own revision."""


class Collector:
    """Reads the sources of one database until it is told to stop."""

    def __init__(  # noqa: PLR0913 – what it works with, each of another kind
        self,
        database: Database,
        settings: Settings,
        matcher: Matcher,
        events: EventStore,
        *,
        login: str,
        say: Callable[[str], None],
        redact: Callable[[str], str] | None = None,
    ) -> None:
        self.totals = Totals()
        self.failed: set[str] = set()
        """Sources that cannot be read at the moment."""
        self._said: dict[str, str | None] = {}
        """Source → its trouble as it was last said."""
        self._away = ""
        """Why the sources cannot be read at all, as it was last said."""
        self._database = database
        self._settings = settings
        self._matcher = matcher
        self._events = events
        self._say = say
        self._redact = redact
        self._stop = threading.Event()
        self._watch = Watch()
        self._followed: list[Followed] = []
        self._group = settings.collector.group
        if database.path is not None and self._group != leases.LEASE:
            raise SettingsError(
                "One collector reads all the sources of an SQLite database.",
                hint="Take collector.group out of the settings, or use PostgreSQL.",
            )
        kept_beside = database.path.parent if database.path else state_folder(os.environ)
        self._inputs = Inputs(settings.source, kept_beside / "spool", self._watch.wake)
        self._lease = leases.CollectorLease(database, group=self._group, login=login)
        self._renewed = 0.0
        self._turn = 0
        self._memory = WindowMemory(MEMORY_REVISION, group=self._group)
        self._backfill = False
        self._patience_secs = math.inf
        self._pace = Pace(hold=HOLD_SECS if database.is_sqlite else SERVER_HOLD_SECS)
        self._upkeep = Upkeep(
            database, events, alerts=settings.alerts, kept=settings.retention, say=say
        )
        self._is_attended = False
        # Events of a generation that is forgotten would count as never committed.
        self._keep_ended = timedelta(days=settings.retention.events_days + 2)

    def stop(self) -> None:
        """Ask the collector to commit what it has and end; may be called from a signal."""
        self._stop.set()
        self._watch.wake()

    # The two ways to run ---------------------------------------------------------------------

    def run(self, *, lonely_secs: float | None = None) -> None:
        """Follow the sources until `stop`.

        It ends by itself when no console was alive for `lonely_secs`, or when standard input is a
        source and has ended.
        """
        self._is_attended = lonely_secs is not None
        try:
            self._inputs.feed("stdin")
            while not self._stop.is_set():
                try:
                    self._run_with_lease(lonely_secs)
                except (StoreError, ConflictError) as error:
                    if str(error) != self._away:
                        self._away = str(error)
                        self._say(f"{error} Trying again.")
                    self._end_without_file()
                    self._stop.wait(LONGEST_BACK_OFF_SECS)
        finally:
            self._end()

    def _run_with_lease(self, lonely_secs: float | None) -> None:
        if not self._lease.wait(self._stop, self._say, one_is_enough=self._is_attended):
            return
        self._inputs.feed("journald", "syslog")
        try:
            self._follow(lonely_secs)
        finally:
            self._inputs.starve("journald", "syslog")

    def run_once(self, *, backfill: bool = False) -> None:
        """Read every source to its end and commit.

        Raises:
            ConflictError: Another collector reads the sources.

        """
        self._backfill = backfill
        self._patience_secs = ONCE_WAITS_SECS
        self._lease.join()
        try:
            holder = self._lease.take()
            if holder is not None:
                raise ConflictError(
                    f"A collector reads these sources already: process {holder.pid} on"
                    f" {holder.host}.",
                    hint="It will read them to the end by itself; stop it to read them here.",
                )
            self._open_sources()
            self._read_to_the_end()
            self._beat()
            self._say_unfinished()
        finally:
            self._end()

    def _follow(self, lonely_secs: float | None) -> None:
        self._renewed = time.monotonic()
        self._open_sources()
        longest = math.inf if lonely_secs is None else lonely_secs
        lonely_since = time.monotonic()
        consoles = nodes.Attending(alive=0, newest_id=0)
        try:
            while not self._stop.is_set():
                busy = self._round()
                now = time.monotonic()
                every = RENEW_SECS if consoles.alive else min(RENEW_SECS, longest)
                if now - self._renewed >= every:
                    seen = self._beat()
                    if seen is None or seen.alive or seen != consoles:  # some came and went again
                        lonely_since = now
                    elif now - lonely_since >= longest:
                        self.stop()
                    consoles = seen or consoles
                if any(one.has_ended() for one in self._followed):
                    self.stop()
                elif busy:
                    self._database.give_way()
                else:
                    self._pass_time()
                    self._hint(self._watch.wait(self._patience(now)))
        except leases.LeaseLostError:
            self._say("another collector has taken over; waiting for its end")
        finally:
            self._close_sources()

    def _patience(self, now: float) -> float:
        if any(one.is_waiting for one in self._followed):
            return WAIT_SECS / 2
        due = [min(one.tail.next_scan, one.tail.next_sweep) for one in self._followed]
        return min(LONGEST_WAIT_SECS, max(0.0, min(due, default=now + LONGEST_WAIT_SECS) - now))

    def _hint(self, paths: set[bytes]) -> None:
        """Look at the files that changed, and soon at folders in which something turned up."""
        now = time.monotonic()
        for one in self._followed:
            one.tail.hint(paths, now)

    def _read_to_the_end(self) -> None:
        deadline = time.monotonic() + 3.0
        while not self._stop.is_set():
            if self._round():
                self._database.give_way()
                continue
            if not any(one.tail.has_more_files for one in self._followed):
                waiting = any(
                    one.tail.waits_for_verdict or one.is_waiting for one in self._followed
                )
                if not waiting or time.monotonic() > deadline:
                    break
                time.sleep(0.1)
            for one in self._followed:
                one.tail.next_scan = 0.0
        if self._backfill:
            for one in self._followed:
                one.tail.finish()
            self._round()

    # One round: look, read, match, commit ----------------------------------------------------

    def _round(self) -> bool:
        """Read and commit one batch; return whether more is ready."""
        self._look()
        batch = self._gather()
        if not batch.is_empty:
            self._commit(batch)
        return any(one.tail.has_ready for one in self._followed)

    def _pass_time(self) -> None:
        """Commit what fires because nothing comes, and what there is to say of the rules."""
        batch = Batch(detections=self._matcher.tick(self._database.clock.now()))
        if batch.detections or self._memory.is_news(self._matcher.remarks()):
            self._commit(batch)

    def _look(self) -> None:
        now = time.monotonic()
        for one in self._followed:
            if now >= one.tail.next_scan:
                one.tail.scan(now)
                self._watch.follow(
                    folder for source in self._followed for folder in source.tail.folders
                )
            if now >= one.tail.next_sweep:
                one.tail.sweep(now)
            one.tail.expire(now)

    def _gather(self) -> Batch:
        batch = Batch()
        started = time.monotonic()
        for one in self._followed:
            for portion in one.tail.take_final():
                batch.add(one, portion.generation.id, one.take(portion, started))
            for generation_id, events in one.overdue(started):
                batch.add(one, generation_id, events)
        turns = deque((one, each) for one in self._followed for each in one.tail.ready())
        turns.rotate(-self._turn)
        while (
            turns and not batch.fills(self._pace.events) and time.monotonic() - started < BATCH_SECS
        ):
            one, generation = turns.popleft()
            room = self._pace.events - len(batch.events)
            now = time.monotonic()
            portion = one.tail.read(generation, room, now)
            batch.add(one, generation.id, one.take(portion, now))
            if one.tail.is_ready(generation):
                turns.append((one, generation))
            self._turn += 1
        if batch.events:
            batch.detections = self._matcher.match_all(
                batch.events, read_at=self._database.clock.now()
            )
        for one in self._followed:
            batch.checkpoints.append((one, one.tail.take_checkpoints()))
            batch.notes += [*one.tail.take_notes(), *one.reader.take_notes()]
        for problem in self._watch.take_problems():
            batch.notes += [
                Note(source=one.policy.name, kind=NoteKind.WATCH, text=problem)
                for one in self._followed
            ]
        return batch

    # The transaction -------------------------------------------------------------------------

    def _commit(self, batch: Batch) -> None:
        """Store a batch; while the database is away, keep it and try again."""
        pause = 0.05
        told = ""
        self._lease.start_unit()
        asked = time.monotonic()
        now = self._database.clock.now()
        self._memory.add(self._matcher.take_changes())
        events = [
            self._events.prepare(*place, part, read_at=now) for place, part in batch.parts.items()
        ]
        look_up_reasons(batch.detections, self._settings.fold)
        while True:
            try:
                with self._database.begin() as session:
                    begun = time.monotonic()
                    if not self._lease.was_renewed(session):
                        self._write(session, batch, events)
                    worked = time.monotonic() - begun
                self._pace.held(worked)
            except leases.LeaseLostError:
                raise
            except (StoreError, ConflictError) as error:
                if time.monotonic() - asked > self._patience_secs:
                    raise
                if str(error) != told:
                    told = str(error)
                    self._say(f"{told} Reading waits; nothing is lost.")
                self._end_without_file()
                if self._stop.wait(pause):
                    return
                pause = min(pause * 2, LONGEST_BACK_OFF_SECS)
                self._keep_sight()
            else:
                break
        if told:
            self._say("the database is back")
        self._count(batch)

    def _keep_sight(self) -> None:
        """Open files that turn up while nothing can be stored, before they rotate away."""
        now = time.monotonic()
        for one in self._followed:
            if now >= one.tail.next_scan:
                one.tail.scan(now)

    def _write(self, session: Session, batch: Batch, events: Sequence[Prepared]) -> None:
        now = self._database.clock.now()
        self._lease.renew(session, now=now)
        for one, changed in batch.checkpoints:
            formats = one.reader.formats if changed else {}
            kept.save_checkpoints(
                session, one.id, changed, formats=formats, epoch=self._lease.epoch, now=now
            )
        kept.save_notes(session, self._ids(), batch.notes, now=now)
        for part in events:
            self._events.store(session, part)
        if batch.detections:
            raise_alerts(
                session,
                batch.detections,
                now=now,
                fold=self._settings.fold,
                criticality={one.policy.name: one.policy.criticality for one in self._followed},
            )
        self._memory.save(session, self._matcher.remarks(), now=now)
        self._write_health(session)

    def _ids(self) -> dict[str, int]:
        return {one.policy.name: one.id for one in self._followed}

    def _write_health(self, session: Session) -> None:
        for one in self._followed:
            health = one.health()
            if one.counts.lines or health != one.told:
                kept.add_counts(session, one.id, one.counts, health)

    def _count(self, batch: Batch) -> None:
        self._memory.was_saved()
        self.totals.add(batch, [one.counts for one in self._followed])
        for one in self._followed:
            one.counts = Counts()

    # Time, sources ---------------------------------------------------------------------------

    def _beat(self) -> nodes.Attending | None:
        """Renew the lease and the heartbeat; return the consoles, unless the store is away."""
        now = self._database.clock.now()
        self._renewed = time.monotonic()
        self._upkeep.look_around()
        try:
            with self._database.begin() as session:
                self._lease.beat(session, now=now)
                befell = [note for one in self._followed for note in one.news()]
                kept.save_notes(session, self._ids(), befell, now=now)
                health = [one.health() for one in self._followed]
                for one, is_so in zip(self._followed, health, strict=True):
                    one.sync()
                    self._say_trouble(one.policy.name, is_so.error)
                    kept.add_counts(session, one.id, Counts(), is_so)
                self._upkeep.keep_time(session, self._followed, now)
                consoles = nodes.attending(session, "console", now=now)
        except leases.LeaseLostError:
            raise
        except (StoreError, ConflictError):
            self._end_without_file()
            return None  # the next batch says so, and waits
        for one, is_so in zip(self._followed, health, strict=True):
            one.told = is_so  # not before it is in the database, with what befell
        return consoles

    def _end_without_file(self) -> None:
        """End when the database was removed and this runs for consoles: none can be at it."""
        if self._is_attended and self._database.is_removed:
            self.stop()

    def _say_trouble(self, name: str, error: str | None) -> None:
        self.failed.discard(name)
        if error is not None:
            self.failed.add(name)
            if self._said.get(name) != error:
                self._say(f"{name}: {error}")
        self._said[name] = error

    def _say_unfinished(self) -> None:
        for one in self._followed:
            for path in one.unfinished(time.monotonic()):
                self._say(
                    f"{one.policy.name}: the last line of {path} has no line feed; it is read when"
                    " it is finished, or with --backfill"
                )

    def _open_sources(self) -> None:
        with self._database.begin() as session:
            self._followed = follow_all(
                session,
                self._settings.source,
                inputs=self._inputs,
                redact=self._redact,
                group=self._group,
                clock=self._database.clock.now,
                keep_ended=self._keep_ended,
            )
            self._events.recover(session)
            memory = self._memory.restore(session)
        self._matcher.restore(memory, is_stored=True)
        self._away = ""

    def _close_sources(self) -> None:
        for one in self._followed:
            one.tail.close()
        self._followed = []
        self._watch.follow(())

    def _end(self) -> None:
        self._close_sources()
        self._inputs.close()
        self._watch.close()
        now = self._database.clock.now()
        try:
            with self._database.begin() as session:
                self._lease.leave(session, now=now)
        except SocError as error:
            self._say(str(error))
