"""Secrets leave a line before anything else sees it."""

import json
import stat

import pytest

from socconsole.errors import SettingsError
from socconsole.parsers.redaction import Redactor, installation_key

KEY = b"k" * 32
redact = Redactor(KEY)


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("mysql --password=hunter22 -u root", "hunter22"),
        ('{"user":"mara","password": "hunter22","n":1}', "hunter22"),
        ("GET /?token=abc123def&x=1 HTTP/1.1", "abc123def"),
        ("Authorization: Basic bWFyYTpodW50ZXIy", "bWFyYTpodW50ZXIy"),
        ("key AKIAIOSFODNN7EXAMPLE used", "AKIAIOSFODNN7EXAMPLE"),
        ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0x.c2lnbmF0dXJl end", "eyJzdWIiOiIxIn0x"),
        ("-----BEGIN RSA PRIVATE KEY-----MIIEowIBAAKCAQEA1-----END", "MIIEowIBAAKCAQEA1"),
    ],
)
def test_a_secret_is_gone_and_the_rest_stays(text, secret):
    found = redact(text)
    assert secret not in found
    assert "‹redacted:" in found
    assert found.split("‹")[0] == text[: len(found.split("‹")[0])]


def test_json_stays_json():
    found = redact('{"password":"hunter22","msg":"pwd=abc\\nnext"}')
    assert json.loads(found)["msg"].endswith("\nnext")


@pytest.mark.parametrize(
    "text",
    [
        "Failed password for root from 192.0.2.1 port 22 ssh2",
        "check pass; user unknown",
        'type=CWD msg=audit(1.5:7): cwd="/srv"',
    ],
)
def test_a_line_without_a_secret_is_untouched(text):
    assert redact(text) is text


def test_equal_secrets_stay_equal_and_another_key_says_nothing_of_them():
    assert redact("pwd=abcdef").endswith(redact("password=abcdef").split("=")[1])
    assert redact("pwd=abcdef") != Redactor(b"x" * 32)("pwd=abcdef")


def test_redacting_twice_changes_nothing():
    once = redact("password=hunter22")
    assert redact(once) == once


def test_patterns_are_configurable_and_a_wrong_one_is_refused():
    assert "‹" in Redactor(KEY, {"card": r"card (?P<secret>\d+)"})("card 4111")
    with pytest.raises(SettingsError, match="no group called secret"):
        Redactor(KEY, {"card": r"card \d+"})
    with pytest.raises(SettingsError, match="is refused"):
        Redactor(KEY, {"card": r"(?<=x)(?P<secret>y)"})


def test_the_installations_key_is_made_once_for_its_owner_alone(tmp_path):
    path = tmp_path / "state" / "redaction.key"
    key = installation_key(path)
    assert installation_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_bytes(b"short")
    with pytest.raises(SettingsError, match="too short"):
        installation_key(path)
