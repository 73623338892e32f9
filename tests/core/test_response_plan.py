import tomllib
from datetime import date, timedelta

import pytest

from socconsole.content import PLAN
from socconsole.core.response_plan import plan_from
from socconsole.errors import SettingsError


def test_the_shipped_plan_knows_every_severity():
    plan = plan_from(tomllib.loads(PLAN.read_text(encoding="utf-8")), "plan")
    assert set(plan.levels) == {1, 2, 3, 4, 5}
    assert plan.levels[1].update_every == timedelta(minutes=30)
    assert [c.whom for c in plan.escalated(3)] == ["shift lead"]
    phases = [duty.phase for duty in plan.done(1)]
    assert phases.index("containment") < phases.index("recovery")
    assert all(duty.title for duty in plan.done(5))


def test_a_plan_nobody_reviewed_for_half_a_year_is_stale():
    plan = plan_from({"reviewed_on": date(2026, 1, 1)}, "plan")
    assert not plan.is_stale(date(2026, 6, 30))
    assert plan.is_stale(date(2026, 7, 1))
    assert plan_from({}, "plan").is_stale(date(2026, 1, 1))


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ({"severity": [{"level": 9, "criteria": "x"}]}, "level 9"),
        ({"duty": [{"title": "x"}]}, "phase"),
        ({"duty": [{"title": "x", "phase": "lunch"}]}, "lunch"),
        ({"tell": [{"within": "1h"}]}, "whom is missing"),
        ({"reviewed_on": "yesterday"}, "is a date"),
        ({"extra": 1}, "Unknown key"),
    ],
)
def test_what_is_wrong_with_a_plan_is_said(document, complaint):
    with pytest.raises(SettingsError, match=complaint):
        plan_from(document, "plan.toml")
