"""Fields of the listed formats against what CrowdSec's own parsers find in the same lines."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from socconsole.core.event import ENVELOPE, Event, ReadContext
from socconsole.parsers import find, open_parser
from socconsole.parsers.timestamps import any_time
from tests.corpora.crowdsec import Line, read_cases
from tests.corpora.score import Score, written

FOLDER = Path(os.environ.get("SOCCONSOLE_CORPORA", "")) / "crowdsec-tests"
NOW = datetime(2026, 3, 2, tzinfo=UTC)
CONTEXT = ReadContext(reference=NOW)

FORMATS = {
    "crowdsecurity/auditd-logs": "auditd",
    "crowdsecurity/cef-logs": "cef",
    "crowdsecurity/cri-logs": "container",
    "crowdsecurity/docker-logs": "container",
    "crowdsecurity/dovecot-logs": "dovecot",
    "crowdsecurity/fortinet-logs": "logfmt",
    "crowdsecurity/haproxy-logs": "haproxy",
    "crowdsecurity/iis-logs": "windows_xml",
    "crowdsecurity/iptables-logs": "syslog",
    "crowdsecurity/nginx-logs": "nginx",
    "crowdsecurity/opnsense-gui-logs": "syslog",
    "crowdsecurity/pfsense-gui-logs": "syslog",
    "crowdsecurity/pkexec-logs": "syslog",
    "crowdsecurity/postfix-logs": "syslog",
    "crowdsecurity/sshd-logs": "syslog",
    "crowdsecurity/suricata-fastlogs": "suricata_fast",
    "crowdsecurity/unifi-cef": "cef",
    "crowdsecurity/unifi-logs": "syslog",
    "crowdsecurity/windows-eventlog": "windows_xml",
    "hitech95/nginx-mail-logs": "nginx",
    "mstilkerich/bind9": "bind",
}
"""CrowdSec's parser → ours."""

HEADERS = {"crowdsecurity/syslog-logs", "crowdsecurity/non-syslog", "overrides"}
"""What only takes off what is around the line; a line that goes on to any other parser is
of a format that is not ours to judge."""

TIMES = {
    "timestamp",
    "timestamp8601",
    "time_local",
    "accept_date",
    "time",
    "cri_timestamp",
    "suricata_timestamp",
}
"""Names that hold the whole time: compared as instants."""

LABELS = {
    "datasource_path",
    "datasource_type",
    "service",
    "log_type",
    "log_type_enh",
    "sub_type",
    "sub_log_type",
    "log_subtype",
    "subtype",
    "msg_type",
    "logsource",
    "auditd_eventid",
    "metric_name",
}
"""Where the file lay, and CrowdSec's own words for a kind of line: nothing the line holds."""

PIECES_OF_A_TIME = {
    "date",
    "haproxy_hour",
    "haproxy_milliseconds",
    "haproxy_minute",
    "haproxy_month",
    "haproxy_monthday",
    "haproxy_second",
    "haproxy_time",
    "haproxy_year",
    "ts_d",
    "ts_m",
    "ts_ms",
    "ts_t",
    "ts_y",
}
"""The time is compared as a whole."""

NOT_JUDGED = LABELS | PIECES_OF_A_TIME

