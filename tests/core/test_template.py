from datetime import timedelta

import pytest

from socconsole.core.template import steps_of, tactics_of, techniques_of, template_from
from socconsole.errors import SettingsError, UsageError


def test_a_template_says_what_a_kind_of_ticket_begins_with():
    found = template_from(
        "phish",
        {
            "title": "Phish",
            "tlp": "GREEN",
            "tactics": ["initial_access"],
            "fields": {"hypothesis": "h", "deadline": "1h"},
            "task": [{"title": "Save it", "mandatory": True, "due": "30m"}],
        },
        "phish.toml",
    )
    assert (found.category, found.tlp, found.hypothesis) == ("phish", "GREEN", "h")
    assert found.deadline_in == timedelta(hours=1)
    assert (found.tasks[0].title, found.tasks[0].mandatory) == ("Save it", True)
    assert found.tasks[0].due_in == timedelta(minutes=30)


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ({"titel": "x"}, "Unknown key 'titel'"),
        ({"fields": {"x": "y"}}, "Unknown key 'x'"),
        ({"tlp": "PURPLE"}, "PURPLE"),
        ({"task": [{"description": "x"}]}, "title is missing"),
        ({"task": "x"}, r"\[\[task\]\]"),
        ({"tags": "x"}, "list of text"),
        ({"fields": {"deadline": "soon"}}, "deadline"),
        ({"task": [{"title": "x", "mandatory": "yes"}]}, "true or false"),
        ({"field": [{"title": "x"}]}, "name is missing"),
        ({"field": [{"name": "Big Name"}]}, "no name for a field"),
        ({"field": [{"name": "x", "kind": "choice"}]}, "choices belong"),
    ],
)
def test_what_is_wrong_is_said_with_the_file(document, complaint):
    with pytest.raises(SettingsError, match=complaint) as caught:
        template_from("t", document, "t.toml")
    assert caught.value.where.startswith("t.toml")


def test_a_runbooks_steps_are_tasks_by_their_first_sentence():
    page = (
        "# X\n\n## Look\n1. Did it **get in**? Filter `source_ip:X` and\n   look on.\n2. Block it\n"
    )
    assert steps_of(page) == (
        ("Did it get in?", "Did it **get in**? Filter `source_ip:X` and look on."),
        ("Block it", "Block it"),
    )


def test_tactics_are_told_from_techniques():
    tags = ["attack.credential-access", "attack.t1110", "attack.t1110.001", "cve.2021"]
    assert tactics_of(tags) == ("credential_access",)
    assert techniques_of(tags) == ("t1110", "t1110")


def test_a_step_over_several_lines_stays_whole_and_ticked_boxes_are_steps():
    page = "- [ ] Isolate the host\n  - by its switch\n- [x] Tell the owner\n"
    assert [step for _, step in steps_of(page)] == ["Isolate the host", "Tell the owner"]


def test_an_answer_is_kept_as_the_field_wants_it():
    asked = template_from(
        "t",
        {
            "field": [
                {"name": "far", "choices": ["Opened", "Clicked"]},
                {"name": "hosts", "kind": "number"},
                {"name": "ours", "kind": "yes_no"},
            ]
        },
        "t.toml",
    )
    assert asked.field("far").answered(" clicked ") == "Clicked"
    assert asked.field("hosts").answered("12") == "12"
    assert asked.field("ours").answered("") == ""
    for name, wrong in (("far", "maybe"), ("hosts", "many"), ("ours", "perhaps")):
        with pytest.raises(UsageError):
            asked.field(name).answered(wrong)
    with pytest.raises(UsageError, match="It asks far, hosts, ours"):
        asked.field("who")
