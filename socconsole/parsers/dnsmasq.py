"""dnsmasq: queries, replies and leases."""

from socconsole.core.event import LogSource
from socconsole.parsers.parser import Sample
from socconsole.parsers.phrases import Program, Read, phrase

_SOURCES = (LogSource(category="dns"), LogSource(product="linux", service="dnsmasq"))
_SERIAL = r"(?:(?P<serial>\d+) (?P<client>[^\s/]+)/\d+ )?"

PROGRAM = Program(
    name="dnsmasq",
    title="dnsmasq",
    tags=("dnsmasq", "dnsmasq-dhcp", "pihole-ftl"),
    read=Read(
        "dnsmasq",
        _SOURCES,
        (
            phrase(
                _SERIAL + r"query\[(?P<record_type>[^\]]+)\] (?P<query>\S+) from (?P<source>\S+)$",
                "query",
            ),
            phrase(
                _SERIAL
                + r"(?P<kind>reply|cached(?:-stale)?|config|gravity blocked|/\S+) (?P<query>\S+) is (?P<answer>.*)$",
                "reply",
            ),
            phrase(_SERIAL + r"forwarded (?P<query>\S+) to (?P<destination_ip>\S+)$", "forward"),
            phrase(
                r"(?P<kind>DHCP(?:ACK|REQUEST|DISCOVER|OFFER|NAK|RELEASE))\((?P<interface>[^)]+)\) "
                r"(?:(?P<source>[\d.]+) )?(?P<mac>[\da-f:]{17})(?: (?P<client_name>\S+))?.*$",
                "lease",
            ),
        ),
        {"dns.question.name": "query"},
    ),
    samples=(
        Sample(
            line="Mar  1 04:12:09 gw-1 dnsmasq[611]: query[A] c2.example.net from 192.0.2.5",
            fields={"query": "c2.example.net", "record_type": "A"},
            names={"dns.question.name": "c2.example.net", "source.ip": "192.0.2.5"},
            logsources=(LogSource(category="dns"),),
        ),
        Sample(
            line="Mar  1 04:12:09 gw-1 dnsmasq[611]: reply c2.example.net is 203.0.113.9",
            fields={"answer": "203.0.113.9"},
        ),
        Sample(
            line="Mar  1 04:12:09 gw-1 dnsmasq-dhcp[611]: DHCPACK(eth0) 192.0.2.5 00:11:22:33:44:55 laptop",
            fields={"mac": "00:11:22:33:44:55", "client_name": "laptop"},
            names={"source.ip": "192.0.2.5"},
        ),
        Sample(
            line="Mar  1 04:12:09 ns-1 dnsmasq[9]: 77 2001:db8::7/50112 query[HTTPS] a.example from "
            "2001:db8::7",
            names={
                "event.action": "query",
                "host.name": "ns-1",
                "source.ip": "2001:db8::7",
                "dns.question.name": "a.example",
            },
            time="2026-03-01T04:12:09Z",
        ),
    ),
)
