from dataclasses import dataclass

from socconsole.core.tlp import (
    Audience,
    OutwardAction,
    Pap,
    Tlp,
    may_act,
    may_read,
    shareable,
    strictest,
    telling,
)


@dataclass
class Marked:
    name: str
    tlp: str


def test_each_audience_reads_up_to_its_own_mark():
    readable = {audience: [m for m in Tlp if may_read(audience, m)] for audience in Audience}
    assert readable[Audience.PUBLIC] == [Tlp.CLEAR]
    assert readable[Audience.COMMUNITY] == [Tlp.CLEAR, Tlp.GREEN]
    assert readable[Audience.CLIENTS] == [Tlp.CLEAR, Tlp.GREEN, Tlp.AMBER]
    assert readable[Audience.ORGANISATION] == [Tlp.CLEAR, Tlp.GREEN, Tlp.AMBER, Tlp.AMBER_STRICT]
    assert readable[Audience.RECIPIENTS] == list(Tlp)


def test_what_exceeds_the_audience_is_withheld_and_named():
    notes = [Marked("a", "GREEN"), Marked("b", "RED"), Marked("c", "RED"), Marked("d", "AMBER")]
    kept, withheld = shareable("notes", notes, Audience.COMMUNITY)
    assert [note.name for note in kept] == ["a"]
    assert [w.sentence() for w in withheld] == [
        "1 notes withheld (TLP:AMBER)",
        "2 notes withheld (TLP:RED)",
    ]


def test_a_red_action_mark_refuses_anything_that_leaves_the_house():
    assert not may_act(OutwardAction.LOOK_UP, Pap.RED)
    assert may_act(OutwardAction.LOOK_UP, Pap.AMBER)
    assert not may_act(OutwardAction.ACT, Pap.AMBER)
    assert may_act(OutwardAction.ACT, Pap.GREEN)
    assert may_act(OutwardAction.EXPORT, Pap.RED)


def test_what_is_published_the_adversary_reads_too():
    assert telling(Audience.PUBLIC) is OutwardAction.ACT
    assert telling(Audience.CLIENTS) is OutwardAction.LOOK_UP
    assert telling(Audience.RECIPIENTS) is OutwardAction.EXPORT


def test_the_strictest_mark_wins():
    assert strictest([Tlp.GREEN, Tlp.AMBER_STRICT, Tlp.AMBER]) is Tlp.AMBER_STRICT
    assert strictest([]) is Tlp.CLEAR


def test_the_label_is_spelled_as_the_standard_does():
    assert Tlp.AMBER_STRICT.label == "TLP:AMBER+STRICT"
    assert Pap.RED.label == "PAP:RED"
