"""What the prompt does with a filter's text: complete it, and add or take away a term."""

from collections.abc import Iterable
from dataclasses import dataclass

from socconsole.core.filter_tree import OPS
from socconsole.core.filter_words import Field, Vocabulary

_PLAIN = frozenset("_.@-:/\\+$#%&=<>~[]{};'|^`")


@dataclass(frozen=True, slots=True)
class Gap:
    """The place in a filter's text that can be completed."""

    start: int
    end: int
    """What is completed is `text[start:end]`."""
    typed: str
    """What stands there already, quotation mark aside."""
    field: Field | None
    """The field whose value is wanted; None where a field's name is."""


def gap_at(text: str, cursor: int, vocabulary: Vocabulary) -> Gap | None:
    """Return what the word that ends at `cursor` could become; None where nothing is known."""
    start = _word_start(text[:cursor])
    while text[start:cursor][:1] in ("!", "("):
        start += 1
    word = text[start:cursor]
    for end, character in enumerate(word):
        if character in '"~':
            return None
        op = next((known for known in OPS if word.startswith(known, end)), None)
        if op is None:
            continue
        field = vocabulary.find(word[:end])
        if field is None:
            return None
        value = start + end + len(op)
        value += text[value:cursor].rfind(",") + 1
        return Gap(value, cursor, text[value:cursor].lstrip('"'), field)
    return Gap(start, cursor, word, None)


def _word_start(text: str) -> int:
    """Return where the last word of `text` begins; blanks inside quotes do not part words."""
    start, quoted = 0, False
    for position, character in enumerate(text):
        if character == '"':
            quoted = not quoted
        elif character.isspace() and not quoted:
            start = position + 1
    return start


def offers(gap: Gap, vocabulary: Vocabulary, values: Iterable[str] = ()) -> tuple[str, ...]:
    """Return what may stand in the gap, best first.

    Args:
        gap: The place.
        vocabulary: The words of the filter.
        values: Real values of the gap's field, most frequent first, from the store.

    """
    typed = gap.typed.lower()
    if gap.field is None:
        names = [f"{name}:" for name in vocabulary.names()]
        return tuple(name for name in names if name.startswith(typed))
    known = (*gap.field.choices, *gap.field.specials)
    offered = dict.fromkeys((*known, *(written(value) for value in values)))
    starting = [value for value in offered if value.lower().lstrip('"').startswith(typed)]
    inside = [value for value in offered if typed in value.lower() and value not in starting]
    return (*starting, *inside)


def filled(text: str, gap: Gap, offer: str) -> tuple[str, int]:
    """Return the text with `offer` in the gap, and where the cursor goes."""
    tail = "" if gap.field is None else " "
    if text[gap.end : gap.end + 1].isspace():
        tail = ""
    return f"{text[: gap.start]}{offer}{tail}{text[gap.end :]}", gap.start + len(offer) + len(tail)


def written(value: str) -> str:
    """Return `value` as a filter spells it: quoted when it would be read as something else."""
    is_plain = value and all(character.isalnum() or character in _PLAIN for character in value)
    if is_plain and value[0].isalnum() and value.lower() not in ("none", "any", "me"):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def include(text: str, field: str, value: str) -> str:
    """Return the filter narrowed to `value`; a term that excluded it goes."""
    return _with_term(text, f"{field}:{written(value)}", without=f"!{field}:{written(value)}")


def exclude(text: str, field: str, value: str) -> str:
    """Return the filter without `value`; a term that asked for it goes."""
    return _with_term(text, f"!{field}:{written(value)}", without=f"{field}:{written(value)}")


def only(field: str, value: str) -> str:
    """Return the filter that asks for `value` and nothing else."""
    return f"{field}:{written(value)}"


def both(one: str, other: str) -> str:
    """Return the filter that what passes both finds."""
    parts = [part for part in (one.strip(), other.strip()) if part]
    if len(parts) == 1:
        return parts[0]
    return " ".join(_grouped(part) for part in parts)


def _grouped(text: str) -> str:
    return f"({text})" if any(word.lower() == "or" for word in _words(text)) else text


def _with_term(text: str, term: str, *, without: str) -> str:
    words = [word for word in _words(text) if word != without]
    if term not in words:
        return both(" ".join(words), term)
    return " ".join(words)


def _words(text: str) -> list[str]:
    """Return the words of a filter as they are written, groups kept whole."""
    words: list[str] = []
    word, quoted, depth = "", False, 0
    for character in text:
        if character == '"':
            quoted = not quoted
        elif not quoted:
            depth += (character == "(") - (character == ")")
        if character.isspace() and not quoted and depth <= 0:
            words.append(word)
            word = ""
        else:
            word += character
    words.append(word)
    return [word for word in words if word]
