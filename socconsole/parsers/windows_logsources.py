"""Which of Sigma's log sources a Windows event belongs to.

Source: https://github.com/SigmaHQ/sigma-specification/blob/main/appendix/sigma-appendix-taxonomy.md
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType

from socconsole.core.event import LogSource

SERVICES: Mapping[str, str] = MappingProxyType(
    {
        "application": "application",
        "security": "security",
        "system": "system",
        "microsoft-windows-sysmon/operational": "sysmon",
        "microsoft-windows-powershell/operational": "powershell",
        "powershellcore/operational": "powershell",
        "windows powershell": "powershell-classic",
        "microsoft-windows-taskscheduler/operational": "taskscheduler",
        "microsoft-windows-wmi-activity/operational": "wmi",
        "dns server": "dns-server",
        "microsoft-windows-dns-server/audit": "dns-server-audit",
        "microsoft-windows-dnsserver/audit": "dns-server-audit",
        "microsoft-windows-dns-server/analytical": "dns-server-analytic",
        "microsoft-windows-dnsserver/analytical": "dns-server-analytic",
        "microsoft-windows-dns client events/operational": "dns-client",
        "microsoft-windows-driverframeworks-usermode/operational": "driver-framework",
        "microsoft-windows-ntlm/operational": "ntlm",
        "microsoft-windows-dhcp-server/operational": "dhcp",
        "msexchange management": "msexchange-management",
        "microsoft-windows-printservice/admin": "printservice-admin",
        "microsoft-windows-printservice/operational": "printservice-operational",
        "microsoft-windows-terminalservices-localsessionmanager/operational": (
            "terminalservices-localsessionmanager"
        ),
        "microsoft-windows-windows defender/operational": "windefend",
        "microsoft-windows-smbclient/security": "smbclient-security",
        "microsoft-windows-smbclient/connectivity": "smbclient-connectivity",
        "microsoft-windows-smbserver/connectivity": "smbserver-connectivity",
        "microsoft-windows-windows firewall with advanced security/firewall": "firewall-as",
        "microsoft-windows-bits-client/operational": "bits-client",
        "microsoft-windows-ldap-client/debug": "ldap",
        "microsoft-windows-codeintegrity/operational": "codeintegrity-operational",
        "microsoft-windows-applocker/msi and script": "applocker",
        "microsoft-windows-applocker/exe and dll": "applocker",
        "microsoft-windows-applocker/packaged app-deployment": "applocker",
        "microsoft-windows-applocker/packaged app-execution": "applocker",
        "microsoft-windows-appmodel-runtime/admin": "appmodel-runtime",
        "microsoft-windows-appxdeploymentserver/operational": "appxdeployment-server",
        "microsoft-windows-appxpackaging/operational": "appxpackaging-om",
        "microsoft-windows-lsa/operational": "lsa-server",
        "microsoft-windows-security-mitigations/kernel mode": "security-mitigations",
        "microsoft-windows-security-mitigations/user mode": "security-mitigations",
        "microsoft-windows-shell-core/operational": "shell-core",
        "openssh/operational": "openssh",
        "microsoft-windows-diagnosis-scripted/operational": "diagnosis-scripted",
        "microsoft-windows-capi2/operational": "capi2",
        "microsoft-windows-certificateservicesclient-lifecycle-system/operational": (
            "certificateservicesclient-lifecycle-system"
        ),
        "microsoft-iis-configuration/operational": "iis-configuration",
        "microsoft-servicebus-client": "microsoft-servicebus-client",
        "microsoft-servicebus-client/operational": "microsoft-servicebus-client",
        "microsoft-servicebus-client/admin": "microsoft-servicebus-client",
        "microsoft-windows-sense/operational": "sense",
        "microsoft-windows-kernel-shimengine/operational": "kernel-shimengine",
        "microsoft-windows-kernel-eventtracing/admin": "kernel-event-tracing",
        "microsoft-windows-vhdmp-operational": "vhdmp",
        "microsoft-windows-vhdmp/operational": "vhdmp",
        "microsoft-windows-hyper-v-worker": "hyper-v-worker",
    }
)

_SYSMON: Mapping[int, tuple[str, ...]] = MappingProxyType(
    {
        1: ("process_creation",),
        2: ("file_change",),
        3: ("network_connection",),
        4: ("sysmon_status",),
        5: ("process_termination",),
        6: ("driver_load",),
        7: ("image_load",),
        8: ("create_remote_thread",),
        9: ("raw_access_thread",),
        10: ("process_access",),
        11: ("file_event",),
        12: ("registry_event", "registry_add", "registry_delete"),
        13: ("registry_event", "registry_set"),
        14: ("registry_event", "registry_rename"),
        15: ("create_stream_hash",),
        16: ("sysmon_status",),
        17: ("pipe_created",),
        18: ("pipe_created",),
        19: ("wmi_event",),
        20: ("wmi_event",),
        21: ("wmi_event",),
        22: ("dns_query",),
        23: ("file_delete",),
        24: ("clipboard_capture",),
        25: ("process_tampering",),
        26: ("file_delete",),
        27: ("file_block_executable", "file_block"),
        28: ("file_block_shredding",),
        29: ("file_executable_detected",),
        255: ("sysmon_error",),
    }
)

_POWERSHELL: Mapping[tuple[str, int], str] = MappingProxyType(
    {
        ("powershell", 4103): "ps_module",
        ("powershell", 4104): "ps_script",
        ("powershell-classic", 400): "ps_classic_start",
        ("powershell-classic", 600): "ps_classic_provider_start",
        ("powershell-classic", 800): "ps_classic_script",
    }
)


@lru_cache(4096)
def logsources_of(
    channel: str, event_id: int | None, event_type: str = ""
) -> tuple[LogSource, ...]:
    """Return every log source of an event; `event_type` is Sysmon's, for registry events."""
    channel = channel.lower()
    if channel == "linux-sysmon/operational":
        return _sysmon("linux", event_id, event_type)
    service = SERVICES.get(channel)
    if service == "sysmon":
        return _sysmon("windows", event_id, event_type)
    found = [LogSource(product="windows", service=service)]
    if service is not None and event_id is not None:
        if service == "windefend" and event_id in (1116, 1117):
            found.append(LogSource(category="antivirus"))
        if service == "security" and event_id == 4688:
            found.append(LogSource(product="windows", category="process_creation"))
        if (category := _POWERSHELL.get((service, event_id))) is not None:
            found.append(LogSource(product="windows", category=category))
    return tuple(found)


