"""Rule files → a rule set. A bad file is an error in the set; it never takes a good rule down."""

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from difflib import get_close_matches
from itertools import islice
from operator import attrgetter
from pathlib import Path

import msgspec

from socconsole.core.detection import Rule
from socconsole.errors import RuleError
from socconsole.sigma.cache import RuleCache
from socconsole.sigma.definition import SKIPPED_STATUS, Definition
from socconsole.sigma.last_good import (
    RuleFiles,
    definitions_of,
    file_of,
    told,
    with_earlier,
    with_last_good,
)
from socconsole.sigma.plan import make_plan
from socconsole.sigma.related import add_former_names, replaced
from socconsole.sigma.rule_files import at_home, every_file
from socconsole.sigma.tree import AllOf

NO_PLACEHOLDERS: Mapping[str, Sequence[str]] = {}
MAX_CHAIN = 10
"""Correlations of correlations, one upon the other."""


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules that can fire, and why the others cannot."""

    rules: tuple[Rule, ...]
    errors: tuple[RuleError, ...] = ()
    """One for every refused rule or file, with its place."""
    warnings: tuple[RuleError, ...] = ()
    """Rules that are loaded and may not mean what their author thinks."""
    skipped: tuple[tuple[Rule, str], ...] = ()
    """Rules left out on purpose, with the reason."""
    definitions: tuple[Definition, ...] = ()
    """What the matcher works on, in the order of `rules`, filters applied."""
    quiet: frozenset[str] = frozenset()
    """Ids of rules that only feed correlations."""
    names: Mapping[str, str] = field(default_factory=dict)
    """What a rule may be called by → its id; what it was called before it was renamed, too."""
    cache: Path | None = None
    """Where what is compiled for them later is kept too."""
    files: RuleFiles = field(default_factory=dict)
    """What each file defines, filters apart, with what runs on though its file is bad."""


def load_rules(
    paths: Iterable[Path | str],
    *,
    disabled: Iterable[str] = (),
    placeholders: Mapping[str, Sequence[str]] = NO_PLACEHOLDERS,
    cache: Path | None = None,
    before: RuleSet | None = None,
) -> RuleSet:
    """Read every rule file at `paths` (files, or folders with all below them).

    Never raises for a bad rule: see `RuleSet.errors`. What of `before` has gone bad since runs on
    as it was.

    Args:
        paths: Rule files and folders.
        disabled: Ids or names of rules to leave out.
        placeholders: Name → values for `expand`; a rule with another name is refused.
        cache: Folder where read rules are kept by the digest of their text; None: nowhere.
        before: The rules in use until now.

    """
    with _no_sweeps():
        found, errors = _read(paths, placeholders, cache)
        made = _settled(found, errors, frozenset(disabled), before.files if before else {})
    idle = _idle_names(disabled, definitions_of(made.files))
    return replace(made, cache=cache, warnings=(*made.warnings, *idle))


def _settled(
    found: Mapping[str, tuple[Definition, ...]],
    errors: list[RuleError],
    disabled: frozenset[str],
    before: RuleFiles,
) -> RuleSet:
    """Return the rule set of what was read, with what runs on though its file has gone bad."""
    now = datetime.now(UTC)
    files = with_last_good(found, errors, before, now)
    made = assemble(definitions_of(files), errors, disabled=disabled)
    flaws = made.errors[len(errors) :]
    settled = with_earlier(files, made.names, _refused_of(made, flaws), before, now)
    changed = {name for name in files if settled[name] is not files[name]}
    if changed:
        errors += [flaw for flaw in flaws if file_of(flaw.where) in changed]
        made = assemble(definitions_of(settled), errors, disabled=disabled)
    return replace(made, errors=tuple(told(made.errors, settled)), files=settled)


def _refused_of(made: RuleSet, flaws: Iterable[RuleError]) -> Callable[[Definition], bool]:
    """Return whether a definition was refused, or refers in part to what is not there."""
    there = {rule.id for rule in (*made.rules, *(rule for rule, _ in made.skipped))}
    places = {flaw.where for flaw in flaws}

    def refused(definition: Definition) -> bool:
        if definition.kind == "filter":
            file = file_of(definition.rule.path)
            return any(file + place in places for place in definition.refers_at)
        return definition.window is not None and definition.rule.id not in there

    return refused


@contextmanager
def _no_sweeps() -> Iterator[None]:
    """Keep the garbage collector from walking the rules while they are made: it finds nothing."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _read(
    paths: Iterable[Path | str], placeholders: Mapping[str, Sequence[str]], cache: Path | None
) -> tuple[dict[str, tuple[Definition, ...]], list[RuleError]]:
    """Return what each file defines, and what is wrong with them."""
    chosen = [at_home(path) for path in paths]
    store = RuleCache(cache, chosen, placeholders)
    read: dict[str, tuple[Definition, ...]] = {}
    errors: list[RuleError] = []
    for file in every_file(chosen, errors):
        name = str(file)
        try:
            data = file.read_bytes()
        except OSError as error:
            what = f"The file cannot be read: {error.strerror}."
            errors.append(RuleError(what, where=name))
            read |= {} if isinstance(error, FileNotFoundError) else {name: ()}
            continue
        found = store.read(name, data)
        read[name] = tuple([_placed(definition, name) for definition in found.definitions])
        errors += [RuleError(what, hint=hint, where=name + at) for at, what, hint in found.errors]
    store.save()
    return read, errors


