"""How much of what a console has freed the C library keeps for itself."""

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""What glibc's `mallopt` calls them."""
_LARGE_BYTES = 128 * 1024


def keep_little_memory() -> None:
    """Let the C library keep less of what is freed; to be called before there are threads.

    The ids of a million alerts pass through strings of megabytes. Left alone, glibc grows used to
    such sizes and keeps them, in each thread's own arena.
    """
    import ctypes  # not before the first frame

    tune = getattr(ctypes.CDLL(None), "mallopt", None)
    if tune is not None:
        for name, value in (
            (_ARENA_MAX, 1),
            (_MMAP_THRESHOLD, _LARGE_BYTES),
            (_TRIM_THRESHOLD, _LARGE_BYTES),
        ):
            tune(name, value)


def give_back_memory() -> None:
    """Return freed memory to the system where the C library can."""
    import ctypes

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
