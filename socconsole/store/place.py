"""Where a database file may lie, and who may read it."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from socconsole.errors import StoreError
from socconsole.store import driver

MOUNTS = Path("/proc/self/mountinfo")
EVENTS_SUFFIX = ".socev"
_ESCAPED = (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\"))
"""How a mount point's blanks and backslashes are written."""
_REMOTE = frozenset(
    {
        "nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "9p", "afs", "coda", "ceph", "glusterfs",
        "davfs", "lustre", "beegfs", "gpfs", "orangefs", "pvfs2", "gfs", "gfs2", "ocfs2",
        "virtiofs", "vboxsf", "vmhgfs", "prl_fs", "drvfs", "fuse",
    }
)  # fmt: skip
"""Shared by several hosts, or by a host and the machine inside it."""
_LOCAL_FUSE = frozenset(
    {
        "fuse-overlayfs", "gocryptfs", "cryfs", "encfs", "securefs", "mergerfs", "bindfs",
        "ext2", "ext4", "ntfs", "ntfs-3g", "exfat", "zfs", "portal",
    }
)  # fmt: skip
"""What lies in a process of one's own above a local disk; every other one may be a network's."""
_SPACE_BESIDE = 64 * 1024
"""Bytes the files take that SQLite makes beside a database to begin with."""
_OWNER_ONLY, _TEAM = 0o600, 0o660


def at_its_own_name(path: Path) -> Path:
    """Return where a database lies that may be named by a symbolic link.

    What belongs to it lies beside it: two names would make two sets of events and anchors.
    """
    return path if str(path) == ":memory:" else Path(os.path.realpath(path))


def make_file(path: Path, *, page_size: int = 4096) -> None:
    """Make an empty database file, where there is none.

    Only its owner may read it; in a folder that hands its group down (mode 2770) the group may
    write it too, which SQLite never arranges by itself.
    """
    if path.exists():
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    mode = mode_in(path.parent)
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, mode)
    except FileExistsError:
        return  # another process was faster
    try:
        os.fchmod(handle, mode)
    finally:
        os.close(handle)
    connection = driver.connect(str(path))
    try:
        connection.execute(f"PRAGMA page_size={page_size}")
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()


@dataclass(frozen=True, slots=True)
class Still:
    """A file at rest that is read without locks, as it lay there when it was opened."""

    path: Path
    modified: int
    size: int
    is_full: bool = False
    """Whether it is for want of space that nothing can be written."""

    @classmethod
    def of(cls, path: Path, *, is_full: bool = False) -> "Still":
        """Return the file as it lies there."""
        found = path.stat()
        return cls(path, found.st_mtime_ns, found.st_size, is_full)

    @property
    def is_so(self) -> bool:
        """Whether nobody has begun to change the file since."""
        try:
            now = Still.of(self.path, is_full=self.is_full)
            return not _is_kept(_log_of(self.path)) and now == self
        except OSError:
            return False


def opened(path: Path, timeout: float = 2.0) -> tuple[driver.Connection, Still | None]:
    """Open a database; one beside which nothing can be written for reading, as it lies there.

    SQLite makes two files beside a database, even to read it. Without them it must not change.

    Raises:
        StoreError: It is not at rest, so that it cannot be read without them.

    """
    connection = driver.connect(str(path), timeout=timeout)
    try:
        connection.execute("PRAGMA schema_version")
    except driver.DatabaseError as error:
        connection.close()
        is_full = driver.is_disk_failure(error) and _is_full(path.parent)
        if not (is_full or driver.is_barred(error)) or not os.access(path, os.R_OK):
            raise
    else:
        return connection, None
    log = _log_of(path)
    if _is_kept(log):
        raise StoreError(
            "What was stored last lies in a log beside the database that cannot be read here.",
            hint=f"Copy {path.name} and {log.name} into a folder you may write, and look there.",
            where=str(path),
        )
    still = Still.of(path, is_full=is_full)
    uri = f"{path.absolute().as_uri()}?immutable=1"
    return driver.connect(uri, timeout=timeout, uri=True), still


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _is_full(folder: Path) -> bool:
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize < _SPACE_BESIDE


def _is_kept(log: Path) -> bool:
    """Tell whether something lies in a log that is not in its database yet."""
    return log.exists() and log.stat().st_size > 0


def identity(path: Path) -> tuple[int, int] | None:
    """Return what tells the file at `path` from every other one; None when there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def mode_in(folder: Path) -> int:
    """Return the rights of a database file in `folder`."""
    return _TEAM if is_team_folder(folder) else _OWNER_ONLY


def events_beside(path: Path) -> Path:
    """Return the folder of a database's event days; two databases in one folder share none."""
    return path.with_name(path.name + ".events")


def make_folder(path: Path, like: Path) -> None:
    """Make a folder for files of the database, open to whom the folder `like` is open."""
    if path.is_dir():
        return
    if is_team_folder(like):
        path.mkdir(mode=0o770, parents=True, exist_ok=True)
        path.chmod(0o2770)
    else:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)


def is_team_folder(folder: Path) -> bool:
    """Tell whether files in `folder` belong to its group, whose members may write them."""
    mode = folder.stat().st_mode
    return bool(mode & stat.S_ISGID and mode & stat.S_IWGRP)


def check_rights(path: Path) -> None:
    """Refuse what is no file, and a file that others may read but not write.

    A reader of a write-ahead database makes side files of its own, and then the owner is locked
    out. And logs are nobody's business but the team's.

    Raises:
        StoreError: It is no file, or the mode is neither private nor the team's.

    """
    if not path.exists():
        return
    found = path.stat().st_mode
    if not stat.S_ISREG(found):
        kind = "a folder" if stat.S_ISDIR(found) else "a device, a pipe or a socket"
        raise StoreError(
            f"This is {kind}, and a database is a file.",
            hint="Name a file with --db.",
            where=str(path),
        )
    mode = stat.S_IMODE(found)
    if mode & 0o007:
        raise StoreError(
            f"Everybody on this host may use the database (mode {mode:04o}).",
            hint=f"Run `chmod 600 {path}`; for a team see `socconsole help team`.",
            where=str(path),
        )
    if mode & 0o040 and not mode & 0o020:
        raise StoreError(
            f"The group may read the database but not write it (mode {mode:04o}).",
            hint=f"Run `chmod 660 {path}` for a team, or `chmod 600 {path}`.",
            where=str(path),
        )


def check_file_system(path: Path, mounts: Path = MOUNTS) -> None:
    """Refuse a file system that several hosts share: SQLite's locks do not hold there.

    Raises:
        StoreError: The folder is on such a file system.

    """
    kind = file_system(path.absolute().parent, mounts)
    _, above, process = kind.partition("fuse.")
    if kind in _REMOTE or (above and process not in _LOCAL_FUSE):
        raise StoreError(
            f"The database would lie on a network file system ({kind}), where it gets damaged.",
            hint="Use a local disk, or PostgreSQL for several hosts.",
            where=str(path),
        )


def file_system(folder: Path, mounts: Path = MOUNTS) -> str:
    """Return the kind of file system `folder` lies on; empty where that cannot be told."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    best, kind = -1, ""
    resolved = folder.resolve()
    for line in lines:
        left, _, right = line.partition(" - ")
        fields = left.split()
        if len(fields) < 5 or not right:
            continue
        point = fields[4]
        for written, meant in _ESCAPED:
            point = point.replace(written, meant)
        if resolved.is_relative_to(point) and len(point) >= best:
            best, kind = len(point), right.split()[0]
    return kind
