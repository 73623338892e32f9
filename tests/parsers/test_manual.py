"""The manual's page names every format there is, and no other."""

import re
from importlib.resources import files

from socconsole.parsers import PARSERS


def test_every_format_is_in_the_manual():
    page = files("socconsole.content").joinpath("manual/formats.md").read_text("utf-8")
    table = page.split("## Formats")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`([\w-]+)`", row)}
    beside = set(re.findall(r"`((?:nginx|apache)_syslog)`", table))
    assert named | beside == {parser.name for parser in PARSERS}
