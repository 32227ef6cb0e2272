"""The filter: plain questions, and misspelt ones refused."""

from __future__ import annotations

import made
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit import frames
from toolkit.document.blocks import BLOCK_TYPES, Heading, Paragraph, Role, Table, TextSource
from toolkit.errors import InvalidOption
from toolkit.frames import filtered

FRAME = frames.blocks(
    [
        made.document(
            [
                made.block(Heading, text="Net Revenue (2025)", role=Role.SECTION),
                made.block(Table, headers=("a",), rows=(("1",),), confidence=0.9),
            ],
            [
                made.block(
                    Paragraph,
                    text="net loss",
                    text_source=TextSource.INFERRED,
                    proof=None,
                    confidence=0.4,
                )
            ],
        ),
        made.document([made.block(Paragraph, text="Größe")], filename="a[1].pdf"),
    ]
)


@pytest.mark.parametrize(
    ("asked", "rows"),
    [
        ({}, [0, 1, 2, 3]),
        ({"type": "table"}, [1]),
        ({"type": ["table", "heading"]}, [0, 1]),
        ({"role": "section"}, [0]),
        ({"text_source": "inferred"}, [2]),
        ({"text_source": TextSource.VERIFIED, "type": "paragraph"}, [3]),
        ({"min_confidence": 0.9}, [0, 1, 3]),
        ({"page": 2}, [2]),
        ({"page": np.int64(2)}, [2]),
        ({"page": range(1, 3)}, [0, 1, 2, 3]),
        ({"text": "NET"}, [0, 2]),
        ({"text": "(2025)"}, [0]),
        ({"text": "GRÖSSE"}, []),
        ({"text": "größe"}, [3]),
        ({"file": "report.pdf"}, [0, 1, 2]),
        ({"file": "a[1].pdf"}, [3]),
        ({"file": ["*.pdf"]}, [0, 1, 2, 3]),
        ({"file": "none.pdf"}, []),
        ({"document": "doc_1"}, []),
    ],
    ids=str,
)
def test_the_filter_keeps_the_rows_for_which_all_holds(asked, rows):
    before = FRAME.copy()
    assert list(filtered(FRAME, **asked).index) == rows
    pd.testing.assert_frame_equal(FRAME, before)


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ({"type": "tabel"}, "did you mean 'table'"),
        ({"type": ["table", "headings"]}, "did you mean 'heading'"),
        ({"text_source": "verfied"}, "did you mean 'verified'"),
        ({"role": "titel"}, "did you mean 'title'"),
        ({"type": ""}, "There are heading, paragraph"),
        ({"min_confidence": 90}, "0 to 1"),
        ({"min_confidence": float("nan")}, "0 to 1"),
    ],
    ids=str,
)
def test_what_no_block_can_have_is_refused_with_the_nearest(asked, hint):
    with pytest.raises(InvalidOption, match=hint.replace("(", r"\(")):
        filtered(FRAME, **asked)


def test_a_frame_of_another_kind_says_which_columns_it_has():
    with pytest.raises(InvalidOption, match="no column 'type': job_id"):
        filtered(frames.pages([]), type="table")


def test_the_empty_frame_can_be_filtered():
    empty = filtered(
        frames.blocks([]), type="table", text="x", page=1, min_confidence=0.5, file="a"
    )
    assert len(empty) == 0
    assert list(empty.columns) == list(frames.BLOCK_COLUMNS)


@given(
    st.sets(st.sampled_from(BLOCK_TYPES)),
    st.none() | st.sampled_from(TextSource),
    st.none() | st.floats(0, 1),
    st.lists(made.blocks(), max_size=6),
)
@settings(max_examples=60, deadline=None)
def test_the_filter_is_the_mask_that_one_would_write(types, source, least, blocks):
    frame = frames.blocks([made.document(blocks)])
    expected = frame[
        frame["type"].isin(types)
        & ((frame["text_source"] == source) if source else True)
        & ((frame["confidence"] >= least) if least is not None else True)
    ]
    found = filtered(frame, type=types, text_source=source, min_confidence=least)
    pd.testing.assert_frame_equal(found, expected)
