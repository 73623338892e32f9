from html.parser import HTMLParser

from socconsole.core.document import Grid, Heading, Listing, Paragraph, as_html, as_markdown

HOSTILE = "<script>alert(1)</script> **x** [a](javascript:b) | \x1b[2J \u202e"
BLOCKS = [
    Heading(1, HOSTILE),
    Heading(2, "Next"),
    Paragraph(f"one\n{HOSTILE}"),
    Listing([HOSTILE]),
    Grid(("a", "b"), [(HOSTILE, "y")]),
]


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen = []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)


def test_html_shows_hostile_text_and_runs_none_of_it():
    page = as_html(BLOCKS, HOSTILE, "TLP:AMBER")
    parser = Tags()
    parser.feed(page)
    assert "script" not in parser.seen
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert page.count(">TLP:AMBER<") == 2
    assert "default-src 'none'" in page


def test_markdown_escapes_what_it_would_obey():
    page = as_markdown(BLOCKS, "TLP:AMBER")
    assert "<script>" not in page
    assert "[a](" not in page
    assert "\x1b" not in page
    assert page.startswith("**TLP:AMBER**")
    assert page.rstrip().endswith("**TLP:AMBER**")
    assert page.count("TLP:AMBER") == 3


def test_a_cell_cannot_break_out_of_its_table():
    row = next(line for line in as_markdown(BLOCKS, "x").splitlines() if "y |" in line)
    assert row.replace("\\|", "").count("|") == 3