def _idle_names(disabled: Iterable[str], definitions: Iterable[Definition]) -> list[RuleError]:
    """Return a warning for every name in `rules.disable` that disables nothing."""
    called = {name for each in definitions for name in (each.rule.id, each.name)}
    called |= {other for each in definitions for kind, other in each.related if kind == "renamed"}
    return [
        RuleError(f"rules.disable names {name!r}, and no rule is called so.", hint="Correct it.")
        for name in disabled
        if name not in called
    ]


_facts_of = attrgetter(*(each.name for each in fields(Rule)))
_PATH = [each.name for each in fields(Rule)].index("path")


def _placed(definition: Definition, path: str) -> Definition:
    # `dataclasses.replace` takes a third of the time that all rules take from the cache.
    facts = list(_facts_of(definition.rule))
    facts[_PATH] = path + facts[_PATH]
    return msgspec.structs.replace(definition, rule=Rule(*facts))


def assemble(
    definitions: Sequence[Definition],
    errors: Sequence[RuleError] = (),
    *,
    disabled: frozenset[str] = frozenset(),
) -> RuleSet:
    """Join what the files define: filters applied, references resolved, doubles refused."""
    problems = list(errors)
    kept: dict[str, Definition] = {}
    filters: list[Definition] = []
    skipped: list[tuple[Rule, str]] = []
    enabled = [each for each in definitions if not _reason_to_skip(each, disabled)]
    newer = replaced(enabled)
    for definition in definitions:
        reason = _reason_to_skip(definition, disabled)
        by = newer.get(definition.rule.id)
        if not reason and by is not None:
            reason = f"obsolete: {by.title!r} replaces it"
        if reason:
            skipped.append((definition.rule, reason))
        elif definition.kind == "filter":
            filters.append(definition)
        elif definition.rule.id in kept:
            first = kept[definition.rule.id].rule.path
            what = f"The id {definition.rule.id} is already used at {first}."
            problems.append(RuleError(what, where=definition.rule.path, hint="Give it its own."))
        else:
            kept[definition.rule.id] = definition
    slips: list[RuleError] = []
    names = _names(kept, slips)
    add_former_names(names, definitions)
    _drop_broken_windows(kept, names, problems)
    filtered = _filtered(kept, filters, names, problems)
    return RuleSet(
        rules=tuple(definition.rule for definition in filtered),
        errors=tuple(problems),
        warnings=(
            *slips,
            *(
                RuleError(what, where=file_of(definition.rule.path) + where)
                for definition in (*filtered, *filters)
                for where, what in definition.warnings
            ),
        ),
        skipped=tuple(skipped),
        definitions=tuple(filtered),
        quiet=_quiet(kept, names),
        names=names,
    )


def _reason_to_skip(definition: Definition, disabled: frozenset[str]) -> str:
    rule = definition.rule
    former = {other for kind, other in definition.related if kind == "renamed"}
    if rule.id in disabled or definition.name in disabled or former & disabled:
        return "disabled in the settings"
    return f"its status is {rule.status}" if rule.status in SKIPPED_STATUS else ""


def _names(kept: Mapping[str, Definition], slips: list[RuleError]) -> dict[str, str]:
    """Return everything a rule may be called by → its id; of two with one name the first has it."""
    names: dict[str, str] = {key: key for key in kept}
    for definition in kept.values():
        if definition.name is None:
            continue
        owner = names.setdefault(definition.name, definition.rule.id)
        if owner != definition.rule.id:
            what = f"The name {definition.name!r} is already used at {kept[owner].rule.path}."
            hint = "Whoever refers to it means that rule."
            slips.append(RuleError(what, where=definition.rule.path, hint=hint))
    return names


