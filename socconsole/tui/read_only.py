"""Which keys change something: a read-only console refuses them before it asks anything."""

from socconsole.tui.reading.store_access import RIGHTS_GONE

_LOOKING_VERBS = frozenset({"copy", "copy_part", "bookmark", "hunt", "pipe"})
"""The verbs that leave everything as it is."""
CHANGES = frozenset(
    (
        *("accept", "add_source", "amend", "attach_file", "declare", "end", "export", "extend"),
        *("incident", "line", "refuse", "same", "sign", "ticket", "undo", "undo_this"),
        *("work_next", "write"),
    )
)
"""The other actions that change something."""
_REFUSAL = "This console is read-only; start it without --read-only to change things."


def refusal(*, asked_for: bool) -> str:
    """Return what is said to a key that changes something; `asked_for`: by --read-only."""
    return _REFUSAL if asked_for else RIGHTS_GONE


def is_change(action: str) -> bool:
    """Return whether an action, as a binding names it, changes something in the store."""
    name, _, arguments = action.partition("(")
    name = name.rpartition(".")[2]
    if name == "verb":
        return arguments.strip("')\" ") not in _LOOKING_VERBS
    return name in CHANGES
