"""Secrets taken out of a line before it is parsed, matched or stored.

A secret becomes `‹redacted:1a2b3c4d›`: a keyed BLAKE2b of it, so that equal secrets stay equal and
nobody without the installation's key can guess which one it was.
"""

import contextlib
import os
import secrets
import tempfile
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from types import MappingProxyType
from typing import Any

import re2

from socconsole.errors import SettingsError

SECRETS: Mapping[str, str] = MappingProxyType(
    {
        "password": (
            r"(?i)(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|"
            r"client[_-]?secret)[\"']?\s?[=:]\s?[\"']?(?P<secret>[^\s\"'&,;<>\\()‹›]{3,})"
        ),
        "authorization": (r"(?i)\b(?:basic|bearer)\s(?P<secret>[A-Za-z0-9+/=._~-]{8,})"),
        "aws_key": r"\b(?P<secret>(?:AKIA|ASIA)[0-9A-Z]{16})\b",
        "jwt": r"\b(?P<secret>eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,})",
        "private_key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?P<secret>[A-Za-z0-9+/=\s\\nr]+)",
        "forge_token": r"\b(?P<secret>gh[pousr]_[A-Za-z0-9]{30,}|glpat-[\w-]{20,}|xox[abprs]-[\w-]{10,})",
    }
)
"""Name → pattern; what its group `secret` matches is replaced. The shipped ones."""

_RE2: Any = re2
_OPTIONS = _RE2.Options()
_OPTIONS.log_errors = False


class Redactor:
    """Takes secrets out of texts; call it with one."""

    def __init__(self, key: bytes, patterns: Mapping[str, str] = SECRETS) -> None:
        """Prepare to redact.

        Raises:
            SettingsError: RE2 refuses a pattern, or it has no group called `secret`.

        """
        self._key = key[:64]
        self._any = _RE2.Set.SearchSet(_OPTIONS)
        self._patterns: list[Any] = []
        for name, pattern in patterns.items():
            self._patterns.append(_compiled(name, pattern))
            self._any.Add(pattern)
        self._any.Compile()

    def __call__(self, text: str) -> str:
        """Return `text` with every secret replaced."""
        if not self._patterns or not self._any.Match(text):
            return text
        for pattern in self._patterns:
            text = self._replaced(pattern, text)
        return text

    def _replaced(self, pattern: Any, text: str) -> str:  # noqa: ANN401 – RE2 has no types
        pieces, place, group = [], 0, pattern.groupindex["secret"]
        for match in pattern.finditer(text):
            start, end = match.span(group)
            if start >= place and end > start:
                pieces += [text[place:start], self.mark(text[start:end])]
                place = end
        return "".join([*pieces, text[place:]]) if pieces else text

    def mark(self, secret: str) -> str:
        """Return what stands for `secret`."""
        digest = blake2b(secret.encode(errors="surrogatepass"), key=self._key, digest_size=4)
        return f"‹redacted:{digest.hexdigest()}›"


def redactor(
    key_path: Path, *, shipped: bool = True, patterns: Mapping[str, str] | None = None
) -> Redactor | None:
    """Return what takes secrets out with the key kept at `key_path`; None when nothing is to go.

    Raises:
        SettingsError: A pattern is refused, or there can be no key.

    """
    wanted = {**(SECRETS if shipped else {}), **(patterns or {})}
    return Redactor(installation_key(key_path), wanted) if wanted else None


def _compiled(name: str, pattern: str) -> Any:  # noqa: ANN401 – RE2 has no types
    try:
        compiled = _RE2.compile(pattern, _OPTIONS)
    except re2.error as error:
        raise SettingsError(f"The redaction {name!r} is refused: {error}.") from None
    if "secret" not in compiled.groupindex:
        hint = "Write (?P<secret>…) around what has to go."
        raise SettingsError(f"The redaction {name!r} has no group called secret.", hint=hint)
    return compiled


def installation_key(path: Path) -> bytes:
    """Return the key kept at `path`, made there, readable by its owner alone, at the first call.

    Raises:
        SettingsError: It can neither be read nor made.

    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            _make_key(path)
    except OSError as error:
        raise SettingsError(f"The key cannot be made: {error.strerror}.", where=str(path)) from None
    return _read_key(path)


def _make_key(path: Path) -> None:
    """Make the key's file whole or not at all: a full disk must not leave half a key behind."""
    descriptor, unfinished = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(32))
        with contextlib.suppress(FileExistsError):  # another process was faster
            os.link(unfinished, path)
    finally:
        Path(unfinished).unlink()


def _read_key(path: Path) -> bytes:
    try:
        key = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"The key cannot be read: {error.strerror}.", where=str(path)) from None
    if len(key) < 16:
        raise SettingsError(
            "The key is too short.", hint="Remove it; a new one is made.", where=str(path)
        )
    return key
