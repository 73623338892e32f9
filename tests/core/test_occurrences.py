import pytest

from socconsole.core.occurrences import occurrences


@pytest.mark.parametrize(
    ("text", "needle", "found"),
    [
        ("Failed: failed", "FAILED", ["Failed", "failed"]),
        ("die große Straße 7", "STRASSE", ["Straße"]),
        ("die große Straße 7", "7", ["7"]),
        ("İİ x", "x", ["x"]),
        ("aaa", "aa", ["aa"]),
        ("nothing here", "", []),
    ],
)
def test_what_is_searched_for_is_found_where_it_stands(text, needle, found):
    assert [text[start:end] for start, end in occurrences(text, needle)] == found
