"""What is plain to see in a sentence of a program we know nothing of: the peer, the user, failure.

An address is named when it is the only one, or when a word such as `from` points at it. It always
stands in the line; whether the program meant it so is the reader's to judge.
"""

import re

from socconsole.core.event import EventCategory
from socconsole.parsers.phrases import INFORMATIONAL, WARNING

_ADDRESS = re.compile(
    r"(?<![\w.:-])(?:::ffff:)?((?:\d{1,3}\.){3}\d{1,3}|(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}"
    r"|(?:[0-9a-fA-F]{1,4}:){1,6}:(?:[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4}){0,5})?|::1)(?::(\d{1,5}))?(?![\w-]|\.\d)"
)
_POINTER = re.compile(
    r"(?:(?:\bfrom|\bclient(?: ?ip)?|\bremote[\w-]*|\bsource[\w-]*|\brhost|\bhost|\bpeer|\bIP(?: address)?|"
    r"\baddr(?:ess)?|\bby|\boip|\brip|\bH)[\s=:\"'(\[<@/]{1,4}|^|[\w)] \[)(?:::ffff:)?$",
    re.IGNORECASE,
)
_USER = re.compile(
    r"\b(?:user(?:[ _]?name)?|login|account|acct|e-?mail|set_id|sasl_username)\b"
    r"(?:\s?[=:]\s?[\"'<\[(]?(?P<bare>[^\s\"'<>\[\](),;]{1,128})|\s[\"'<\[(](?P<quoted>[^\"'<>\[\]()]{1,128})[\"'>\])])",
    re.IGNORECASE,
)
_FAILED = re.compile(
    r"\b(?:fail(?:ed|ure)?|invalid|denied|incorrect|wrong|unauthori[sz]ed|reject(?:ed)?|refused|bad|mismatch|"
    r"not (?:allowed|permitted|found)|unknown user|banned)\b",
    re.IGNORECASE,
)
_LOGIN = re.compile(
    r"\b(?:log(?:ged |-?)(?:in|on)|sign-?in|auth\w*|password|credentials?)\b", re.IGNORECASE
)
_MAX_LOOKED_AT = 8 << 10


_FAILED_WORDS = (
    "fail",
    "invalid",
    "denied",
    "incorrect",
    "wrong",
    "unauthori",
    "reject",
    "refused",
    "bad",
    "mismatch",
    "not ",
    "unknown user",
    "banned",
)
_USER_WORDS = ("user", "login", "account", "acct", "mail", "set_id")
_DOTTED = re.compile(r"\d\.\d{1,3}\.\d{1,3}\.\d")


def describe(message: str, fields: dict[str, object], category: EventCategory) -> EventCategory:
    """Add what `message` plainly says to `fields`; return its category, `category` at the least."""
    message = message[:_MAX_LOOKED_AT]
    # Plain words first: most lines have none of them, and the patterns are dear.
    if message.count(":") > 1 or ("." in message and _DOTTED.search(message)):
        _name_address(message, fields)
    lowered = message.lower()
    if _has_any(_USER_WORDS, lowered):
        user = _USER.search(message)
        if user is not None:
            fields["user"] = (user["bare"] or user["quoted"]).strip()
    if not _has_any(_FAILED_WORDS, lowered) or _FAILED.search(message) is None:
        return category
    if _LOGIN.search(message) is not None:
        fields["action"], fields["outcome"] = "login", "failure"
    return WARNING if category is INFORMATIONAL else category


def _has_any(words: tuple[str, ...], lowered: str) -> bool:
    for word in words:  # noqa: SIM110 – a generator costs twice as much, on every line
        if word in lowered:
            return True
    return False


def _name_address(rest: str, fields: dict[str, object]) -> None:
    found = [match for match in _ADDRESS.finditer(rest) if _is_possible(match[1])]
    distinct = {match[1] for match in found}
    chosen = None
    if len(distinct) == 1:
        chosen = found[0]
    elif distinct:
        # The last one: what a peer chose to call itself stands before its address.
        chosen = next((match for match in reversed(found) if _is_pointed_at(match, rest)), None)
    if chosen is not None:
        fields["source_ip"] = chosen[1]
        if chosen[2] is not None and "." in chosen[1]:
            fields["source_port"] = int(chosen[2])


def _is_pointed_at(match: re.Match[str], message: str) -> bool:
    begin = match.start(1)
    before = message[max(0, begin - 40) : begin]
    return _POINTER.search(before if begin <= 40 else f" {before}") is not None


def _is_possible(address: str) -> bool:
    return ":" in address or all(int(part) < 256 for part in address.split("."))
