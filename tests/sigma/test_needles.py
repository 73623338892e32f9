"""Literals searched together: every way of searching finds the same."""

import random

import pytest

from socconsole.sigma import needles
from socconsole.sigma.needles import Needles


def a_text(chance, length, letters):
    return "".join(chance.choices(letters, k=length))


@pytest.mark.parametrize("letters", ["ab\\. é\n'", "ab\0"])
@pytest.mark.parametrize("count", [1, needles._FEW, needles._FEW + 1, 300])
def test_every_search_finds_what_occurs(count, letters, monkeypatch):
    monkeypatch.setattr(needles, "_WORTH_COMPILING", 20)
    chance = random.Random(count)
    texts = tuple({a_text(chance, chance.randint(1, 6), letters): None for _ in range(count)})
    search = Needles(texts)
    for _ in range(300):
        inside = a_text(chance, chance.randint(0, 60), letters)
        assert set(search.found(inside)) == {n for n, text in enumerate(texts) if text in inside}
    assert search._patience <= 0 or count <= needles._FEW
