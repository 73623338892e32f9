"""What every text that a regular expression matches must contain."""


def required_literal(pattern: str) -> str:
    """Return the longest run of plain characters that every match of `pattern` contains.

    Only what stands outside of groups and classes is looked at; empty when nothing is certain.
    """
    flags, body = _flags(pattern)
    best = current = ""
    depth, position = 0, 0
    while position < len(body):
        kind, text, position = _token(body, position, depth)
        if kind == "open":
            depth += 1
        elif kind == "close":
            depth -= 1
        if kind == "or" and depth == 0:
            return ""
        quantifier = body[position : position + 1]
        if kind == "plain" and depth == 0 and "x" not in flags:
            if quantifier and quantifier in "*?{":
                kind = "other"
            else:
                current += text
                if quantifier == "+":
                    best, current = max(best, current, key=len), ""
                continue
        best, current = max(best, current, key=len), ""
    best = max(best, current, key=len)
    return best if best.isascii() else ""


def _flags(pattern: str) -> tuple[str, str]:
    if pattern.startswith("(?") and ")" in pattern:
        flags, _, body = pattern[2:].partition(")")
        if flags.isalpha():
            return flags, body
    return "", pattern


def _token(body: str, position: int, depth: int) -> tuple[str, str, int]:
    """Return the kind, text and end of the token at `position`."""
    character = body[position]
    if character == "\\":
        escaped = body[position + 1 : position + 2]
        plain = escaped and not escaped.isalnum()
        if escaped == "Q":  # everything to \E is plain; rare enough to skip what it says
            end = body.find("\\E", position)
            return "other", "", len(body) if end < 0 else end + 2
        return ("plain" if plain else "other"), escaped, _escape_end(body, position)
    if character == "[":
        return "other", "", _class_end(body, position)
    kinds = {"(": "open", ")": "close", "|": "or"}
    if character in kinds:
        return kinds[character], "", position + 1
    if character == "{":
        end = body.find("}", position)
        return "other", "", position + 1 if end < 0 else end + 1
    return ("other" if character in ".^$*+?" else "plain"), character, position + 1


def _escape_end(body: str, position: int) -> int:
    r"""Return the end of an escape such as `\x41`, `\x{263a}` or `\pL`."""
    end = position + 2
    if body[position + 1 : end] in {"x", "p", "P"}:
        if body[end : end + 1] == "{":
            return body.find("}", end) + 1 or len(body)
        return end + (2 if body[end - 1] == "x" else 1)
    while body[position + 1 : position + 2].isdigit() and body[end : end + 1].isdigit():
        end += 1
    return end


def _class_end(body: str, position: int) -> int:
    """Return the end of a character class."""
    end = position + 1
    if body[end : end + 1] == "^":
        end += 1
    if body[end : end + 1] == "]":
        end += 1
    while end < len(body) and body[end] != "]":
        if body[end : end + 2] == "[:":
            end = (body.find(":]", end) + 2) or len(body)
        else:
            end += 2 if body[end] == "\\" else 1
    return end + 1
