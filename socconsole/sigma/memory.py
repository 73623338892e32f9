"""What windows remember, in parts: a batch stores those alone that it changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

import msgspec

Part = tuple[str, ...]
"""What one part is of, such as the texts of a group; each window has its own."""

Place = tuple[str, bytes]
"""Rule id and the name of a part, 16 bytes long."""


@dataclass(slots=True)
class Memory:
    """The memory of every window, or what changed in it."""

    head: bytes = b""
    """What concerns all parts; of another form than this program's, nothing can be taken up."""
    parts: dict[Place, bytes | None] = field(default_factory=dict)
    """None for a part that was forgotten."""
    is_whole: bool = False
    """Whether there is nothing but these parts."""

    def add(self, later: "Memory") -> None:
        """Let what changed later take the place of what was there."""
        if later.is_whole:
            self.parts, self.is_whole = {}, True
        self.head = later.head
        self.parts |= later.parts


def name_of(part: Part) -> bytes:
    """Return a name of fixed length: groups may be as long as a line."""
    return blake2b(msgspec.msgpack.encode(part), digest_size=16).digest()


def written(rule_id: str, parts: Mapping[Part, object | None]) -> dict[Place, bytes | None]:
    """Return a window's parts as bytes."""
    encode = msgspec.msgpack.encode
    return {
        (rule_id, name_of(part)): None if value is None else encode(value)
        for part, value in parts.items()
    }


def read_by_rule(parts: Mapping[Place, bytes | None]) -> dict[str, list[object]]:
    """Return rule id → the values of its parts."""
    found: dict[str, list[object]] = {}
    for (rule_id, _), packed in parts.items():
        if packed is not None:
            found.setdefault(rule_id, []).append(msgspec.msgpack.decode(packed))
    return found


class Touched:
    """The parts that were changed since they were last taken, the latest last."""

    def __init__(self) -> None:
        self._parts: dict[Part, None] = {}

    def note(self, part: Part) -> None:
        """Remember that a part was changed or forgotten."""
        self._parts.pop(part, None)
        self._parts[part] = None

    def note_all(self, parts: Iterable[Part]) -> None:
        """Remember that these were changed or forgotten."""
        for part in parts:
            self.note(part)

    def take(self) -> list[Part]:
        """Return the parts that were noted since the last call."""
        taken = list(self._parts)
        self._parts = {}
        return taken
