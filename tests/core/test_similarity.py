from socconsole.core.similarity import Corpus, bm25, fused, jaccard, rarest, terms


def test_words_are_counted_and_addresses_stay_whole():
    assert terms("The beacon to bad.example, and the BEACON") == {"beacon": 2, "bad.example": 1}


def test_a_rare_word_says_more_than_a_common_one():
    corpus = Corpus(100, 10, {"login": 90, "mimikatz": 2})
    rare = bm25(["mimikatz"], {"mimikatz": 1}, 10, corpus)
    common = bm25(["login"], {"login": 1}, 10, corpus)
    assert rare > common > 0
    assert bm25(["absent"], {"login": 1}, 10, corpus) == 0


def test_the_same_word_says_less_in_a_longer_text():
    corpus = Corpus(100, 10, {"x": 5})
    assert bm25(["x"], {"x": 1}, 5, corpus) > bm25(["x"], {"x": 1}, 500, corpus)


def test_the_rarest_words_are_looked_up():
    assert rarest(["a", "b", "c", "new"], {"a": 9, "b": 1, "c": 5}, 2) == ["b", "c"]


def test_jaccard_is_what_both_share():
    assert jaccard({"a", "b"}, {"b", "c"}) == 1 / 3
    assert jaccard(set(), set()) == 0


def test_fusion_prefers_what_both_rankings_have():
    assert fused([[1, 2, 3], [3, 4]])[0] == 3
    assert fused([]) == []
