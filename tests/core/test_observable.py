from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socconsole.core.observable import (
    Observable,
    ObservableKind,
    canonical,
    checked_entry,
    defang,
    from_entity,
    matches,
    observables_in,
    refang,
)


def found(text, ignored=()):
    return [f"{o.kind.value}:{o.value}" for o in observables_in(text, ignored)]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("login from 203.0.113.7.", ["ip:203.0.113.7"]),
        ("range 10.1.2.3/24 blocked", ["cidr:10.1.2.0/24"]),
        ("999.1.1.1 is no address, nor is 1.2.3.4.5", []),
        ("beacon to 2001:DB8::1", ["ip:2001:db8::1"]),
        ("at 12:34:56 nothing", []),
        ("fe80::1: refused, ::ffff:192.0.2.1 too", ["ip:fe80::1", "ip:192.0.2.1"]),
        ("peer 192.0.2.1:443 and ip:192.0.2.2", ["ip:192.0.2.1", "ip:192.0.2.2"]),
        ("Evil.Example.COM resolved", ["domain:evil.example.com"]),
        ("opened report.pdf and run.exe", []),
        ("sent to bob@corp.example", ["email:bob@corp.example", "domain:corp.example"]),
        (
            "GET http://198.51.100.9:8080/shell.php?a=b now",
            ["url:http://198.51.100.9:8080/shell.php?a=b", "ip:198.51.100.9"],
        ),
        ("hxxps://bad[.]example/x", ["url:https://bad.example/x", "domain:bad.example"]),
        ("see cve-2021-44228", ["cve:CVE-2021-44228"]),
        ("md5 D41D8CD98F00B204E9800998ECF8427E", ["md5:d41d8cd98f00b204e9800998ecf8427e"]),
        ("sha256 " + "ab" * 32, ["sha256:" + "ab" * 32]),
        ("fifty hex digits " + "a" * 50, []),
        ("wrote /etc/cron.d/backdoor", ["path:/etc/cron.d/backdoor"]),
        (r"ran C:\Windows\Temp\x.exe", [r"path:C:\Windows\Temp\x.exe"]),
        ("user=root host: web-1", ["user:root", "host:web-1"]),
        ("mirror.example.pl is a host, cleanup.pl a script", ["domain:mirror.example.pl"]),
    ],
)
def test_a_note_gives_up_its_observables(text, values):
    assert found(text) == values


def test_each_value_is_returned_once():
    assert found("1.2.3.4 and 1.2.3.4 and 1[.]2[.]3[.]4") == ["ip:1.2.3.4"]


def test_the_ignore_list_knows_values_networks_and_domain_endings():
    text = "10.9.8.7 192.0.2.1 a.corp.example evil.example"
    assert found(text, ["10.0.0.0/8", ".corp.example"]) == ["ip:192.0.2.1", "domain:evil.example"]


@pytest.mark.parametrize(
    ("entry", "left"),
    [
        ("*.cdn.example", ["ip:10.1.2.3", "cidr:10.1.0.0/16", "domain:evil.example", "user:svc-a"]),
        ("user:svc-*", ["ip:10.1.2.3", "cidr:10.1.0.0/16", "domain:x.cdn.example",
                        "domain:evil.example"]),
        ("10.0.0.0/8", ["domain:x.cdn.example", "domain:evil.example", "user:svc-a"]),
        ("domain:10.1.2.3", ["ip:10.1.2.3", "cidr:10.1.0.0/16", "domain:x.cdn.example",
                             "domain:evil.example", "user:svc-a"]),
    ],
)  # fmt: skip
def test_an_entry_may_be_a_pattern_or_of_one_kind(entry, left):
    text = "10.1.2.3 10.1.0.0/16 x.cdn.example evil.example user=svc-a"
    assert sorted(found(text, [entry])) == sorted(left)


@pytest.mark.parametrize(
    ("pattern", "value", "fits"),
    [("a*c", "abc", True), ("a*c", "ac", True), ("a*c", "abd", False), ("*b*", "abc", True),
     ("a*a", "a", False), ("*.x.*.y", "q.x.r.y", True), ("abc", "abc", True)],
)  # fmt: skip
def test_a_star_stands_for_anything(pattern, value, fits):
    assert matches(pattern, value) is fits


def test_what_would_ignore_everything_is_no_entry():
    assert checked_entry("10.1.2.3/8") == "10.0.0.0/8"
    assert checked_entry(" Bad[.]Example ") == "bad.example"
    for wrong in ("*", "**", ".", "10.0.0.0/99", "user:*"):
        with pytest.raises(ValueError, match=r"everything|10\.0\.0\.0"):
            checked_entry(wrong)


def test_a_copy_carries_no_live_link():
    copied = defang("http://evil.example/a.b then bob@evil.example and 1.2.3.4")
    assert copied == "hxxp[://]evil[.]example/a.b then bob[@]evil[.]example and 1[.]2[.]3[.]4"


def test_defanging_twice_changes_nothing():
    once = defang("https://evil.example/x 10.0.0.0/8 ::ffff:1.2.3.4 fe80::1")
    assert defang(once) == once


def test_defanging_is_undone_by_refang():
    text = "http://evil.example/a 1.2.3.4 bob@evil.example"
    assert refang(defang(text)) == text


@given(st.text(max_size=300))
def test_no_text_breaks_the_extraction(text):
    for observable in observables_in(text):
        assert observable.value
    assert isinstance(defang(text), str)


@pytest.mark.parametrize(
    "piece", ["a.", "1.", "a@", ":", "/a", "a-", "http://", "::", "f" * 33, "["]
)
def test_hostile_repetition_stays_quick(piece):
    began = perf_counter()
    observables_in(piece * (100_000 // len(piece)))
    assert perf_counter() - began < 2


def test_an_alerts_entities_are_observables_too():
    assert from_entity("source_ip", "203.0.113.7") == Observable(ObservableKind.IP, "203.0.113.7")
    assert from_entity("source_ip", "-") is None
    assert from_entity("hash", "AB" * 32) == Observable(ObservableKind.SHA256, "ab" * 32)


def test_a_request_line_without_a_host_is_kept_as_it_is():
    assert canonical(ObservableKind.URL, "/search?q=1--+-") == "/search?q=1--+-"
