"""What a benchmark prints in the end."""

import json
from collections.abc import Mapping


def print_figures(figures: Mapping[str, object], *, as_json: bool) -> None:
    """Print each figure by its name, as one JSON object or as a line."""
    if as_json:
        print(json.dumps(figures))
        return
    width = max(map(len, figures), default=0)
    for name, value in figures.items():
        print(f"{name:{width}} {value}")
