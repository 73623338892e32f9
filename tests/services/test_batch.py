from socconsole.services.batch import BATCH_EVENTS, SERVER_HOLD_SECS, Pace


def test_batches_shrink_while_they_keep_the_lock_long_and_grow_again():
    pace = Pace()
    for _ in range(3):
        pace.held(0.2)
    assert pace.events == BATCH_EVENTS // 8
    for _ in range(9):
        pace.held(5.0)
    assert pace.events == 50
    for _ in range(9):
        pace.held(0.0)
    assert pace.events == BATCH_EVENTS


def test_batches_stay_large_on_a_server_whose_trips_cost_more_than_its_locks():
    pace = Pace(hold=SERVER_HOLD_SECS)
    for _ in range(9):
        pace.held(0.2)
    assert pace.events == BATCH_EVENTS
