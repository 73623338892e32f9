"""How like two cases are: BM25 over their words, Jaccard over their marks, fused by rank."""

import math
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

_WORD = re.compile(r"[^\W_]{2,40}(?:[._-][^\W_]{1,40}){0,6}")
_COMMON = frozenset(
    {
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "been",
        "but",
        "by",
        "for",
        "from",
        "had",
        "has",
        "have",
        "in",
        "is",
        "it",
        "its",
        "no",
        "not",
        "of",
        "on",
        "or",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "they",
        "this",
        "to",
        "was",
        "were",
        "which",
        "will",
        "with",
    }
)
_K1, _B = 1.2, 0.75
RRF = 60
"""Damping of reciprocal-rank fusion. Source: Cormack, Clarke, Büttcher, SIGIR 2009."""


def terms(text: str) -> Counter[str]:
    """Return the words of a text with their counts; addresses and file names stay whole."""
    found = (match.group().lower() for match in _WORD.finditer(text))
    return Counter(word for word in found if word not in _COMMON)


def rarest(wanted: Collection[str], frequency: Mapping[str, int], count: int) -> list[str]:
    """Return the `count` terms fewest documents have; ones no document has are of no use."""
    known = [term for term in wanted if frequency.get(term)]
    return sorted(known, key=lambda term: (frequency[term], term))[:count]


@dataclass(frozen=True, slots=True)
class Corpus:
    """What BM25 has to know of all documents."""

    documents: int
    average_length: float
    frequency: Mapping[str, int]
    """Term → documents that have it."""


def bm25(query: Collection[str], counts: Mapping[str, int], length: int, corpus: Corpus) -> float:
    """Return how well a document answers a query; 0 when it shares no term.

    Source: Robertson & Zaragoza, The Probabilistic Relevance Framework (2009).
    """
    score = 0.0
    for term in query:
        count = counts.get(term, 0)
        if not count:
            continue
        has = corpus.frequency.get(term, 1)
        weight = math.log(1 + (corpus.documents - has + 0.5) / (has + 0.5))
        norm = _K1 * (1 - _B + _B * length / max(corpus.average_length, 1.0))
        score += weight * count * (_K1 + 1) / (count + norm)
    return score


def jaccard(one: Collection[str], other: Collection[str]) -> float:
    """Return what two sets share as a part of what both have; 0 for two empty ones."""
    both = set(one) | set(other)
    return len(set(one) & set(other)) / len(both) if both else 0.0


def fused(rankings: Sequence[Sequence[int]]) -> list[int]:
    """Return ids by reciprocal-rank fusion of several rankings, best first."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for place, found in enumerate(ranking, start=1):
            scores[found] = scores.get(found, 0.0) + 1 / (RRF + place)
    return sorted(scores, key=lambda found: (-scores[found], found))
