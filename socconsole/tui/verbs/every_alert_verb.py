"""Every verb an alert takes, with its key: what the queue and the alert's own screen offer."""

from collections.abc import Mapping
from types import MappingProxyType

from textual.binding import Binding

from socconsole.tui.verbs import alert_verbs, case_verbs, find_verbs, hand_out, quiet_verbs
from socconsole.tui.verbs.alert_verbs import Verb

BINDINGS: tuple[Binding, ...] = (
    *alert_verbs.BINDINGS,
    *case_verbs.BINDINGS,
    *hand_out.BINDINGS,
    *quiet_verbs.BINDINGS,
    *find_verbs.BINDINGS,
)
VERBS: Mapping[str, Verb] = MappingProxyType(
    {
        **alert_verbs.VERBS,
        **case_verbs.VERBS,
        **hand_out.VERBS,
        **quiet_verbs.VERBS,
        **find_verbs.VERBS,
    }
)
"""The name in a binding's action → the verb."""
