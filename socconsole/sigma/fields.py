"""The text of a field's value, and where to find the value in an event."""

from collections.abc import Iterator, Mapping

import msgspec

from socconsole.core.event import Event

MAX_TEXT = 32_768
"""Characters of a value that are looked at; a longer one is cut, so no value costs without end."""


CATEGORY_FIELD = "socconsole.category"
"""What a rule calls the event's category: informational, warning, exception or maintenance."""


def value_of(event: Event, name: str) -> object:
    """Return what an event has for a rule's field name, None when it has nothing.

    A name with dots that is no path of the event's fields is looked up among the envelope's names,
    such as `source.ip`.
    """
    value = value_at(event.fields, name)
    if value is None and "." in name:
        return event.category.value if name == CATEGORY_FIELD else event.named(name)
    return value


def value_at(fields: Mapping[str, object], name: str) -> object:
    """Return the value of a field by its name or path, None when there is none.

    The exact name wins; then the name without blanks (rules write `Threat Name`, events
    `ThreatName`); then the way down the dots, through lists of mappings too.
    """
    value = fields.get(name)
    if value is not None or name in fields:
        return value
    if " " in name:
        value = fields.get(name.replace(" ", ""))
        if value is not None:
            return value
    return _walk(fields, name) if "." in name else None


def _walk(inside: object, path: str) -> object:
    if isinstance(inside, Mapping):
        if path in inside:
            return inside[path]
        head, dot, rest = path.partition(".")
        while dot:
            if head in inside and (found := _walk(inside[head], rest)) is not None:
                return found
            more, dot, rest = rest.partition(".")
            head = f"{head}.{more}"
        return None
    if isinstance(inside, list):
        found_all = [v for v in (_walk(element, path) for element in inside) if v is not None]
        return found_all or None
    return None


def has_field(event: Event, name: str) -> bool:
    """Return whether the event has the field at all, be its value null."""
    fields = event.fields
    if name in fields or name.replace(" ", "") in fields or value_of(event, name) is not None:
        return True
    return "." in name and _leads(fields, name)


def _leads(inside: object, path: str) -> bool:
    """Return whether there is something at the end of a path, be it null."""
    if isinstance(inside, list):
        return any(_leads(element, path) for element in inside)
    if not isinstance(inside, Mapping):
        return False
    dots = [place for place, letter in enumerate(path) if letter == "."]
    return path in inside or any(
        path[:dot] in inside and _leads(inside[path[:dot]], path[dot + 1 :]) for dot in dots
    )


def text_of(value: object) -> str:
    """Return the text a scalar is compared by: `4688`, `true`, `1.5`; a whole float as integer."""
    if isinstance(value, str):
        return value if len(value) <= MAX_TEXT else value[:MAX_TEXT]
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, int):
        return str(value) if value.bit_length() < 4096 else hex(value)[:MAX_TEXT]
    return text_of(msgspec.json.encode(value, enc_hook=str).decode())


def texts_of(value: object) -> list[str]:
    """Return the texts a field is compared by: one for a scalar, one per element of a list."""
    if value is None:
        return []
    if isinstance(value, list | tuple):
        return [text for element in value for text in texts_of(element)]
    return [text_of(value)]


def haystack(event: Event) -> str:
    """Return the text keywords are searched in.

    That is every value of the event, and the line itself when it is text rather than JSON or XML,
    whose escapes and key names would answer in place of the values.
    """
    parts = []
    for value in event.fields.values():
        if type(value) is str:
            parts.append(value if len(value) <= MAX_TEXT else value[:MAX_TEXT])
        else:
            parts += _all_texts(value)
    if not event.raw.startswith(("{", "<Event")):
        parts.append(event.raw[:MAX_TEXT])
    return "\n".join(parts)


def _all_texts(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _all_texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _all_texts(inner)
    elif value is not None:
        yield text_of(value)
