"""N(text) forgets white space, ligatures and soft hyphens, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.document.normal import SHAPES, folded, quoted, unshaped

letters = st.text(st.characters(exclude_categories=["Z", "C"], exclude_characters="ﬀﬁﬂﬃﬄﬅﬆ"))


@given(st.text())
def test_folding_twice_is_folding_once(text):
    assert folded(folded(text)) == folded(text)


@given(st.text(), st.text())
def test_text_folds_piece_by_piece(left, right):
    assert folded(left + right) == folded(left) + folded(right)


@given(
    st.lists(letters), st.sampled_from([" ", "\n", "\t", "\u00a0", "\u2009", "\u00ad", "\u200b"])
)
def test_white_space_and_soft_hyphens_are_no_evidence(words, between):
    assert folded(between.join(words)) == "".join(words)


@pytest.mark.parametrize(
    ("seen", "written"),
    [("ﬁnd", "find"), ("eﬃcient", "efficient"), ("ﬂuﬀ", "fluff"), ("baﬄe", "baffle"), ("ﬆ", "st")],
)
def test_ligatures_are_their_letters(seen, written):
    assert folded(seen) == written


@given(st.lists(st.sampled_from(sorted(SHAPES))))
def test_arabic_shapes_are_their_letters_but_not_for_proof(shapes):
    text = "".join(shapes)
    assert unshaped(text) == "".join(SHAPES[shape] for shape in shapes)
    assert not set(unshaped(text)) & set(SHAPES)
    assert folded(text) == text


@pytest.mark.parametrize(
    ("one", "other"),
    [("re-sign", "resign"), ("Polish", "polish"), ("“a”", '"a"'), ("é", "e"), ("1,000", "1000")],
)
def test_what_a_reader_can_see_counts(one, other):
    assert folded(one) != folded(other)


@given(st.text(max_size=50), st.data())
def test_a_quotation_is_the_spans_without_the_joins(source, data):
    place = st.integers(0, len(source))
    spans = data.draw(st.lists(st.tuples(place, place).map(lambda s: (min(s), max(s)))))
    joins = data.draw(st.sets(place))
    expected = [source[i] for start, end in spans for i in range(start, end) if i not in joins]
    assert quoted(source, spans, joins) == "".join(expected)
    assert quoted(source, spans) == "".join(source[start:end] for start, end in spans)


def test_a_span_beyond_the_source_quotes_what_is_there():
    assert quoted("abc", [(1, 99)], joins=[1]) == "c"
    assert quoted("abc", [(1, 99)]) == "bc"
