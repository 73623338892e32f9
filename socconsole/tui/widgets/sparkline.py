"""Numbers as a row of blocks: one line, one style, a hundred bytes."""

from collections.abc import Sequence
from itertools import pairwise

_BLOCKS = " ▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], width: int) -> str:
    """Return `values` as at most `width` blocks, the largest one full; sums where they must share.

    A value above zero is never drawn as nothing.
    """
    if not values or width <= 0:
        return ""
    columns = _shared(values, width)
    top = max(columns)
    if top <= 0:
        return _BLOCKS[1] * len(columns)
    return "".join(_block(value, top) for value in columns)


def _block(value: float, top: float) -> str:
    if value <= 0:
        return _BLOCKS[1]
    return _BLOCKS[max(2, round(value / top * 8))]


def _shared(values: Sequence[float], width: int) -> list[float]:
    single = list(values)  # a deque is a sequence too, and has no slices
    if len(single) <= width:
        return single
    edges = [round(column * len(single) / width) for column in range(width + 1)]
    return [sum(single[low:high]) for low, high in pairwise(edges)]
