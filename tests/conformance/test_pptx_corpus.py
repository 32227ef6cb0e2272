"""Decks that nobody here made: read or refused with a code, in time, without losing any text."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pptx import Presentation
from pptx.exc import PackageNotFoundError

from toolkit.document.normal import folded
from toolkit.document.text import text_of
from toolkit.engine.options import ParseOptions
from toolkit.engine.pipeline import parse
from toolkit.engine.slides import source_texts
from toolkit.engine.source import Source
from toolkit.engine.trust import proven
from toolkit.errors import ToolkitError

CORPUS = Path(__file__).parents[2] / ".." / "shared" / "corpus" / "pptx"
DECKS = sorted(CORPUS.glob("*.pptx"))
ALONE = """
import sys
from toolkit.document.wire import decode, encode
from toolkit.engine.options import ParseOptions
from toolkit.engine.pipeline import parse
from toolkit.engine.source import Source
from toolkit.errors import ToolkitError
for path in sys.argv[1:]:
    content = open(path, "rb").read()
    changed = [content]
    for at in range(1, 8):
        cut = len(content) * at // 8
        changed += [content[:cut], content[:cut] + b"\\0\\xff\\x3c" + content[cut + 3:]]
    for one in changed:
        try:
            document = parse(Source.from_bytes(one, "deck.pptx"), ParseOptions())
        except ToolkitError:
            continue
        assert decode(encode(document)) == document
"""

pytestmark = pytest.mark.skipif(not DECKS, reason="the corpus is not here")


def leaves(shapes: Any) -> Iterator[Any]:
    for shape in shapes:
        if hasattr(shape, "shapes"):
            yield from leaves(shape.shapes)
        else:
            yield shape


def native(slide: Any) -> Iterator[str]:
    """The text of every shape that python-pptx finds by itself."""
    for shape in leaves(slide.shapes):
        if shape.has_text_frame:
            yield from (paragraph.text for paragraph in shape.text_frame.paragraphs)
        elif getattr(shape, "has_table", False):
            yield from (cell.text for row in shape.table.rows for cell in row.cells)
        elif getattr(shape, "has_chart", False) and shape.chart.has_title:
            yield shape.chart.chart_title.text_frame.text
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        yield slide.notes_slide.notes_text_frame.text


def test_every_deck_and_its_mutants_end_in_time():
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", ALONE, *map(str, DECKS)],
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def test_no_text_is_lost_and_every_proof_holds():
    found = lost = 0
    for path in DECKS:
        source = Source.from_path(path)
        try:
            document = parse(source, ParseOptions(preserve_images=False))
        except ToolkitError:
            continue
        sources = dict(source_texts(source))
        assert all(proven(sources[b.page], b) for b in document.blocks if b.verified), path.name
        try:
            deck = Presentation(str(path))
        except PackageNotFoundError:
            continue
        for page, slide in zip(document.pages, deck.slides, strict=True):
            out = folded("".join(map(text_of, page.blocks)))
            texts = [folded(text) for text in native(slide) if folded(text)]
            found += len(texts)
            lost += sum(text not in out for text in texts)
    assert found > 100
    assert lost == 0


def test_the_same_deck_gives_the_same_blocks():
    for path in DECKS[:8]:
        one, two = (list(parse(Source.from_path(path), ParseOptions()).blocks) for _ in range(2))
        assert one == two
