"""Rules that were read once, kept by the digest of their text. The cache is data, never code."""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from tempfile import NamedTemporaryFile

import msgspec
from msgspec import Struct

from socconsole.errors import RuleError
from socconsole.sigma.definition import Definition

KEPT_FILES = 8
"""Rule sets whose cache stays; the one used longest ago goes first."""


class FileRules(Struct, frozen=True, array_like=True):
    """What one rule file holds, without its name."""

    definitions: tuple[Definition, ...]
    errors: tuple[tuple[str, str, str], ...]
    """Place after the file's name (`:12`, or empty), what, hint."""


class RuleCache:
    """Reads rule files, or takes what it knows of the same text."""

    def __init__(
        self,
        folder: Path | None,
        paths: Sequence[Path],
        placeholders: Mapping[str, Sequence[str]],
    ) -> None:
        self._placeholders = placeholders
        self._file = folder / f"{_name(paths, placeholders)}.rules" if folder else None
        self._known = self._load()
        self._used: dict[bytes, FileRules] = {}
        self._changed = False

    def read(self, path: str, data: bytes) -> FileRules:
        """Return what the file of that text holds."""
        digest = hashlib.blake2b(data, digest_size=20).digest()
        found = self._known.get(digest)
        if found is None:
            found = _read(path, data, self._placeholders)
            self._changed = True
        self._used[digest] = found
        return found

    def save(self) -> None:
        """Write what was read; a folder that cannot be written costs only time."""
        if self._file is None or not (self._changed or len(self._used) != len(self._known)):
            return
        with suppress(OSError):
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=self._file.parent, delete=False) as file:
                file.write(msgspec.msgpack.encode(self._used))
            Path(file.name).replace(self._file)
            kept = sorted(self._file.parent.glob("*.rules"), key=lambda f: f.stat().st_mtime)
            for old in kept[:-KEPT_FILES]:
                old.unlink()

    def _load(self) -> dict[bytes, FileRules]:
        if self._file is None:
            return {}
        with suppress(OSError, msgspec.DecodeError):
            return msgspec.msgpack.decode(self._file.read_bytes(), type=dict[bytes, FileRules])
        return {}


def _name(paths: Sequence[Path], placeholders: Mapping[str, Sequence[str]]) -> str:
    """Return a name that changes with whatever decides how a text is read."""
    package = Path(__file__).parent
    code = [(f.name, f.stat().st_size, f.stat().st_mtime_ns) for f in package.glob("*.py")]
    given = {name: list(values) for name, values in placeholders.items()}
    parts = (sorted(code), version("pysigma"), sorted(map(str, paths)), sorted(given.items()))
    return hashlib.blake2b(repr(parts).encode(), digest_size=12).hexdigest()


def _read(path: str, data: bytes, placeholders: Mapping[str, Sequence[str]]) -> FileRules:
    # pySigma takes a tenth of a second to import: only where there is something to read.
    from socconsole.sigma.actions import written_out
    from socconsole.sigma.define import define
    from socconsole.sigma.reading import read_documents

    definitions: list[Definition] = []
    errors: list[RuleError] = []
    for document in written_out(read_documents(path, data)):
        if isinstance(document, RuleError):
            errors.append(document)
            continue
        try:
            definitions.append(define(document, placeholders))
        except RuleError as error:
            errors.append(error)
    told = tuple((error.where.removeprefix(path), error.what, error.hint) for error in errors)
    return FileRules(tuple(definitions), told)
