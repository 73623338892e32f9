"""Finding and opening the files of a source without following anything planted there."""

import errno
import fnmatch
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass

FILES_CAP = 20_000
"""Files of one source that are taken up; what is beyond them is told as a problem."""

_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_GONE = frozenset({errno.ENOENT, errno.ENOTDIR})


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSource:
    """What of the file system belongs to one source."""

    name: str
    path: str
    """A file, a folder or a glob, absolute."""
    exclude: tuple[str, ...] = ()
    """Globs of file names or paths to leave out."""
    follow_symlinks: bool = False
    """Read symbolic links to regular files; links to directories are never followed."""
    from_end: bool = False
    """Begin at the end of files that are there before the source is first read."""
    is_spool: bool = False
    """Our own files: that they come and go is nothing to remark on."""
    late_write_secs: float = 60.0
    """How long a file that was moved away is still read after its last byte."""


@dataclass(slots=True)
class Listing:
    """What one look at a source's folders found."""

    entries: list[tuple[bytes, os.stat_result]]
    """Regular files, each inode once, oldest first; the newest when there are too many."""
    folders: dict[bytes, None]
    """Directories that can hold matching files."""
    problems: list[tuple[bytes, OSError]]
    """Places that could not be looked at: what is there is unknown, not gone."""
    left_out: set[tuple[int, int]]
    """Device and inode of the files that are too many."""


def has_magic(path: bytes) -> bool:
    """Whether `path` is a glob."""
    return any(mark in path for mark in (b"*", b"?", b"["))


def look(source: FileSource) -> Listing:
    """List the files of `source` as they are now."""
    listing = Listing([], {}, [], set())
    exclude = [os.fsencode(one) for one in source.exclude]
    seen: set[tuple[int, int]] = set()
    for path in _candidates(os.fsencode(source.path), listing):
        name = os.path.basename(path)
        if any(fnmatch.fnmatchcase(name, one) or fnmatch.fnmatchcase(path, one) for one in exclude):
            continue
        try:
            found = os.stat(path, follow_symlinks=source.follow_symlinks)
        except OSError as error:
            if error.errno not in _GONE:
                listing.problems.append((path, error))
            continue
        key = (found.st_dev, found.st_ino)
        if stat.S_ISREG(found.st_mode) and key not in seen:
            seen.add(key)
            listing.entries.append((path, found))
    listing.entries.sort(key=lambda entry: entry[1].st_mtime_ns)
    if len(listing.entries) > FILES_CAP:
        _leave_out(listing, os.fsencode(source.path))
    return listing


def _leave_out(listing: Listing, path: bytes) -> None:
    """Leave the oldest files out, and say so."""
    count = len(listing.entries)
    listing.left_out = {(one.st_dev, one.st_ino) for _, one in listing.entries[:-FILES_CAP]}
    del listing.entries[:-FILES_CAP]
    text = (
        f"{count:,} files match and the newest {FILES_CAP:,} are read;"
        " exclude some, or name fewer in each source"
    )
    listing.problems.append((path, OSError(errno.EMFILE, text)))


def _candidates(pattern: bytes, listing: Listing) -> Iterator[bytes]:
    if not has_magic(pattern) or os.path.lexists(pattern):
        if os.path.isdir(pattern):
            yield from _children(pattern, b"*", listing)
        else:
            listing.folders[os.path.dirname(pattern) or b"."] = None
            yield pattern
        return
    parts = pattern.split(b"/")
    fixed = next(index for index, part in enumerate(parts) if has_magic(part))
    yield from _expand(b"/".join(parts[:fixed]) or b"/", parts[fixed:], listing)


def _expand(folder: bytes, parts: list[bytes], listing: Listing) -> Iterator[bytes]:
    part, rest = parts[0], parts[1:]
    if part == b"**":
        yield from _expand(folder, rest or [b"*"], listing)
        for child in _folders(folder, b"*", listing):
            yield from _expand(child, parts, listing)
    elif not rest:
        yield from _children(folder, part, listing)
    elif has_magic(part):
        for child in _folders(folder, part, listing):
            yield from _expand(child, rest, listing)
    else:
        yield from _expand(os.path.join(folder, part), rest, listing)


def _entries(folder: bytes, listing: Listing) -> "list[os.DirEntry[bytes]]":
    try:
        with os.scandir(folder) as found:
            entries = list(found)
    except OSError as error:
        if error.errno not in _GONE:
            listing.problems.append((folder, error))
        return []
    listing.folders[folder] = None
    return entries


def _matches(name: bytes, pattern: bytes) -> bool:
    if name.startswith(b".") and not pattern.startswith(b"."):
        return False
    return fnmatch.fnmatchcase(name, pattern)


def _children(folder: bytes, pattern: bytes, listing: Listing) -> Iterator[bytes]:
    for entry in _entries(folder, listing):
        if _matches(entry.name, pattern):
            yield entry.path


def _folders(folder: bytes, pattern: bytes, listing: Listing) -> Iterator[bytes]:
    for entry in _entries(folder, listing):
        try:
            if _matches(entry.name, pattern) and entry.is_dir(follow_symlinks=False):
                yield entry.path
        except OSError as error:
            listing.problems.append((entry.path, error))


def open_regular(path: bytes, *, follow_symlinks: bool = False) -> tuple[int, os.stat_result]:
    """Open a regular file for reading, never waiting and never through a planted link.

    Raises:
        OSError: It cannot be opened, or it is no regular file (EINVAL).

    """
    fd = os.open(path, _FLAGS if follow_symlinks else _FLAGS | os.O_NOFOLLOW)
    found = os.fstat(fd)
    if not stat.S_ISREG(found.st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "not a regular file", path)
    return fd, found


def is_gone(path: bytes) -> bool:
    """Whether nothing is at `path`; False also when that cannot be told."""
    try:
        os.lstat(path)
    except OSError as error:
        return error.errno in _GONE
    return False
