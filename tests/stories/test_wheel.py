"""The package works where there is no checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Build the wheel and unpack it into a folder of its own."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", str(folder)]
    subprocess.run([*command, str(ROOT)], check=True, capture_output=True, timeout=100)
    (wheel,) = folder.glob("*.whl")
    site = folder / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    return site


def run(site, folder, *arguments):
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, "-P", "-m", "socconsole", *arguments],
        cwd=folder,
        env={**environ, "PYTHONPATH": str(site), "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def test_the_wheel_carries_its_data(installed, tmp_path):
    code = (
        "from socconsole import content; "
        "print(content.__file__, content.sample_data(), content.themes_folder(), content.RULES)"
    )
    ran = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=True,
    )
    places = [Path(word) for word in ran.stdout.split()]
    assert all(place.is_relative_to(installed) and place.exists() for place in places)


def test_help_and_manual_work_outside_the_checkout(installed, tmp_path):
    assert "socconsole demo" in run(installed, tmp_path, "help", "getting-started").stdout


def test_the_demo_runs_outside_the_checkout(installed, tmp_path):
    ran = run(installed, tmp_path, "demo", "--headless", "--speed", "8", "--seconds", "3")
    assert ran.returncode == 0, ran.stderr
    found = dict(line.split() for line in ran.stdout.splitlines())
    assert int(found["rules"]) >= 6