def _drop_broken_windows(
    kept: dict[str, Definition], names: Mapping[str, str], problems: list[RuleError]
) -> None:
    """Refuse correlations that refer to what is not there, to themselves, or too far down."""
    dropped = True
    while dropped:  # a correlation upon a refused one is refused with it
        dropped = False
        grounded = _grounded(kept, names)
        for definition in list(kept.values()):
            flaw = _flaw(definition, kept, names)
            if flaw is None and definition.rule.id not in grounded:
                what = f"It refers to itself, or goes deeper than {MAX_CHAIN}."
                flaw = RuleError(what, where=definition.rule.path)
            if flaw is not None:
                problems.append(flaw)
                del kept[definition.rule.id]
                dropped = True


def _grounded(kept: Mapping[str, Definition], names: Mapping[str, str]) -> set[str]:
    """Return the ids of what stands, through a few correlations at most, on rules for events."""
    windows = {one.rule.id: one.window.rules for one in kept.values() if one.window is not None}
    grounded = kept.keys() - windows.keys()
    for _ in range(MAX_CHAIN):
        grounded |= {
            key for key, rules in windows.items() if all(names.get(n) in grounded for n in rules)
        }
    return grounded


def _flaw(
    definition: Definition, kept: Mapping[str, Definition], names: Mapping[str, str]
) -> RuleError | None:
    """Return what is wrong with the rules a correlation names; None for any other rule."""
    meant: dict[str, str] = {}
    rules = definition.window.rules if definition.window else ()
    for name, place in zip(rules, definition.refers_at, strict=False):
        where = file_of(definition.rule.path) + place
        target = names.get(name, "")
        if target not in kept:
            what = f"The rule {name!r} it refers to is not loaded."
            return RuleError(what, hint=_missing(name, kept), where=where)
        if target in meant:
            what = f"{meant[target]!r} and {name!r} are one rule: a match would count as two."
            return RuleError(what, hint="Name it once.", where=where)
        meant[target] = name
    return None


_COMPARED = 500
"""Names a wrong one is compared with; each takes some microseconds."""


def _missing(name: str, kept: Mapping[str, Definition]) -> str:
    """Return what to do about a rule that is not there."""
    words = (each.name for each in kept.values() if each.name is not None)
    near = get_close_matches(name, islice(words, _COMPARED), 1, 0.75)
    if near:
        return f"Did you mean {near[0]}?"
    return "It is wrong itself, disabled, or in a folder that is not read."


def _filtered(
    kept: Mapping[str, Definition],
    filters: Sequence[Definition],
    names: Mapping[str, str],
    problems: list[RuleError],
) -> list[Definition]:
    """Return the definitions with every filter that is for them, as pySigma joins them: and."""
    for one in filters:
        for target, place in zip(one.targets or (), one.refers_at, strict=False):
            if names.get(target) not in kept:
                what = f"The filter is for {target!r}, which is not loaded."
                where, hint = file_of(one.rule.path) + place, _missing(target, kept)
                problems.append(RuleError(what, hint=hint, where=where))
    result = []
    for definition in kept.values():
        found = definition
        for one in filters:
            if found.tree is not None and one.tree is not None and _applies(one, found, names):
                tree = AllOf((found.tree, one.tree))
                found = msgspec.structs.replace(found, tree=tree, plan=make_plan(tree))
        result.append(found)
    return result


def _applies(one: Definition, definition: Definition, names: Mapping[str, str]) -> bool:
    for mine, theirs in (
        (one.product, definition.product),
        (one.category, definition.category),
        (one.service, definition.service),
    ):
        if mine is not None and mine != theirs:
            return False
    if one.targets is None:
        return True
    return definition.rule.id in {names.get(target) for target in one.targets}


def _quiet(kept: Mapping[str, Definition], names: Mapping[str, str]) -> frozenset[str]:
    """Return the rules that correlations use and none of them lets speak."""
    used: set[str] = set()
    loud: set[str] = set()
    for definition in kept.values():
        if definition.window is not None:
            targets = {names[name] for name in definition.window.rules}
            used |= targets
            if definition.window.generate:
                loud |= targets
    return frozenset(used - loud)
