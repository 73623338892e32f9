from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from socconsole.store.human_ids import next_human_id


def test_numbers_have_no_gap_when_a_creation_fails(database, noon):
    def rolled_back() -> None:
        with database.begin() as session:
            next_human_id(session, "SOC", noon, UTC)
            raise InterruptedError

    with database.begin() as session:
        assert next_human_id(session, "SOC", noon, UTC) == "SOC-2026-001"
    with pytest.raises(InterruptedError):
        rolled_back()
    with database.begin() as session:
        assert next_human_id(session, "SOC", noon, UTC) == "SOC-2026-002"
        assert next_human_id(session, "INC", noon, UTC) == "INC-2026-001"


def test_the_year_is_the_teams_year(database):
    new_year_in_berlin = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    with database.begin() as session:
        assert (
            next_human_id(session, "SOC", new_year_in_berlin, ZoneInfo("Europe/Berlin"))
            == "SOC-2027-001"
        )
