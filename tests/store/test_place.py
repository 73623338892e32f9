import os
import stat

import pytest

from socconsole.errors import StoreError
from socconsole.store.database import Database
from socconsole.store.place import check_file_system, events_beside


def mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def created(path):
    database = Database(str(path))
    database.create()
    with database.read() as session:
        session.connection()
        modes = {each.name: mode(each) for each in path.parent.iterdir() if each.is_file()}
    database.close()
    return modes


def test_a_database_is_its_owners_alone(tmp_path):
    modes = created(tmp_path / "new" / "soc.db")
    assert set(modes.values()) == {0o600}
    assert mode(tmp_path / "new") == 0o700


def test_in_a_teams_folder_the_group_may_write_every_file(tmp_path):
    team = tmp_path / "team"
    team.mkdir()
    team.chmod(0o2770)
    modes = created(team / "soc.db")
    assert modes
    assert set(modes.values()) == {0o660}


@pytest.mark.parametrize(("bad", "hint"), [(0o640, "chmod 660"), (0o644, "chmod 600")])
def test_a_file_that_others_may_only_read_is_refused(tmp_path, bad, hint):
    path = tmp_path / "soc.db"
    created(path)
    path.chmod(bad)
    database = Database(str(path))
    with pytest.raises(StoreError) as refused:
        database.create()
    database.close()
    assert hint in refused.value.hint


def test_a_folder_or_a_pipe_is_refused_and_left_as_it_is(tmp_path):
    os.mkfifo(tmp_path / "pipe", 0o644)
    (tmp_path / "folder").mkdir(mode=0o755)
    for name, kind in (("pipe", "pipe"), ("folder", "a folder")):
        database = Database(str(tmp_path / name))
        with pytest.raises(StoreError, match=kind) as refused:
            database.create()
        database.close()
        assert "chmod" not in refused.value.hint


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "9p", "virtiofs", "fuse.sshfs", "fuse.rclone"])
def test_a_network_file_system_is_refused(tmp_path, kind):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "21 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
        f"30 21 0:40 / {tmp_path} rw,relatime shared:1 - {kind} server:/x rw\n"
    )
    with pytest.raises(StoreError, match=f"network file system \\({kind}\\)"):
        check_file_system(tmp_path / "soc.db", mounts)


def test_a_mount_point_is_known_whatever_its_name_has_in_it(tmp_path):
    mounts = tmp_path / "mountinfo"
    folder = tmp_path / "a b\\c"
    written = str(folder).replace("\\", "\\134").replace(" ", "\\040")
    mounts.write_text(f"30 21 0:40 / {written} rw - nfs4 server:/x rw\n")
    with pytest.raises(StoreError, match="network"):
        check_file_system(folder / "soc.db", mounts)


@pytest.mark.parametrize("kind", ["overlay", "tmpfs", "fuseblk", "fuse.fuse-overlayfs"])
def test_what_is_local_is_not_taken_for_a_network(tmp_path, kind):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"30 21 0:40 / / rw - {kind} x rw\n")
    check_file_system(tmp_path / "soc.db", mounts)


def test_a_database_named_by_a_link_lies_where_the_link_points(tmp_path):
    """Events and anchors lie beside it: under each name there would be others."""
    real, link = tmp_path / "real" / "soc.db", tmp_path / "soc.db"
    link.symlink_to(real)
    assert set(created(link).values()) == {0o600}
    for named in (str(link), f"sqlite:///{link}"):
        database = Database(named)
        database.create()
        assert database.path == real
        assert events_beside(database.path).parent == real.parent
        database.close()
    assert link.is_symlink()


def test_a_local_disk_is_not(tmp_path):
    mounts = tmp_path / "mountinfo"
    mounts.write_text("21 1 8:1 / / rw - ext4 /dev/sda1 rw\n22 21 0:4 / /proc rw - proc p rw\n")
    check_file_system(tmp_path / "soc.db", mounts)
    check_file_system(tmp_path / "soc.db", tmp_path / "absent")
