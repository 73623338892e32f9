"""Rules that run on as they were, while what their file says now cannot be loaded."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from socconsole.errors import RuleError
from socconsole.sigma.definition import Definition

_NAMED = 3
"""Rules of a bad file whose titles are told; of more, how many there are."""


@dataclass(frozen=True, slots=True)
class RuleFile:
    """What a rule file defines, as far as it is in use."""

    definitions: tuple[Definition, ...]
    read_at: datetime
    """When these definitions were first read."""
    bad_since: datetime | None = None
    """Since when the file says something that cannot be loaded."""
    kept: frozenset[str] = frozenset()
    """Ids of those of the definitions that the file no longer says."""


RuleFiles = Mapping[str, RuleFile]
"""Path → what it defines."""

Refused = Callable[[Definition], bool]
"""Whether a definition refers to a rule that is not loaded."""


def definitions_of(files: RuleFiles) -> list[Definition]:
    """Return what all files define, in their order."""
    return [definition for file in files.values() for definition in file.definitions]


def with_last_good(
    found: Mapping[str, tuple[Definition, ...]],
    errors: list[RuleError],
    before: RuleFiles,
    now: datetime,
) -> dict[str, RuleFile]:
    """Return what the files define, with the earlier rules of those that have gone bad.

    Args:
        found: Path of each file that is there → what could be read of it.
        errors: What could not; what is there and cannot be reached any more is added.
        before: What was in use until now.
        now: When the files were read.

    """
    bad = {file_of(error.where) for error in errors}
    unreachable = [name for name in before if name not in found and _is_there(name)]
    errors += [_unreachable(name) for name in _folders(unreachable)]
    ids = {each.rule.id for one in found.values() for each in one}
    files = {}
    for name, definitions in found.items():
        kept = _missing(definitions, before[name], ids) if name in bad and name in before else ()
        files[name] = _as_read(definitions, kept, before.get(name), now, is_bad=name in bad)
    for name in unreachable:
        files[name] = _as_read((), before[name].definitions, before[name], now, is_bad=True)
    return files


def with_earlier(
    files: RuleFiles, names: Collection[str], refused: Refused, before: RuleFiles, now: datetime
) -> dict[str, RuleFile]:
    """Return `files` with the earlier text of what now refers to a rule that is not there.

    Args:
        files: What the files define.
        names: What rules may be called by.
        refused: Which correlations and filters refer to what is not there.
        before: What was in use until now.
        now: When the files were read.

    """
    changed = dict(files)
    for name, file in files.items():
        if name in before and any(map(refused, file.definitions)):
            earlier = {each.rule.id: each for each in before[name].definitions}
            kept = tuple(
                earlier[each.rule.id]
                for each in filter(refused, file.definitions)
                if _was_better(each, earlier.get(each.rule.id), names)
            )
            ids = {each.rule.id for each in kept}
            left = tuple(each for each in file.definitions if each.rule.id not in ids)
            if kept:
                changed[name] = _as_read(left, kept, before[name], now, is_bad=True)
    return changed


def _was_better(definition: Definition, earlier: Definition | None, names: Collection[str]) -> bool:
    if earlier is None or earlier.rule.revision == definition.rule.revision:
        return False
    return all(name in names for name in _referred(earlier))


def _referred(definition: Definition) -> tuple[str, ...]:
    return definition.window.rules if definition.window else definition.targets or ()


def _as_read(
    definitions: tuple[Definition, ...],
    kept: tuple[Definition, ...],
    before: RuleFile | None,
    now: datetime,
    *,
    is_bad: bool,
) -> RuleFile:
    joined = definitions + kept
    is_same = before is not None and (kept or _revisions(joined) == _revisions(before.definitions))
    return RuleFile(
        joined,
        read_at=before.read_at if before is not None and is_same else now,
        bad_since=((before and before.bad_since) or now) if is_bad else None,
        kept=frozenset(each.rule.id for each in kept),
    )


def _revisions(definitions: Iterable[Definition]) -> list[str]:
    return [each.rule.revision for each in definitions]


def _missing(
    definitions: Iterable[Definition], before: RuleFile, ids: Collection[str]
) -> tuple[Definition, ...]:
    """Return the earlier rules of a bad file that nothing stands for now."""
    # A changed rule without an id of its own has another one.
    titles = {each.rule.title for each in definitions}
    return tuple(
        each
        for each in before.definitions
        if each.rule.id not in ids and each.rule.title not in titles
    )


def _is_there(name: str) -> bool:
    """Return whether a file is there, as far as can be told: a locked folder hides what it has."""
    try:
        Path(name).stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def _folders(names: Iterable[str]) -> list[str]:
    return sorted({str(Path(name).parent) for name in names})


def _unreachable(folder: str) -> RuleError:
    what = "The rule files in it are there, and cannot be read any more."
    return RuleError(what, where=folder, hint="Check its rights.")


def file_of(where: str) -> str:
    """Return the file of a place such as `file:line`."""
    name, colon, line = where.rpartition(":")
    return name if colon and line.isdigit() else where


def remarks_on(files: RuleFiles) -> dict[str, str]:
    """Return the id of each rule that its file no longer says → which version of it runs."""
    return {
        rule_id: f"runs as loaded {_at(file.read_at)}: its file is bad since {_at(file.bad_since)}"
        for file in files.values()
        if file.bad_since is not None
        for rule_id in file.kept
    }


def told(errors: Sequence[RuleError], files: RuleFiles) -> list[RuleError]:
    """Return the errors; the first of each bad file says what of it runs on as it was."""
    left = {name: file for name, file in files.items() if file.kept}
    for name in list(left):
        left.setdefault(str(Path(name).parent), left[name])
    result = []
    for error in errors:
        file = left.pop(file_of(error.where), None)
        hint = error.hint if file is None else f"{error.hint} {_running(file)}".lstrip()
        result.append(RuleError(error.what, hint=hint, where=error.where))
    return result


def _running(file: RuleFile) -> str:
    titles = [each.rule.title for each in file.definitions if each.rule.id in file.kept]
    more = f" and {len(titles) - _NAMED} more" if len(titles) > _NAMED else ""
    what = ", ".join(map(repr, titles[:_NAMED])) + more
    since, loaded = _at(file.bad_since), _at(file.read_at)
    return f"It is bad since {since}; until it is mended, {what} runs as loaded {loaded}."


def _at(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%MZ}" if moment else ""