NAMES: dict[str, tuple[str, ...]] = {
    "message": ("message", "msg", "cef_extension", "reason", "text", "raw"),
    "program": ("program", "deviceVendor", "format"),
    "machine": ("host.name",),
    "hostname": ("host.name",),
    "source_ip": ("source.ip",),
    "source_hostname": ("source_host",),
    "remote_host": ("source_host",),
    "remote_addr": ("source.ip",),
    "source_port": ("source.port",),
    "remote_port": ("source.port",),
    "src_ip": ("source.ip",),
    "src_port": ("source.port",),
    "dst_ip": ("destination.ip",),
    "dst_port": ("destination.port",),
    "dest_ip": ("destination.ip",),
    "dest_port": ("destination.port",),
    "destination_ip": ("destination.ip",),
    "destination_port": ("destination.port",),
    "client_ip": ("source.ip",),
    "client_port": ("source.port",),
    "target_user": ("user.name",),
    "username": ("user.name",),
    "user": ("user.name",),
    "remote_user": ("user.name",),
    "sshd_invalid_user": ("user.name",),
    "sshd_client_ip": ("source.ip",),
    "syslog_priority": ("priority",),
    "syslog_version": ("version",),
    "seq_id": ("structured_data.meta.sequenceId",),
    # Web
    "verb": ("cs-method",),
    "http_verb": ("cs-method",),
    "request": ("cs-uri", "request"),
    "http_path": ("cs-uri", "cs-uri-stem", "request"),
    "http_request": ("cs-uri",),
    "http_args": ("cs-uri-query",),
    "http_version": ("cs-version",),
    "http_status": ("sc-status",),
    "http_status_code": ("sc-status",),
    "status": ("sc-status",),
    "body_bytes_sent": ("sc-bytes",),
    "bytes_sent": ("cs-bytes",),
    "bytes_read": ("sc-bytes",),
    "http_user_agent": ("cs-user-agent",),
    "http_referer": ("cs-referer",),
    "request_time": ("time-taken",),
    "target_fqdn": ("cs-host", "s-sitename", "host"),
    "loglevel": ("level",),
    "cid": ("connection",),
    "auth_result": ("auth_result", "outcome"),
    "proxy_ip": ("upstream_ip",),
    "proxy_port": ("upstream_port",),
    "upstream_cache_status": ("cache",),
    # Audit
    "event_inc_id": ("serial",),
    # CEF
    "cef_device_vendor": ("deviceVendor",),
    "cef_device_product": ("deviceProduct",),
    "cef_device_version": ("deviceVersion",),
    "cef_signature_id": ("deviceEventClassId",),
    "cef_event_name": ("name",),
    "cef_severity": ("severity",),
    "vendor": ("deviceVendor",),
    "product": ("deviceProduct",),
    "device_version": ("deviceVersion",),
    "event_signature_id": ("deviceEventClassId",),
    "event_severity": ("severity",),
    "access_method": ("UNIFIaccessMethod",),
    "admin_user": ("UNIFIadmin",),
    "category": ("UNIFIcategory",),
    "subcategory": ("UNIFIsubCategory",),
    "host": ("UNIFIhost",),
    "device_firmware_version": ("UNIFIdeviceVersion",),
    "device_ip": ("UNIFIdeviceIp",),
    "device_mac": ("UNIFIdeviceMac",),
    "device_model": ("UNIFIdeviceModel",),
    "device_name": ("UNIFIdeviceName",),
    "ips_session_id": ("UNIFIipsSessionId",),
    "ips_signature": ("UNIFIipsSignature",),
    "ips_signature_id": ("UNIFIipsSignatureId",),
    "protocol": ("network.transport", "protocol"),
    "risk_level": ("UNIFIrisk",),
    # Containers
    "logtag": ("container_tag",),
    "stream": ("container_stream",),
    # Mail
    "dovecot_login_message": ("text",),
    "dovecot_login_result": ("outcome",),
    "dovecot_remote_ip": ("source.ip",),
    "dovecot_local_ip": ("destination.ip",),
    "dovecot_user": ("user.name",),
    "dovecot_user_backend": ("backend",),
    "auth_func": ("function",),
    "command": ("command", "command_line"),
    "action": ("action", "verdict"),
    "reason": ("reason",),
    "smtp_basic_status_code": ("smtp_code",),
    "smtp_return_codes": ("smtp_reply",),
    "message_failure": ("reason",),
    "smtp_enhanced_status_code": ("enhanced_code",),
    "kvItems": ("pairs",),
    "helo": ("helo",),
    # Packets
    "int_eth": ("IN",),
    "length": ("PAYLOAD_LEN", "LEN"),
    "proto": ("network.transport",),
    # Windows
    "Source": ("Provider_Name",),
    "UserSID": ("SecurityUserID", "TargetUserSid"),
    # Suricata
    "suricata_priority": ("priority",),
    "suricata_rule_severity": ("priority",),
    "suricata_alert_signature": ("signature",),
    "suricata_alert_signature_id": ("sid",),
    "suricata_alert_signature_rev": ("rev",),
    "suricata_classification": ("classification",),
    "suricata_gid": ("gid",),
    "rule_id": ("rule_id", "sid"),
    "application": ("app",),
    "device_interface": ("deviceInboundInterface",),
    "direction": ("UNIFIdirection",),
    "policy_name": ("UNIFIpolicyName",),
    "policy_type": ("UNIFIpolicyType",),
    "source_region": ("UNIFIsrcRegion",),
    "source_zone": ("UNIFIsrcZone",),
    "destination_zone": ("UNIFIdstZone",),
    "destination_client_alias": ("UNIFIdstClientAlias",),
    "destination_client_mac": ("UNIFIdstClientMac",),
    # FortiGate
    "tunnel_type": ("tunneltype",),
}
"""CrowdSec's name → where the value stands in our event; a name that is missing is the same."""

