"""Searches compiled once and kept in a folder, by what they search for. They are data, never code.

Compiling a few hundred literals takes as long as matching a thousand events.
"""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

import hyperscan
import msgspec

KEPT_FILES = 256
"""Searches that stay in the folder; the one written longest ago goes first."""


class Searches:
    """Compiles searches, or takes what an earlier process compiled."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self.kept = folder is not None
        """Whether what is compiled is there for the next process."""

    def known(
        self, expressions: Sequence[bytes], *, flags: int, literal: bool = True
    ) -> hyperscan.Database | None:
        """Return the search for `expressions` if it was compiled before, else None."""
        if self._folder is None:
            return None
        # Hyperscan refuses what is damaged, of another version or for another processor.
        with suppress(OSError, hyperscan.error):
            data = _file(self._folder, expressions, flags, literal).read_bytes()
            return hyperscan.loadb(data, hyperscan.HS_MODE_BLOCK)
        return None

    def compiled(
        self, expressions: Sequence[bytes], *, flags: int, literal: bool = True
    ) -> hyperscan.Database:
        """Return the search for `expressions`, and keep it for the next process."""
        database = self.known(expressions, flags=flags, literal=literal)
        if database is None:
            database = hyperscan.Database()
            database.compile(
                expressions=expressions,
                ids=list(range(len(expressions))),
                elements=len(expressions),
                flags=flags,
                literal=literal,
            )
            if self._folder is not None:
                _keep(_file(self._folder, expressions, flags, literal), hyperscan.dumpb(database))
        return database


UNKEPT = Searches()


def _file(folder: Path, expressions: Sequence[bytes], flags: int, literal: bool) -> Path:
    sought = msgspec.msgpack.encode((flags, literal, expressions))
    return folder / f"{hashlib.blake2b(sought, digest_size=16).hexdigest()}.search"


def _keep(path: Path, data: bytes) -> None:
    """Write a search; a folder that cannot be written costs only time."""
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(data)
        Path(file.name).replace(path)
        kept = sorted(path.parent.glob("*.search"), key=lambda f: f.stat().st_mtime)
        for old in kept[:-KEPT_FILES]:
            old.unlink()
