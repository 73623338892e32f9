"""Columns that say who did something to a row: on a server nobody puts another's name there.

Row-level security judges the new row alone, so it cannot tell a name that has stood there from one
that was just forged. A trigger can. A name that is not one's own may come back by an undo: where
the audit has an entry, signed by that person, that wrote it into this very row.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

STAMPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "alert": ("acknowledged_by", "escalated_by", "closed_by", "shelved_by"),
        "asset": ("created_by",),
        "countermeasure": (
            "proposed_by", "approved_by", "activated_by", "verified_by", "removed_by",
        ),
        "handoff": ("signed_by", "accepted_by"),
        "handoff_item": ("decided_by",),
        "incident": ("closed_by", "reviewed_by"),
        "incident_phase": ("entered_by",),
        "incident_role": ("assigned_by",),
        "legal_hold": ("released_by",),
        "observable": ("created_by",),
        "observable_link": ("confirmed_by",),
        "service": ("created_by",),
        "suppression": ("approved_by", "ended_by"),
        "task": ("finished_by",),
        "ticket": ("resolved_by", "closed_by"),
        "ticket_alert": ("added_by",),
        "ticket_link": ("added_by",),
        "timeline_entry": ("recorded_by",),
        "view": ("owner",),
    }
)  # fmt: skip
_CARRIED_OVER = frozenset({"observable_link"})
"""Merging two incidents copies these, with what each of them says."""

_JUDGE = """
CREATE OR REPLACE FUNCTION soc_own_name() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE stamp text; said text; stood text;
BEGIN
    IF pg_has_role(session_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'MEMBER')
    THEN RETURN NEW; END IF;
    FOREACH stamp IN ARRAY TG_ARGV LOOP
        said := to_jsonb(NEW) ->> stamp;
        stood := CASE WHEN TG_OP = 'UPDATE' THEN to_jsonb(OLD) ->> stamp END;
        CONTINUE WHEN coalesce(said, '') IN ('', session_user) OR said = stood;
        CONTINUE WHEN said = '{machine}' AND pg_has_role(session_user, 'soc_collector', 'MEMBER');
        IF NOT EXISTS (
            SELECT 1 FROM public.audit_entry e JOIN public.audit_payload p ON p.seq = e.seq
            WHERE e.entity = TG_TABLE_NAME AND e.entity_id = (to_jsonb(NEW) ->> 'id')::bigint
            AND e.by = said AND (p.body::jsonb -> 'after') ->> stamp = said
        ) THEN
            RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
                MESSAGE = 'permission denied: ' || stamp || ' would name another login';
        END IF;
    END LOOP;
    RETURN NEW;
END $$
"""


def statements(machine: str) -> Iterator[str]:
    """Yield what makes the triggers; running it again changes nothing.

    Args:
        machine: What collectors sign with, whatever their login.

    """
    yield _JUDGE.replace("{machine}", machine)
    for table, columns in STAMPS.items():
        listed = ", ".join(f'"{name}"' for name in columns)
        foreign = " OR ".join(f'NEW."{name}" <> session_user' for name in columns)
        given = ", ".join(f"'{name}'" for name in columns)
        insert = "" if table in _CARRIED_OVER else "INSERT OR "
        yield (
            f'CREATE OR REPLACE TRIGGER soc_own_name BEFORE {insert}UPDATE OF {listed} ON "{table}"'
            f" FOR EACH ROW WHEN ({foreign}) EXECUTE FUNCTION soc_own_name({given})"
        )
