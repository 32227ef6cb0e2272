"""Block ids: the same for the same block, different within a document."""

from __future__ import annotations

import re

import made
from hypothesis import given
from hypothesis import strategies as st

from toolkit.document.identity import block_id

PLACE = {"page": 3, "kind": "paragraph", "bbox": (0.1, 0.2, 0.3, 0.4), "text": "Net revenue"}


@given(st.integers(1, 10_000), made.boxes, st.text())
def test_an_id_is_stable_and_well_formed(page, bbox, text):
    ids = {block_id(page=page, kind="table", bbox=bbox, text=text) for _ in range(2)}
    assert len(ids) == 1
    assert re.fullmatch("blk_[0-9a-f]{12}", ids.pop())


def test_everything_that_a_block_is_counts():
    others = [{"page": 4}, {"kind": "heading"}, {"bbox": (0.1, 0.2, 0.3, 0.5)}, {"text": "Net"}]
    assert len({block_id(**PLACE), *(block_id(**{**PLACE, **other}) for other in others)}) == 5


def test_boxes_that_differ_beyond_the_fifth_decimal_are_one_place():
    moved = {**PLACE, "bbox": (0.1000000001, 0.2, 0.3, 0.4)}
    assert block_id(**PLACE) == block_id(**moved)
    assert block_id(**{**PLACE, "bbox": (-0.0, 0, 1, 1)}) == block_id(
        **{**PLACE, "bbox": (0, 0, 1, 1)}
    )


def test_equal_blocks_get_different_ids_and_the_same_ones_again():
    def ids():
        taken = set()
        for _ in range(50):
            taken.add(block_id(**PLACE, taken=taken))
        return taken

    assert len(ids()) == 50
    assert ids() == ids()


def test_half_a_surrogate_pair_does_not_stop_it():
    assert block_id(**{**PLACE, "text": "\ud800"}).startswith("blk_")
