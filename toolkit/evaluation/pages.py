"""All that is measured of one labelled page or file, and of many together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import add
from typing import TypeVar

import msgspec

from toolkit.document.blocks import Table
from toolkit.document.document import Document
from toolkit.document.markdown import markdown
from toolkit.document.text import text_of
from toolkit.evaluation.calibration import Calibration, Judged, calibration, judged
from toolkit.evaluation.characters import Characters, characters
from toolkit.evaluation.headings import Found, headings
from toolkit.evaluation.plain import Labels
from toolkit.evaluation.scores import Scores, means, score
from toolkit.evaluation.trust import Trust, trust

__all__ = ["Measured", "Summary", "measured", "summary"]

S = TypeVar("S", Found, Characters, Trust)


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one reading; what only a document can tell is None for Markdown."""

    scores: Scores
    headings: Found
    characters: Characters | None = None
    trust: Trust | None = None
    blocks: tuple[Judged, ...] = ()


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """Means of the scores, sums of the counts, and one reliability table."""

    means: Scores
    headings: Found
    characters: Characters | None = None
    trust: Trust | None = None
    calibration: Calibration | None = None


def measured(
    predicted: str | Document,
    truth: str,
    *,
    layers: Sequence[str] | None = None,
    spoken: str | None = None,
) -> Measured:
    """*predicted*, Markdown or a document, against the Markdown of the labelled *truth*.

    *layers* are the texts of the pages of the PDF that it was read from, for the check of what is
    verified; *spoken* is what stands on the pages of a picture, for the errors of its characters.
    """
    if isinstance(predicted, str):
        text, document = predicted, None
    else:
        text, document = markdown(predicted, style="plain"), predicted
    labels = Labels(truth, *([spoken] if spoken else []))
    return Measured(
        scores=score(text, truth),
        headings=headings(text, truth),
        characters=None if spoken is None else characters(_words(predicted), spoken),
        trust=None if document is None else trust(document, layers),
        blocks=() if document is None else tuple(judged(document, labels)),
    )


def _words(predicted: str | Document) -> str:
    """What it says without any marks; a cell that spans says it once."""
    if isinstance(predicted, str):
        return Labels(predicted).words
    return "\n".join(
        "\n".join(cell.text for cell in block.cells)
        if isinstance(block, Table) and block.cells
        else text_of(block)
        for block in predicted.blocks
    )


def summary(pages: Iterable[Measured]) -> Summary:
    """*pages* together."""
    listed = list(pages)
    blocks = [block for page in listed for block in page.blocks]
    return Summary(
        means=means(page.scores for page in listed),
        headings=_sum([page.headings for page in listed]) or Found(),
        characters=_sum([page.characters for page in listed if page.characters]),
        trust=_sum([page.trust for page in listed if page.trust]),
        calibration=calibration(blocks) if blocks else None,
    )


def _sum(parts: Sequence[S]) -> S | None:
    return reduce(add, parts) if parts else None
