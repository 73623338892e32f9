"""Which processes hold an SQLite database's locks, and whether they get on; Linux tells that."""

import time
from pathlib import Path

LOCKS = Path("/proc/locks")
_WRITER = 120, 120
"""The byte of the `-shm` file that whoever writes has locked: first and last."""
_READERS = 123, 127
"""Those of the readers."""
_UNSEEN = 0
_LOOKS = 4
_BETWEEN_LOOKS = 0.005
_BUSY_STATES = frozenset("RD")
"""Ready for a processor, or waiting for a disk."""


def readers(shared: Path, locks: Path = LOCKS) -> frozenset[int]:
    """Return the processes that are reading a database, by the locks on its `-shm` file."""
    return _holders(shared, locks, "READ", _READERS) - {_UNSEEN}


def writer(shared: Path, locks: Path = LOCKS) -> int | None:
    """Return the process that is writing a database, 0 for one of another container.

    None: nobody is, or no file tells who holds locks.
    """
    return next(iter(_holders(shared, locks, "WRITE", _WRITER)), None)


def beside(database: Path) -> Path:
    """Return the file in which SQLite's processes lock a database."""
    return database.with_name(f"{database.name}-shm")


def is_at_work(pid: int) -> bool:
    """Tell whether some thread of a process computes, waits for a processor or for a disk."""
    for look in range(_LOOKS):
        if look:
            time.sleep(_BETWEEN_LOOKS)
        if not _states(pid) & _BUSY_STATES:
            return False
    return True


def command(pid: int) -> str:
    """Return what a process was started as."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return "another account's"
    return b" ".join(words).decode(errors="replace").strip()[:120]


def _holders(shared: Path, locks: Path, kind: str, marks: tuple[int, int]) -> frozenset[int]:
    try:
        inode = shared.stat().st_ino
        lines = locks.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return frozenset()
    found = (_holder(line, inode, kind, marks) for line in lines)
    return frozenset(pid for pid in found if pid is not None)


def _holder(line: str, inode: int, kind: str, marks: tuple[int, int]) -> int | None:
    """Return whose lock a line of `/proc/locks` shows, where it is one of those asked for."""
    words = line.split()
    if len(words) < 8 or words[1] != "POSIX" or words[3] != kind:
        return None
    is_mark = marks[0] <= int(words[6]) <= marks[1]
    return int(words[4]) if is_mark and words[5].endswith(f":{inode}") else None


def _states(pid: int) -> set[str]:
    """Return the states of a process's threads."""
    found = set()
    try:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            line = (thread / "stat").read_text(errors="replace")
            found.add(line.rpartition(")")[2].split()[0])
    except (OSError, IndexError):  # it has ended meanwhile
        pass
    return found
