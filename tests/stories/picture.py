"""Makes the README's picture from the real program: the sample attack, collected and drawn.

python tests/stories/picture.py [--size 160x44] [--keys g,j] [FILE.svg]
"""

import argparse
import asyncio
import re
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from socconsole.cli.scenario import load_scenario, write_all
from socconsole.content import sample_data
from socconsole.settings import load_settings
from socconsole.spawn import collector_command
from socconsole.store.database import Database
from socconsole.tui.app import ConsoleApp
from socconsole.tui.setup import Setup

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "socconsole" / "content" / "pictures" / "queue.svg"


def collect(folder: Path) -> None:
    """Write the scenario as if it had just happened and let the collector read it."""
    (folder / "logs").mkdir()
    scenario = sample_data() / "scenario"
    config = folder / "socconsole.toml"
    config.write_bytes((scenario / "socconsole.toml").read_bytes())
    write_all(load_scenario(scenario), folder / "logs", datetime.now(UTC) - timedelta(seconds=185))
    url = f"sqlite:///{folder}/soc.db"
    subprocess.run(collector_command(url, config, "--once"), check=True, stderr=subprocess.PIPE)


async def draw(folder: Path, size: tuple[int, int], keys: list[str]) -> str:
    """Open the console on what was collected, press `keys`, and return what it shows."""
    settings = load_settings(folder / "socconsole.toml", {})
    setup = Setup(
        login="mara",
        open_database=lambda: Database(f"sqlite:///{folder}/soc.db"),
        now=lambda: datetime.now(UTC),
        config_folder=folder / "config",
        state_folder=folder / "state",
        zone=settings.shift.timezone,
        settings=settings,
    )
    app = ConsoleApp(setup)
    async with app.run_test(size=size) as pilot:
        await pilot.pause(2.0)
        for pressed in keys:
            await pilot.press(pressed)
            await pilot.pause(0.5)
        picture = app.export_screenshot(title="socconsole")
    # The fonts would be fetched from a host of others'; the reader's own will do.
    return re.sub(r"@font-face\s*\{.*?\}\s*", "", picture, flags=re.DOTALL)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", default="160x44")
    parser.add_argument("--keys", default="g,j", help="keys to press first, by comma")
    parser.add_argument("file", nargs="?", type=Path, default=PICTURE)
    said = parser.parse_args()
    columns, rows = map(int, said.size.split("x"))
    with tempfile.TemporaryDirectory(prefix="socconsole-picture-") as name:
        collect(Path(name))
        keys = [word for word in said.keys.split(",") if word]
        url = f"sqlite:///{name}/soc.db"
        alive = subprocess.Popen(
            collector_command(url, Path(name) / "socconsole.toml"), stderr=subprocess.DEVNULL
        )
        time.sleep(3.0)  # its first heartbeat
        try:
            picture = asyncio.run(draw(Path(name), (columns, rows), keys))
        finally:
            alive.terminate()
            alive.wait()
    said.file.parent.mkdir(parents=True, exist_ok=True)
    said.file.write_text(picture, encoding="utf-8")
    print(f"{said.file}: {said.file.stat().st_size} bytes", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