def _sysmon(product: str, event_id: int | None, event_type: str) -> tuple[LogSource, ...]:
    categories = _SYSMON.get(event_id or 0, ())
    if event_id == 12:
        # Only one of the two, when the event says which.
        unwanted = {
            "CreateKey": "registry_delete",
            "DeleteKey": "registry_add",
            "DeleteValue": "registry_add",
        }
        categories = tuple(name for name in categories if name != unwanted.get(event_type))
    return (
        LogSource(product=product, service="sysmon"),
        *(LogSource(product=product, category=category) for category in categories),
    )


def usual_logsources() -> tuple[tuple[LogSource, ...], ...]:
    """Return the log sources of every kind of event that is known by channel and number."""
    found = [_sysmon("linux", number, "") for number in _SYSMON]
    for channel, service in SERVICES.items():
        numbers: Iterable[int | None] = (None, 4688, 1116)
        if service == "sysmon":
            numbers = _SYSMON
        elif service.startswith("powershell"):
            numbers = (None, *(number for known, number in _POWERSHELL if known == service))
        found += [logsources_of(channel, number) for number in numbers]
        if service == "sysmon":
            found += [logsources_of(channel, 12, kind) for kind in ("CreateKey", "DeleteKey")]
    return tuple(dict.fromkeys(found))
