"""What is known of a log source, as lines."""

from typing import TYPE_CHECKING

from socconsole.tui.cells import clock, many, stamp
from socconsole.tui.lines import Line

if TYPE_CHECKING:
    from socconsole.store.queries.sources import SourceNoteRow, SourceRow


def source_style(row: "SourceRow") -> str:
    """Return the style of a source's state."""
    if row.error:
        return "bad"
    return "good" if row.enabled else "muted"


def source_lines(row: "SourceRow", notes: "tuple[SourceNoteRow, ...]") -> list[Line]:
    """Return what is known of a source and what happened to it."""
    lines: list[Line] = [
        ((row.name, "heading"), (f"  {row.path}", "muted")),
        ((f"{row.state}", source_style(row)), (f"  {row.error}" if row.error else "", "bad")),
        (
            (f"{many(row.lines, 'line')}, {many(row.events, 'event')}, ", ""),
            (f"{row.unparsed:,} unparsed, {many(row.bytes, 'byte')}, ", ""),
            (f"{row.lag_bytes:,} not read yet, {many(row.files, 'file')}", ""),
        ),
        (("last event ", "muted"), (stamp(row.last_event_time), "")),
        (("last read  ", "muted"), (stamp(row.last_read_at), "")),
        (),
    ]
    if row.half_line:
        lines.append((("half a line, not matched yet: ", "warn"), (row.half_line, "")))
    lines += [(("read as ", "muted"), (text, "")) for text in row.formats]
    lines += [(), (("What happened to it", "heading"),)]
    if not notes:
        lines.append((("Nothing worth a remark.", "muted"),))
    for note in notes:
        where = f"  {note.path}  {bytes_of(note)}"
        lines.append(
            (
                (f"{stamp(note.at)[:10]} {clock(note.at)} ", "muted"),
                (f"{note.kind:<12} ", "warn"),
                (note.text, ""),
                (where, "muted"),
            )
        )
    return lines


def bytes_of(note: "SourceNoteRow") -> str:
    """Return which bytes a note is about."""
    if note.first is None:
        return ""
    return f"byte {note.first:,} to " + ("?" if note.last is None else f"{note.last:,}")
