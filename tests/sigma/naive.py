"""Sigma in a hundred slow lines: reads a rule's YAML mapping itself, shares nothing with ours."""

import base64
import datetime
import functools
import ipaddress
import itertools
import re


def matches(rule, fields, raw=None, lists=None):
    """Return whether an event of plain `fields` meets the rule; `lists` are its placeholders'."""
    detection = expanded(rule["detection"], lists or {})
    conditions = detection["condition"]
    named = {name: part for name, part in detection.items() if name != "condition"}
    verdict = {name: selection(part, fields, raw) for name, part in named.items()}
    texts = conditions if isinstance(conditions, list) else [conditions]
    return any(condition(text, verdict) for text in texts)


def expanded(part, lists):
    if not isinstance(part, dict):
        return [expanded(p, lists) for p in part] if isinstance(part, list) else part
    return {
        key: Either(v, lists) if "expand" in key.split("|") else expanded(v, lists)
        for key, v in part.items()
    }


class Either(list):
    """Values of which each stands for those its placeholder has."""

    def __init__(self, values, lists):
        values = values if isinstance(values, list) else [values]
        (name,) = lists
        super().__init__(
            [str(v).replace(f"%{name}%", each) for each in lists[name]] if "%" in str(v) else [v]
            for v in values
        )


def condition(text, verdict):
    def of(match):
        pattern = ".*" if match[2] == "them" else match[2].replace("*", ".*")
        found = [v for n, v in verdict.items() if n[0] != "_" and re.fullmatch(pattern, n)]
        return str(all(found) if match[1] == "all" else any(found))

    text = re.sub(r"\b(1|any|all) of ([\w*]+)", of, text)
    words = re.findall(r"[()]|[\w-]+", text)
    python = [
        w if w in {"(", ")", "and", "or", "not", "True", "False"} else f"v[{w!r}]" for w in words
    ]
    return eval(" ".join(python), {"v": verdict})


def selection(part, fields, raw):
    if isinstance(part, dict):
        return all(item(key, value, fields, raw) for key, value in part.items())
    if isinstance(part, list) and any(isinstance(p, dict) for p in part):
        return any(selection(p, fields, raw) for p in part)
    return item("", part, fields, raw)


def item(key, value, fields, raw):
    name, *modifiers = key.split("|")
    values = value if isinstance(value, list) else [value]
    alternatives = values if isinstance(values, Either) else [[v] for v in values]
    verdicts = [any(one(name, v, modifiers, fields, raw) for v in each) for each in alternatives]
    result = all(verdicts) if "all" in modifiers else any(verdicts)
    return not result if "neq" in modifiers else result


def one(name, value, modifiers, fields, raw):
    has = fields.get(name)
    if "exists" in modifiers:
        return (name in fields) == value
    if value is None or (name and has is None):
        return value is None and has is None
    texts = [text(v) for v in (has if isinstance(has, list) else [has])] if name else [raw]
    return any(asked(t, value, modifiers, fields, name) for t in texts)


def asked(subject, value, modifiers, fields, name):
    if "fieldref" in modifiers:
        other = fields.get(value)
        others = [] if other is None else other if isinstance(other, list) else [other]
        return any(expression([*text(o)], modifiers).search(subject) for o in others)
    if "cidr" in modifiers:
        return in_network(subject, value)
    if "re" in modifiers:
        flags = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}
        return re.search(value, subject, sum(flags.get(m, 0) for m in modifiers)) is not None
    if modifiers[:1] and modifiers[0] in PARTS:
        return in_time(subject, modifiers, value)
    if {"lt", "lte", "gt", "gte"} & set(modifiers):
        return number(subject, modifiers[0], value)
    plain = modifiers if name else [*modifiers, "contains"]
    return any(each.search(subject) for each in expressions(value, tuple(plain)))


@functools.lru_cache(maxsize=10_000, typed=True)  # 1 and True are written in different ways
def expressions(value, modifiers):
    return [expression(pattern, modifiers) for pattern in patterns(value, modifiers)]


def patterns(value, modifiers):
    found = [wildcards(text(value))]
    if {"wide", "utf16le", "utf16be"} & set(modifiers):
        order = slice(None, None, -1 if "utf16be" in modifiers else 1)
        found = [[c for p in found[0] for c in (p, "\0")[order]]]
    if "base64" in modifiers or "base64offset" in modifiers:
        data = "".join(found[0]).encode()
        shifts = range(3) if "base64offset" in modifiers else [None]
        found = [list(encoded(data, shift)) for shift in shifts]
    if "windash" in modifiers:
        found = [w for p in found for w in dashes(p)]
    return found


def text(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


def wildcards(pattern):
    r"""Return the characters of a pattern, wildcards as ("*",) and ("?",): \* \? \\ escape."""
    found, at = [], 0
    while at < len(pattern):
        if pattern[at] == "\\" and pattern[at + 1 : at + 2] in {"*", "?", "\\"}:
            found.append(pattern[at + 1])
            at += 2
        else:
            found.append((pattern[at],) if pattern[at] in "*?" else pattern[at])
            at += 1
    return found


def encoded(data, shift):
    if shift is None:
        return base64.b64encode(data).decode()
    start, end = (0, 2, 3)[shift], (None, -3, -2)[(len(data) + shift) % 3]
    return base64.b64encode(b" " * shift + data).decode()[start:end]


def dashes(pattern):
    joined = "".join(c if isinstance(c, str) else "*" for c in pattern)
    spots = [m.start() for m in re.finditer(r"\B[-/]\b", joined)]
    for choice in itertools.product("-/–—―", repeat=len(spots)):
        changed = list(pattern)
        for spot, dash in zip(spots, choice, strict=True):
            changed[spot] = dash
        yield changed


def expression(pattern, modifiers):
    wild = {("*",): ".*", ("?",): "."}
    inner = "".join(wild[c] if isinstance(c, tuple) else re.escape(c) for c in pattern)
    before = "" if {"contains", "endswith"} & set(modifiers) else r"\A"
    after = "" if {"contains", "startswith"} & set(modifiers) else r"\Z"
    flags = re.DOTALL if "cased" in modifiers else re.DOTALL | re.IGNORECASE
    return re.compile(before + inner + after, flags)


def in_network(subject, network):
    try:
        return ipaddress.ip_address(subject) in ipaddress.ip_network(network)
    except ValueError:
        return False


def number(subject, operator, limit):
    try:
        found = float(subject)
    except ValueError:
        return False
    return {"lt": found < limit, "lte": found <= limit, "gt": found > limit, "gte": found >= limit}[
        operator
    ]


PARTS = {"minute": "%M", "hour": "%H", "day": "%d", "week": "%V", "month": "%m", "year": "%Y"}


def in_time(subject, modifiers, wanted):
    try:
        when = datetime.datetime.fromisoformat(subject)
    except ValueError:
        if not re.fullmatch(r"\d+(\.\d+)?", subject):
            return False
        when = datetime.datetime.fromtimestamp(float(subject), datetime.UTC)
    if when.tzinfo is not None:
        when = when.astimezone(datetime.UTC)
    found = int(when.strftime(PARTS[modifiers[0]]))
    if {"lt", "lte", "gt", "gte"} & set(modifiers):
        return number(str(found), modifiers[1], wanted)
    return found == wanted
