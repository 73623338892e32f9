from socconsole.services.window_memory import matcher_memory, save_matcher_memory
from socconsole.sigma.memory import Memory, name_of

ANN, BOB, CAL = (("rule", name_of((user,))) for user in ("ann", "bob", "cal"))


def saved(database, noon, memory, **where):
    with database.begin() as session:
        save_matcher_memory(session, "form", memory, {"rule": "lost: 1"}, now=noon, **where)


def found(database, **where):
    with database.read() as session:
        memory = matcher_memory(session, "form", **where)
    return memory and (memory.head, memory.parts)


def test_changes_add_up_to_the_whole_and_forgotten_parts_are_gone(database, noon):
    saved(database, noon, Memory(b"1", {ANN: b"a", BOB: b"b"}, is_whole=True))
    saved(database, noon, Memory(b"2", {BOB: None, CAL: b"c", ANN: b"a2"}))
    assert found(database) == (b"2", {ANN: b"a2", CAL: b"c"})
    saved(database, noon, Memory(b"3", {BOB: b"b3"}, is_whole=True))
    assert found(database) == (b"3", {BOB: b"b3"})


def test_each_lease_has_its_own_memory(database, noon):
    saved(database, noon, Memory(b"1", {ANN: b"a"}, is_whole=True))
    saved(database, noon, Memory(b"2", {ANN: b"other"}, is_whole=True), group="branch")
    assert found(database) == (b"1", {ANN: b"a"})
    assert found(database, group="branch") == (b"2", {ANN: b"other"})


def test_memory_of_another_form_is_left_alone(database, noon):
    saved(database, noon, Memory(b"1", {ANN: b"a"}, is_whole=True))
    with database.read() as session:
        assert matcher_memory(session, "another form") is None
    assert found(database, group="nobody") is None
