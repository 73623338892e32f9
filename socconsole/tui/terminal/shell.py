"""Whether a shell waits behind the program."""

import os


def waits_behind() -> bool:
    """Return whether a shell with job control started this: one that notices when it stops."""
    parent = os.getppid()
    try:
        return os.getpgid(parent) != os.getpgrp() and os.getsid(parent) == os.getsid(0)
    except OSError:
        return False
