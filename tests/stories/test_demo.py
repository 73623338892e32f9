"""`socconsole demo --headless`: a real collector process on real, growing files."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest


@pytest.fixture
def temporary(tmp_path):
    """The environment of a demo whose temporary folder is ours to look into."""
    work = {"SOCCONSOLE_DB": str(tmp_path / "work.db")}  # no demo may touch it
    return {**os.environ, "TMPDIR": str(tmp_path), "HOME": str(tmp_path), **work}


def start(environ, *arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "socconsole", "demo", "--headless", *arguments],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def processes_that_name(folder):
    """Return the command lines with `folder` in them; bare systems have no `ps`."""
    if not Path("/proc/self/cmdline").exists():
        ran = subprocess.run(["ps", "-ewwo", "args"], capture_output=True, text=True, check=True)
        return [row for row in ran.stdout.splitlines() if str(folder) in row]
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended
            found.append(place.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return [row for row in found if str(folder) in row]


def wait_until(holds):
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, holds
        time.sleep(0.05)


def test_the_demo_raises_alerts_of_many_rules_from_many_sources(temporary, tmp_path):
    kept = tmp_path / "kept.db"
    ran = start(temporary, "--speed", "8", "--seconds", "3", "--json", "--db", str(kept))
    out, err = ran.communicate(timeout=90)
    assert ran.returncode == 0, err
    found = json.loads(out)
    assert found["rules"] >= 6
    assert found["sources"] >= 5
    # An event of auditd may be several lines.
    assert found["lines"] >= found["events"] + found["unparsed"] > 0
    assert found["detections"] >= found["alerts"] > 0
    # A database that was asked for is kept, and nothing else.
    assert kept.stat().st_size > 0
    assert list(tmp_path.glob("socconsole-demo-*")) == []
    assert processes_that_name(tmp_path) == []


def test_a_demo_that_is_terminated_cleans_up_and_after_one_that_was_killed(temporary, tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = tmp_path / f"socconsole-demo-{ended.pid}-killed"
    left.mkdir()
    ran = start(temporary, "--seconds", "60")
    wait_until(lambda: processes_that_name(tmp_path) != [])
    ran.send_signal(signal.SIGTERM)
    ran.communicate(timeout=60)
    assert ran.returncode == 130
    assert list(tmp_path.glob("socconsole-demo-*")) == []
    assert not Path(temporary["SOCCONSOLE_DB"]).exists()
    # A collector that was being started just then notices by itself that it is alone.
    wait_until(lambda: processes_that_name(tmp_path) == [])


def test_a_demo_that_is_killed_takes_its_collector_along(temporary, tmp_path):
    killed = start(temporary, "--seconds", "60")
    wait_until(lambda: processes_that_name(tmp_path) != [])  # the collector names its settings
    killed.kill()
    killed.communicate(timeout=60)
    wait_until(lambda: processes_that_name(tmp_path) == [])
