"""Where the rule files are."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from socconsole.errors import RuleError


def at_home(path: Path | str) -> Path:
    """Return `path` with `~` as the home it means; as it stands where there is no such home."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def every_file(paths: Iterable[Path], errors: list[RuleError]) -> Iterator[Path]:
    """Yield the rule files at `paths`, each once; a path with nothing there is an error."""
    seen: set[str] = set()
    for path in paths:
        try:
            files = rule_files(path)
        except RuleError as error:
            errors.append(error)
            continue
        for file in files:
            if str(file) not in seen:
                seen.add(str(file))
                yield file


def rule_files(path: Path) -> list[Path]:
    """Return the rule files at `path`: itself, or every `.yml` and `.yaml` below the folder.

    Raises:
        RuleError: There is nothing at `path`.

    """
    try:
        is_file, is_folder = path.is_file(), path.is_dir()
    except OSError as error:
        what = f"The path cannot be read: {error.strerror}."
        raise RuleError(what, where=str(path), hint="Check the rights of its folders.") from None
    if is_file:
        return [path]
    if not is_folder:
        raise RuleError(
            "There is no such rule file or folder.", where=str(path), hint="Check [rules] paths."
        )
    if not os.access(path, os.R_OK | os.X_OK):
        raise RuleError("The folder cannot be read.", where=str(path), hint="Check its rights.")
    return sorted(map(Path, _below(str(path))), key=lambda file: file.parts)


def _below(folder: str) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    yield from _below(entry.path)
                elif _is_rule_file(entry.name) and entry.is_file():
                    yield entry.path
    except OSError:  # a folder nobody may read has nothing to say
        return


def _is_rule_file(name: str) -> bool:
    return name.endswith((".yml", ".yaml")) and not name.startswith(".")
