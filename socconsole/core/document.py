"""A report as blocks, and the same blocks as Markdown and as HTML.

Text may come from logs: it is shown, never obeyed, in both.
"""

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from socconsole.core.safe_text import safe_text


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 1 to 3."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text; line ends are kept."""

    text: str


@dataclass(frozen=True, slots=True)
class Listing:
    """Items, one each."""

    items: Sequence[str]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]


Block: TypeAlias = Heading | Paragraph | Listing | Grid


def as_markdown(blocks: Iterable[Block], label: str) -> str:
    """Return the blocks as Markdown, the sharing label first, last and at every chapter."""
    lines = [f"**{label}**", ""]
    for block in blocks:
        if isinstance(block, Heading):
            if block.level == 2:
                lines += ["", f"*{label}*"]
            lines += ["", f"{'#' * block.level} {_marked_down(block.text)}", ""]
        elif isinstance(block, Paragraph):
            lines += [*(f"{_marked_down(line)}  " for line in block.text.splitlines()), ""]
        elif isinstance(block, Listing):
            lines += [*(f"- {_marked_down(item)}" for item in block.items), ""]
        else:
            lines += [_cells(block.head), "|" + "---|" * len(block.head)]
            lines += [*(_cells(row) for row in block.rows), ""]
    return "\n".join([*lines, f"**{label}**", ""])


def _cells(cells: Sequence[str]) -> str:
    return "| " + " | ".join(_marked_down(cell) for cell in cells) + " |"


_SPECIAL = "\\`*_{}[]<>#|~!&"


def _marked_down(text: str) -> str:
    """Return `text` so that Markdown and a terminal show it instead of obeying it."""
    shown = " ".join(safe_text(line) for line in text.splitlines() if line.strip())
    return "".join(f"\\{c}" if c in _SPECIAL else c for c in shown)


_STYLE = """
body { font: 11pt/1.4 sans-serif; margin: 2.5em auto; max-width: 60em; color: #111; }
table { border-collapse: collapse; width: 100%; margin: .5em 0 1em; }
th, td { border: 1px solid #999; padding: .2em .5em; text-align: left; vertical-align: top;
         overflow-wrap: anywhere; }
.label { position: fixed; left: 0; right: 0; text-align: center; font-weight: bold;
         background: #000; color: #fff; padding: .2em; }
.top { top: 0; } .bottom { bottom: 0; }
@page { margin: 2cm; }
"""


def as_html(blocks: Iterable[Block], title: str, label: str) -> str:
    """Return the blocks as one HTML page without scripts; the label stands on every printed page.

    A fixed element repeats on each page when a browser prints.
    """
    body = "\n".join(_html(block) for block in blocks)
    shown_title, shown_label = html.escape(safe_text(title)), html.escape(label)
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        "<!doctype html>\n"
        '<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f"<title>{shown_label} {shown_title}</title>\n<style>{_STYLE}</style></head><body>\n"
        f'<div class="label top">{shown_label}</div>\n'
        f'<div class="label bottom">{shown_label}</div>\n'
        f"{body}\n</body></html>\n"
    )


def _html(block: Block) -> str:
    if isinstance(block, Heading):
        return f"<h{block.level}>{_text(block.text)}</h{block.level}>"
    if isinstance(block, Paragraph):
        return f"<p>{'<br>'.join(_text(line) for line in block.text.splitlines())}</p>"
    if isinstance(block, Listing):
        return "<ul>" + "".join(f"<li>{_text(item)}</li>" for item in block.items) + "</ul>"
    head = "".join(f"<th>{_text(cell)}</th>" for cell in block.head)
    rows = "".join(
        "<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>" for row in block.rows
    )
    return f"<table><tr>{head}</tr>{rows}</table>"


def _text(text: str) -> str:
    return html.escape(" ".join(safe_text(line) for line in text.splitlines() if line.strip()))
