"""What a server itself refuses, whatever role asks by whatever program.

Rights tell who may write a table and policies under whose name. These triggers keep what they let
through honest: the audit grows by whole, linked entries of one's own; a head and a number only
count on; what a collector saw and what was signed stay as they are.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from socconsole.store.guards import FROZEN

_FACTS = (
    "uid", "fingerprint", "title", "summary", "rule_id", "rule_revision", "tags", "source_id",
    "category", "rule_severity", "count", "entities", "host", "username", "source_ip",
    "destination_ip", "event_time", "first_seen", "last_seen", "read_at", "created_at",
)  # fmt: skip
"""What an alert says of the events behind it: no verb of a person changes that."""

_REFUSED: Mapping[str, tuple[str, str, tuple[str, ...]]] = MappingProxyType(
    {
        "alert": (
            ", ".join(_FACTS),
            " OR ".join(f"OLD.{name}::text IS DISTINCT FROM NEW.{name}::text" for name in _FACTS),
            ("soc_collector", "soc_admin"),
        ),
        "alert_evidence": (
            ", ".join(f'"{name}"' for name in FROZEN["alert_evidence"][0]),
            "true",
            ("soc_admin",),
        ),
        "change_head": ("id, seq", "NEW.seq NOT IN (OLD.seq, OLD.seq + 1)", ()),
        "human_sequence": ("prefix, year, n", "NEW.n <> OLD.n + 1", ()),
    }
)
"""Table → columns, when their change is refused, and to which roles it is not."""

_OWNS = "pg_has_role(session_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'MEMBER')"
_FUNCTION = (
    "CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql"
    " SET search_path = pg_catalog, public, pg_temp AS $$ {body} $$"
)
_REFUSE = """
    RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
        MESSAGE = 'permission denied: this of ' || TG_TABLE_NAME || ' is not for people to change'
"""

_JUDGE = f"""
DECLARE role text;
BEGIN
    IF {_OWNS} THEN RETURN NEW; END IF;
    FOREACH role IN ARRAY coalesce(TG_ARGV, '{{}}') LOOP
        IF pg_has_role(session_user, role, 'MEMBER') THEN RETURN NEW; END IF;
    END LOOP;
    {_REFUSE};
END
"""

_SEAL = f"""
BEGIN
    IF {_OWNS} OR pg_has_role(session_user, 'soc_admin', 'MEMBER') OR (
        SELECT e.by = session_user AND e.verb = 'undo' FROM public.audit_entry e
        WHERE e.entity = TG_TABLE_NAME AND e.entity_id = NEW.id ORDER BY e.seq DESC LIMIT 1
    ) THEN RETURN NULL; END IF;
    {_REFUSE};
END
"""
"""At the commit: only an undo, which the audit shows, opens what was signed."""

_CHAIN = f"""
DECLARE linked bigint;
BEGIN
    IF {_OWNS} THEN RETURN NULL; END IF;
    SELECT count(*) INTO linked FROM (
        SELECT e.*, lag(e.hash, 1, OLD.audit_hash) OVER (ORDER BY e.seq) AS before,
            convert_to(concat_ws(E'\\x1f', e.by, e.verb, e.operation, e.entity, e.entity_uid),
                'UTF8') AS words
        FROM public.audit_entry e WHERE e.seq > OLD.audit_seq AND e.seq <= NEW.audit_seq
    ) e
    WHERE e.previous = e.before
    AND e.hash = sha256(e.previous || int8send(e.seq) || int8send(e.at) || int8send(e.action_id)
        || int8send(coalesce(e.entity_id, -1)) || substring(int4send(length(e.words)) FROM 3)
        || e.words || e.payload_hash)
    AND e.by = (SELECT a.by FROM public.action a WHERE a.id = e.action_id)
    AND EXISTS (SELECT 1 FROM public.audit_payload p WHERE p.seq = e.seq);
    IF linked = NEW.audit_seq - OLD.audit_seq AND NEW.audit_hash = coalesce(
        (SELECT e.hash FROM public.audit_entry e WHERE e.seq = NEW.audit_seq), OLD.audit_hash)
    THEN RETURN NULL; END IF;
    {_REFUSE};
END
"""
"""At the commit: all between the old head and the new one is there, links, and is one's own."""

_POLICIES: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        "audit_entry": (
            (
                "soc_below_head",
                (
                    "AS RESTRICTIVE FOR INSERT WITH CHECK (seq <= (SELECT max(h.audit_seq)"
                    " FROM change_head h))"
                ),
            ),
        ),
        "audit_payload": (
            ("soc_read", "FOR SELECT USING (true)"),
            (
                "soc_insert",
                (
                    "FOR INSERT WITH CHECK (sha256(salt || convert_to(body, 'UTF8')) = (SELECT"
                    " e.payload_hash FROM audit_entry e WHERE e.seq = audit_payload.seq))"
                ),
            ),
            ("soc_delete", "FOR DELETE USING (true)"),
        ),
        "audit_anchor": (
            ("soc_read", "FOR SELECT USING (true)"),
            (
                "soc_insert",
                (
                    "FOR INSERT WITH CHECK (seq = 0 OR hash = (SELECT e.hash FROM audit_entry e"
                    " WHERE e.seq = audit_anchor.seq))"
                ),
            ),
        ),
    }
)


def statements() -> Iterator[str]:
    """Yield what makes the guards; running it again changes nothing."""
    for name, body in (("soc_refuse", _JUDGE), ("soc_sealed", _SEAL), ("soc_linked", _CHAIN)):
        yield _FUNCTION.format(name=name, body=body)
    for table, (columns, when, roles) in _REFUSED.items():
        given = ", ".join(f"'{role}'" for role in roles)
        yield (
            f"CREATE OR REPLACE TRIGGER soc_refuse BEFORE UPDATE OF {columns} ON {table}"
            f" FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION soc_refuse({given})"
        )
    yield (
        "CREATE OR REPLACE TRIGGER soc_first BEFORE INSERT ON human_sequence"
        " FOR EACH ROW WHEN (NEW.n <> 1) EXECUTE FUNCTION soc_refuse()"
    )
    sealed, signed = FROZEN["handoff"]
    differs = " OR ".join(f"OLD.{each} IS DISTINCT FROM NEW.{each}" for each in sealed)
    yield from _at_commit("handoff", "soc_sealed", sealed, f"{signed} AND ({differs})")
    yield from _at_commit("change_head", "soc_linked", ("audit_seq", "audit_hash"), "true")
    for table, policies in _POLICIES.items():
        yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
        for name, rule in policies:
            yield f"DROP POLICY IF EXISTS {name} ON {table}"
            yield f"CREATE POLICY {name} ON {table} {rule}"


def _at_commit(table: str, name: str, columns: tuple[str, ...], when: str) -> Iterator[str]:
    yield f"DROP TRIGGER IF EXISTS {name} ON {table}"
    yield (
        f"CREATE CONSTRAINT TRIGGER {name} AFTER UPDATE OF {', '.join(columns)} ON {table}"
        f" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION {name}()"
    )
