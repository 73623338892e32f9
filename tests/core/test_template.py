"""Steps of a runbook become tasks."""

from socconsole.core.template import steps_of


def test_a_step_over_several_lines_is_one_task():
    page = (
        "# Page\n\n1. Did it get in? Filter by the\n   address and look.\n2. Is it yours?\n\nEnd."
    )
    assert steps_of(page) == ("Did it get in? Filter by the address and look.", "Is it yours?")


def test_ticked_boxes_are_steps_and_their_sub_points_are_not():
    assert steps_of("- [ ] Isolate the host\n  - by its switch\n- [x] Tell the owner\n") == (
        "Isolate the host",
        "Tell the owner",
    )
