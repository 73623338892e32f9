"""Which rules a command means: those it is given, else the shipped and the configured ones."""

import gc
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import socconsole.content

if TYPE_CHECKING:
    from socconsole.core.policy import RulesPolicy
    from socconsole.sigma.rules import RuleSet

SHIPPED = Path(socconsole.content.__file__).parent / "rules"


def load(
    policy: "RulesPolicy", paths: Sequence[str] = (), *, before: "RuleSet | None" = None
) -> "RuleSet":
    """Return the rules at `paths`; without any, the shipped and the configured ones.

    What of `before`, the rules in use, has gone bad since runs on as it was.
    """
    from socconsole.sigma.rules import load_rules

    return load_rules(
        chosen(policy, paths),
        disabled=() if paths else policy.disable,
        placeholders=policy.placeholders,
        cache=cache_folder(),
        before=before,
    )


def settle() -> None:
    """Spare the rules every sweep of the garbage collector, and have it sweep less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def chosen(policy: "RulesPolicy", paths: Sequence[str] = ()) -> list[Path]:
    """Return the files and folders to load."""
    from socconsole.sigma.rule_files import at_home

    if paths:
        return [at_home(path) for path in paths]
    shipped = [SHIPPED] if policy.shipped else []
    return [*shipped, *(at_home(path) for path in policy.paths)]


def cache_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the user's folder for what can be computed again."""
    base = environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME", "/")) / ".cache"
    return Path(base) / "socconsole"
