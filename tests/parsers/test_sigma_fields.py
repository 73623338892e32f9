"""What rules of a log source look at most, our events of that log source have."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from socconsole.core.event import Event, LogSource, ReadContext
from socconsole.parsers import PARSERS, open_parser
from socconsole.parsers.windows_logsources import SERVICES
from socconsole.sigma.fields import value_at

NOW = datetime(2026, 3, 2, tzinfo=UTC)
CONTEXT = ReadContext(reference=NOW)
DEMAND: Mapping[str, Mapping[str, int]] = json.loads(
    Path(__file__).with_name("sigma_demand.json").read_text()
)

NOT_OURS = {
    "bitbucket/-/audit": "no format of ours",
    "rpc_firewall/application/-": "no format of ours",
    "windows/file_access/-": "Event Tracing for Windows; no event log has it",
}
"""Log sources no format of ours is for."""

NOT_CARRIED = {
    "windows/file_event/-": {
        "CommandLine": "Sysmon's event 11 has no command line",
        "ParentImage": "nor a parent",
    },
    "windows/image_load/-": {"CommandLine": "Sysmon's event 7 has no command line"},
    "windows/network_connection/-": {"CommandLine": "Sysmon's event 3 has no command line"},
}
"""Fields that the format itself does not have."""


def triple(source: LogSource) -> tuple[str | None, str | None, str | None]:
    return source.product, source.category, source.service


@pytest.fixture(scope="module")
def events() -> list[Event]:
    found = []
    for parser in PARSERS:
        for sample in parser.samples:
            parse = open_parser(parser, [*sample.before, sample.line])
            read = [parse(line, CONTEXT) for line in (*sample.before, sample.line)]
            found += [event for event in read if event is not None]
    return found


@pytest.mark.parametrize("name", sorted(DEMAND.keys() - NOT_OURS.keys()))
def test_every_field_in_use_is_there(name, events):
    wanted = [None if word == "-" else word for word in name.split("/")]
    ours = [
        event
        for event in events
        if any(
            all(want in (None, have) for want, have in zip(wanted, triple(source), strict=True))
            for source in event.logsources
        )
    ]
    missing = [
        field
        for field in DEMAND[name]
        if field not in NOT_CARRIED.get(name, {})
        and all(value_at(event.fields, field) is None for event in ours)
    ]
    if name.startswith("windows/-/") and not ours:
        # Nothing of a Windows event is renamed: what counts is that its channel is known.
        assert name.rpartition("/")[2] in SERVICES.values()
    else:
        assert missing == [], name
