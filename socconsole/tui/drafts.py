"""Unfinished text that survives a hang-up, a crash and a database that is away: small files."""

import contextlib
from pathlib import Path


class Drafts:
    """The unfinished texts of one analyst, by name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._answered: set[str] = set()

    def get(self, name: str) -> str | None:
        """Return the text kept under `name`."""
        try:
            return self._path(name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return None

    def begun_from(self, name: str, now: str) -> str:
        """Return what stood there when the text kept under `name` was begun; `now` without one.

        Where it is not `now`, a colleague has written meanwhile: the text may not pass for an
        answer to that.
        """
        return now if self.get(name) is None else self.get(_base(name)) or ""

    def put(self, name: str, text: str, begun_from: str = "") -> None:
        """Keep `text`; an empty text is forgotten. A disk that refuses is no reason to stop."""
        if not text.strip():
            self.drop(name)
            return
        if begun_from and self.get(name) is None:
            self._write(_base(name), begun_from)
        self._write(name, text)

    def _write(self, name: str, text: str) -> None:
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = self._path(name)
            beside = path.with_suffix(".new")
            beside.touch(mode=0o600)
            beside.write_text(text, encoding="utf-8")
            beside.replace(path)

    def drop(self, name: str) -> None:
        """Forget the text kept under `name`."""
        for each in (name, _base(name)):
            with contextlib.suppress(OSError):
                self._path(each).unlink()

    def answer(self, name: str, text: str, begun_from: str = "") -> None:
        """Keep an answer until what it was asked for has been committed."""
        self.put(name, text, begun_from)
        self._answered.add(name)

    def settle(self) -> None:
        """Forget the answers: what they were asked for is in the database."""
        for name in self._answered:
            self.drop(name)
        self._answered.clear()

    def put_off(self) -> None:
        """Keep the answers for the next time: the analyst left in the middle."""
        self._answered.clear()

    def path(self, name: str) -> Path:
        """Return the file of `name`, for an editor; the folder is there."""
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self._path(name)

    def _path(self, name: str) -> Path:
        import hashlib

        digest = hashlib.sha256(name.encode()).hexdigest()[:24]
        return self._folder / f"{digest}.md"


def _base(name: str) -> str:
    return f"{name} begun from"
