from socconsole.services.batch import BATCH_EVENTS, Pace


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
