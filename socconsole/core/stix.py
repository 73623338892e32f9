"""STIX 2.1 objects of an incident and its indicators.

Source: OASIS, STIX Version 2.1; TLP 2.0 marking definitions of the OASIS common objects.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from socconsole.core.observable import ObservableKind
from socconsole.core.tlp import Pap, Tlp

_NAMESPACE = uuid.UUID("6f7e9cc2-5f0b-5e4e-9d0a-1d0e5c7a4b11")
"""Ours: the same incident exported twice has the same ids."""

_TLP_EXTENSION = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
_TLP_IDS: Mapping[Tlp, str] = MappingProxyType(
    {
        Tlp.CLEAR: "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
        Tlp.GREEN: "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
        Tlp.AMBER: "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
        Tlp.AMBER_STRICT: "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
        Tlp.RED: "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
    }
)

_PATHS: Mapping[ObservableKind, str] = MappingProxyType(
    {
        ObservableKind.DOMAIN: "domain-name:value",
        ObservableKind.URL: "url:value",
        ObservableKind.EMAIL: "email-addr:value",
        ObservableKind.MD5: "file:hashes.MD5",
        ObservableKind.SHA1: "file:hashes.'SHA-1'",
        ObservableKind.SHA256: "file:hashes.'SHA-256'",
        ObservableKind.USER: "user-account:account_login",
        ObservableKind.HOST: "domain-name:value",
        ObservableKind.PATH: "file:name",
    }
)


@dataclass(frozen=True, slots=True)
class StixIndicator:
    """A value known bad."""

    kind: ObservableKind
    value: str
    valid_from: datetime
    valid_until: datetime | None
    tlp: Tlp
    origin: str = ""


@dataclass(frozen=True, slots=True)
class StixIncident:
    """What STIX is told of an incident."""

    ref: str
    title: str
    description: str
    declared_at: datetime
    modified_at: datetime
    tlp: Tlp
    pap: Pap
    """STIX has no mark for it: it stands as a label on every object."""
    organisation: str
    indicators: Sequence[StixIndicator]


def bundle(incident: StixIncident) -> dict[str, object]:
    """Return a bundle with the incident, its indicators and the marks they carry."""
    identity = _identity(incident)
    record = _object(
        "incident",
        incident.ref,
        incident.declared_at,
        incident.modified_at,
        name=f"{incident.ref} {incident.title}",
        description=incident.description,
        created_by_ref=identity["id"],
        labels=[incident.pap.label],
        object_marking_refs=[_TLP_IDS[incident.tlp]],
    )
    indicators = [
        _indicator(indicator, identity["id"], incident)
        for indicator in incident.indicators
        if pattern(indicator.kind, indicator.value) is not None
    ]
    indicators += [
        _vulnerability(indicator, identity["id"], incident)
        for indicator in incident.indicators
        if indicator.kind is ObservableKind.CVE
    ]
    links = [
        _object(
            "relationship",
            f"{incident.ref} {indicator['id']}",
            incident.declared_at,
            incident.modified_at,
            relationship_type="related-to",
            source_ref=indicator["id"],
            target_ref=record["id"],
            created_by_ref=identity["id"],
            object_marking_refs=indicator["object_marking_refs"],
        )
        for indicator in indicators
    ]
    marks = _marks((incident.tlp, *(indicator.tlp for indicator in incident.indicators)))
    objects = [*marks, identity, record, *indicators, *links]
    return {"type": "bundle", "id": f"bundle--{_uuid('bundle', incident.ref)}", "objects": objects}


def pattern(kind: ObservableKind, value: str) -> str | None:
    """Return the STIX pattern of a value, or None for a kind STIX has no object for."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    if kind in {ObservableKind.IP, ObservableKind.CIDR}:
        family = "ipv6-addr" if ":" in value else "ipv4-addr"
        return f"[{family}:value = '{escaped}']"
    if kind is ObservableKind.PATH:
        folder, slash, name = escaped.rpartition("/")
        if slash:
            parent = f" AND file:parent_directory_ref.path = '{folder or '/'}'"
            return f"[file:name = '{name}'{parent}]"
    path = _PATHS.get(kind)
    return None if path is None else f"[{path} = '{escaped}']"


def _identity(incident: StixIncident) -> dict[str, object]:
    return _object(
        "identity",
        incident.organisation,
        incident.declared_at,
        incident.declared_at,
        name=incident.organisation,
        identity_class="organization",
    )


def _indicator(
    indicator: StixIndicator, creator: object, incident: StixIncident
) -> dict[str, object]:
    more: dict[str, object] = {}
    if indicator.valid_until is not None and indicator.valid_until > indicator.valid_from:
        more["valid_until"] = _time(indicator.valid_until)
    if indicator.origin:
        more["description"] = indicator.origin
    return _object(
        "indicator",
        f"{indicator.kind} {indicator.value}",
        incident.declared_at,
        incident.modified_at,
        name=indicator.value,
        indicator_types=["malicious-activity"],
        pattern=pattern(indicator.kind, indicator.value),
        pattern_type="stix",
        valid_from=_time(indicator.valid_from),
        created_by_ref=creator,
        labels=[incident.pap.label],
        object_marking_refs=[_TLP_IDS[indicator.tlp]],
        **more,
    )


def _vulnerability(
    indicator: StixIndicator, creator: object, incident: StixIncident
) -> dict[str, object]:
    return _object(
        "vulnerability",
        f"{indicator.kind} {indicator.value}",
        incident.declared_at,
        incident.modified_at,
        name=indicator.value,
        external_references=[{"source_name": "cve", "external_id": indicator.value}],
        created_by_ref=creator,
        labels=[incident.pap.label],
        object_marking_refs=[_TLP_IDS[indicator.tlp]],
    )


def _marks(marks: Iterable[Tlp]) -> list[dict[str, object]]:
    return [
        {
            "type": "marking-definition",
            "spec_version": "2.1",
            "id": _TLP_IDS[mark],
            "created": "2022-10-01T00:00:00.000Z",
            "name": mark.label,
            "extensions": {
                _TLP_EXTENSION: {
                    "extension_type": "property-extension",
                    "tlp_2_0": mark.value.lower(),
                }
            },
        }
        for mark in Tlp
        if mark in set(marks)
    ]


def _object(
    kind: str, key: str, created: datetime, modified: datetime, **properties: object
) -> dict[str, object]:
    return {
        "type": kind,
        "spec_version": "2.1",
        "id": f"{kind}--{_uuid(kind, key)}",
        "created": _time(created),
        "modified": _time(max(created, modified)),
        **properties,
    }


def _uuid(kind: str, key: str) -> uuid.UUID:
    return uuid.uuid5(_NAMESPACE, f"{kind}:{key}")


def _time(moment: datetime) -> str:
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