SAME_VALUE = {
    ("dovecot_login_result", "auth_failed"): "failure",
    ("auth_result", "failed"): "failure",
}
"""A label of CrowdSec's and the word we have for the same thing."""

EMPTY = ("", "-", "(null)")
"""Ways to say that there is no value; we leave such fields out."""


def holds(event: Event | None, name: str, value: str) -> bool:
    """Whether `event` has `value` under one of the names that stand for `name`."""
    if event is None:
        return False
    if name in TIMES:
        found = any_time(value, CONTEXT)
        if value in (value_at(event, "accept_date"), value_at(event, "container_time")):
            return True
        return found is None or (event.time is not None and found[0] == event.time)
    wanted = {value, value.strip(), SAME_VALUE.get((name, value), value)}
    if name == "http_version":
        wanted.add(f"HTTP/{value}")
    values = [value_at(event, path) for path in NAMES.get(name, (name,))]
    return any(found in wanted for found in values) or (
        value in EMPTY and set(values) <= {"None", ""}
    )


def value_at(event: Event, path: str) -> str:
    if path in ("raw", "format"):
        return str(getattr(event, path))
    named = path in ENVELOPE and path != "message"
    return str(event.named(path) if named else event.get(path))


def judged(line: Line) -> list[tuple[tuple[str, str], str]]:
    """Return the distinct names and values that parsers of listed formats assert, each with one."""
    parsers = {item.parser for item in line.assertions}
    if not parsers <= {*FORMATS, *HEADERS}:
        return []
    unique = {
        (item.name, item.value): item.parser
        for item in line.assertions
        if item.parser in FORMATS
        and item.name not in NOT_JUDGED
        # For a log that names no program, the word is CrowdSec's setting.
        and (item.name != "program" or item.value in line.text)
    }
    return sorted(unique.items())


def parse_with(name: str, text: str) -> Event | None:
    """Read a line; nginx's two logs stand in one file there."""
    names = ("web_access", "nginx_error") if name == "nginx" else (name,)
    events = (open_parser(find(one))(text, CONTEXT) for one in (*names, "syslog"))
    return next((event for event in events if event is not None), None)


def measure() -> Score:
    """Return what of CrowdSec's assertions holds, by its parser."""
    score = Score("CrowdSec's fields")
    for line in read_cases(FOLDER):
        pairs = judged(line)
        if not pairs:
            continue
        first = next(item.parser for item in line.assertions if item.parser in FORMATS)
        event = parse_with(FORMATS[first], line.text)
        for (name, value), parser in pairs:
            score.count(parser, f"{name}={value[:60]}", holds(event, name, value))
    return score


@pytest.mark.skipif(not FOLDER.is_dir(), reason="SOCCONSOLE_CORPORA has no crowdsec-tests")
def test_of_every_format_at_least_97_percent_of_crowdsecs_assertions_hold(capsys):
    score = measure()
    with capsys.disabled():
        print("", *score.report(), sep="\n")
    assert score.below_floor() == []
    assert set(score.total) == set(FORMATS)
    assert set(score.rows()) <= set(written().splitlines())
