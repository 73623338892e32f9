"""Plays the sample scenario as live log files and opens the console on them."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from types import FrameType
from typing import Annotated

from cyclopts import Parameter

from socconsole.cli.context import Context
from socconsole.cli.output import print_json, print_text
from socconsole.cli.scenario import Player, load_scenario, write_all
from socconsole.content import sample_data
from socconsole.errors import FileError, UsageError
from socconsole.spawn import collector_command

_FOLDER = "socconsole-demo-"
"""How the name of a demo's folder begins; its process follows."""

_HEADLESS_SECS = 20.0
_STOP_SECS = 20.0
"""How long the collector may take to finish the batch in hand."""


def demo(
    *,
    speed: float = 1.0,
    seconds: float | None = None,
    headless: Annotated[bool, Parameter(negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
    write: Path | None = None,
    start: datetime | None = None,
    context: Annotated[Context, Parameter(parse=False)],
) -> int:
    """Play a recorded attack as live logs and open the console on it.

    Everything is kept in a temporary folder, which is removed at the end; with --db the database
    stays where that says.

    Args:
        speed: How many times as fast as recorded.
        seconds: Stop writing lines after this many seconds; with --headless 20 unless given.
        headless: No screen: play, wait until all is read, print what was found.
        json: With --headless, print the summary as one JSON document.
        write: Only write the whole scenario into this folder, all at once.
        start: With --write, the time the scenario begins at; now unless given.
        context: The global options.

    """
    if not all(
        number > 0 and isfinite(number) for number in (speed, 1.0 if seconds is None else seconds)
    ):
        raise UsageError("--speed and --seconds have to be greater than zero.")
    lines = load_scenario(sample_data() / "scenario")
    if write is not None:
        write.mkdir(parents=True, exist_ok=True)
        write_all(lines, write, _aware(start or context.now()))
        return 0
    with _demo_folder(context) as demo_context, _ending_tidily():
        player = Player(lines, Path(demo_context.config or "").parent / "logs", speed=speed)
        player.write_history()
        with _collector(demo_context):
            player.start()
            try:
                if not headless:
                    return _console(demo_context)
                _wait(player, seconds or _HEADLESS_SECS)
            finally:
                player.stop()
        with _collect(demo_context, "--once") as last:
            last.wait()
        return _print_summary(demo_context, json)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@contextlib.contextmanager
def _demo_folder(context: Context) -> Iterator[Context]:
    """Make the demo's folder and yield a context for it; remove it at the end."""
    _remove_left_folders()
    prefix = f"{_FOLDER}{os.getpid()}-"
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "logs").mkdir()
        config = folder / "socconsole.toml"
        shutil.copyfile(sample_data() / "scenario" / "socconsole.toml", config)
        # Never the team's: what the environment names is for work, not for a play.
        database = context.db or str(folder / "soc.db")
        yield Context(
            config=str(config), db=database, read_only=context.read_only, debug=context.debug
        )


def _remove_left_folders() -> None:
    """Remove the folders of the user's demos that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_FOLDER}*-*"):
        process = folder.name.removeprefix(_FOLDER).partition("-")[0]
        with contextlib.suppress(OSError):
            if process.isdecimal() and folder.stat().st_uid == os.getuid():
                try:
                    os.kill(int(process), 0)
                except ProcessLookupError:
                    shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _ending_tidily() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the demo as Ctrl-C does, so that it cleans up."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signals = (signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, interrupt) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _collect(context: Context, *arguments: str) -> subprocess.Popen[bytes]:
    """Start a collector on the demo's settings; what it says goes into a file beside them."""
    config = Path(str(context.config))
    command = collector_command(context.database_url, config, *arguments)
    with config.with_name("collector.log").open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - our own program
            command, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True
        )


@contextlib.contextmanager
def _collector(context: Context) -> Iterator[None]:
    """Keep a collector running, for as long as this process lives."""
    with _collect(context, "--held") as process:
        try:
            yield
            if process.poll() is not None:
                said = Path(str(context.config)).with_name("collector.log").read_text().strip()
                last = said.splitlines()[-1] if said else f"exit code {process.returncode}"
                raise FileError(f"The collector ended by itself: {last}")
        finally:
            process.terminate()
            try:
                process.wait(_STOP_SECS)
            except subprocess.TimeoutExpired:
                process.kill()


def _console(context: Context) -> int:
    from socconsole.cli import run

    return run(["--config", str(context.config), "--db", context.database_url])


def _wait(player: Player, seconds: float) -> None:
    end = time.monotonic() + seconds
    while player.is_alive() and time.monotonic() < end:
        player.join(min(0.2, max(0.0, end - time.monotonic())))


def _print_summary(context: Context, json: bool) -> int:
    from socconsole.store.queries.totals import totals

    with context.database() as database, database.read() as session:
        found = asdict(totals(session))
    if json:
        print_json(found)
    else:
        print_text(f"{name:<12}{value}" for name, value in found.items())
    return 0 if found["alerts"] else 1
