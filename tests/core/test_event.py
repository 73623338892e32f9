"""What an event says of itself: values by path, the envelope, the entities."""

from socconsole.core.event import Event, LogSource, entities, envelope, lookup

NAMES = {"user.name": "who", "source.ip": "net.ip", "host.name": "host", "message": "text"}


def an_event(**fields: object) -> Event:
    return Event("test", (LogSource(),), fields, "raw", None, names=NAMES)


def test_a_path_is_a_field_of_that_name_first_and_a_way_through_mappings_else():
    fields = {"a.b": 1, "a": {"b": 2, "c": {"d": 3}}}
    assert (lookup(fields, "a.b"), lookup(fields, "a.c.d"), lookup(fields, "a.x")) == (1, 3, None)
    assert lookup({"a": "text"}, "a.b") is None


def test_entities_are_the_names_that_have_a_value():
    event = an_event(who="mara", net={"ip": "192.0.2.7"}, host="-", text="hello")
    assert entities(event) == {"user": "mara", "source_ip": "192.0.2.7"}
    assert envelope(event) == {"user.name": "mara", "source.ip": "192.0.2.7", "message": "hello"}


def test_words_for_nothing_are_no_entity():
    for nothing in (None, "", "-", "?", "(null)", "N/A"):
        assert entities(an_event(who=nothing)) == {}
