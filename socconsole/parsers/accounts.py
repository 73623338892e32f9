"""useradd, usermod, userdel, groupadd, passwd and their relatives: accounts that change."""

from socconsole.parsers.parser import Sample
from socconsole.parsers.phrases import MAINTENANCE, Program, Read, linux, phrase

_SOURCES = linux("auth")

PROGRAM = Program(
    name="useradd",
    title="useradd, usermod, userdel, groupadd, passwd, chage",
    tags=(
        "useradd",
        "usermod",
        "userdel",
        "adduser",
        "deluser",
        "groupadd",
        "groupmod",
        "groupdel",
        "gpasswd",
        "passwd",
        "chpasswd",
        "chage",
        "chfn",
        "chsh",
        "newusers",
        "vipw",
    ),
    read=Read(
        "useradd",
        _SOURCES,
        (
            phrase(
                r"new user: name=(?P<user>[^,]+), UID=(?P<uid>\d+), GID=(?P<gid>\d+), "
                r"home=(?P<home>.*?), shell=(?P<shell>[^,]*)(?:, from=(?P<from>.*))?$",
                "user_add",
                "success",
                MAINTENANCE,
            ),
            phrase(
                r"new group: name=(?P<group>[^,]+), GID=(?P<gid>\d+)$",
                "group_add",
                "success",
                MAINTENANCE,
            ),
            phrase(
                r"group added to (?P<file>\S+): name=(?P<group>[^,]+)(?:, GID=(?P<gid>\d+))?$",
                "group_add",
                "success",
                MAINTENANCE,
            ),
            phrase(
                r"add '(?P<user>.+)' to (?:shadow )?group '(?P<group>.+)'$",
                "group_member_add",
                "success",
                MAINTENANCE,
            ),
            phrase(
                r"(?:user|member) (?P<user>\S+) (?:added to|was added to) group (?P<group>\S+?)"
                r"(?: by (?P<by>\S+))?$",
                "group_member_add",
                "success",
                MAINTENANCE,
            ),
            phrase(r"delete user '(?P<user>.+)'$", "user_delete", "success", MAINTENANCE),
            phrase(
                r"(?:delete|removed) (?:shadow )?(?:group |')+(?P<group>[^']+)'.*$",
                "group_delete",
                "success",
                MAINTENANCE,
                first="delete removed",
            ),
            phrase(
                r"change user '(?P<user>.+?)' (?P<attribute>\S+)(?: from '(?P<old>.*)' to '(?P<new>.*)')?.*$",
                "user_change",
                "success",
                MAINTENANCE,
            ),
            phrase(
                r"(?:password changed for|changed password expiry for|unlock user) '?(?P<user>.+?)'?$",
                "password_change",
                "success",
                MAINTENANCE,
                first="password changed unlock",
            ),
            phrase(
                r"(?:pam_unix\(passwd:chauthtok\): )?password changed for (?P<user>\S+)$",
                "password_change",
                "success",
                MAINTENANCE,
            ),
            phrase(r"lock user '(?P<user>.+)'.*$", "user_lock", "success", MAINTENANCE),
            phrase(r"failed adding user '(?P<user>.+?)'.*$", "user_add", "failure", MAINTENANCE),
        ),
    ),
    samples=(
        Sample(
            line="Mar  1 04:12:09 web-1 useradd[90]: new user: name=backup2, UID=0, GID=0, home=/root, "
            "shell=/bin/bash, from=/dev/pts/0",
            fields={"uid": 0, "shell": "/bin/bash", "from": "/dev/pts/0"},
            names={"user.name": "backup2", "event.action": "user_add"},
            category=MAINTENANCE,
            logsources=_SOURCES,
        ),
        Sample(
            line="Mar  1 04:12:09 web-1 usermod[91]: add 'mallory' to group 'sudo'",
            fields={"group": "sudo"},
            names={"user.name": "mallory", "event.action": "group_member_add"},
            category=MAINTENANCE,
        ),
        Sample(
            line="Mar  1 04:12:09 web-1 usermod[9]: add 'mara' to group 'sudo'",
            names={
                "event.action": "group_member_add",
                "event.outcome": "success",
                "host.name": "web-1",
                "user.name": "mara",
            },
            time="2026-03-01T04:12:09Z",
            category=MAINTENANCE,
        ),
        Sample(
            line="Mar  1 04:12:09 web-1 useradd[9]: new user: name=x y, UID=0, GID=0, home=/root, "
            "shell=/bin/bash, from=/dev/pts/0",
            names={
                "event.action": "user_add",
                "event.outcome": "success",
                "host.name": "web-1",
                "user.name": "x y",
            },
            time="2026-03-01T04:12:09Z",
            category=MAINTENANCE,
        ),
    ),
)
