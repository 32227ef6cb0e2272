"""How likely a block is right: counted on labelled pages, not judged.

On 100 labelled pages each block was called right where its text stands in the labels, as a heading
if and only if it was made one (a table: where nine tenths of a table's characters agree), as
`toolkit.evaluation.calibration` has it. The counts below are all there is: (right, of). Where
little was seen of a kind it leans on what was seen of all: as if four more had been seen that are
right as often as all are. The labels do not tell captions, footnotes, lists and running lines from
paragraphs, so for these the figure says that the text is right, and not a heading's or a table's.

Tested by leaving out a fifth of the pages at a time (787 blocks): over the bins between 0.5, 0.7,
0.8, 0.9 and 0.95 what is said differs by 0.019 from what is right, and the mean squared error is
0.059, against 0.069 for one figure for all blocks. On the same pages as scans (1,146 blocks) it is
0.027 and 0.111, against 0.121; in the advanced profile 0.044 and 0.114. Pages of another sort than
the labelled ones (reports, papers, books, slides) may do worse.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from toolkit.document.blocks import TextSource

__all__ = ["COUNTED", "STATED", "confidence", "likely", "read_right"]

COUNTED: Mapping[str, tuple[int, int]] = {
    "agreed heading": (84, 89),  # the other engine and our own rules see one
    "heading": (12, 17),  # one of the two does
    "paragraph": (401, 413),
    "list": (23, 25),
    "caption": (44, 46),
    "footnote": (16, 17),
    "callout": (5, 5),
    "page number": (32, 32),
    "running line": (51, 60),
    "table": (23, 23),
}
_UNVERIFIED: Mapping[str, tuple[int, int]] = {
    "caption": (1, 9),
    "footnote": (17, 18),
    "heading": (1, 2),
    "list": (1, 2),
    "page_footer": (1, 2),
    "page_header": (1, 2),
    "paragraph": (14, 23),
    "table": (1, 2),
}
"""The same for text of the text layer that is not verified, by the block's kind."""
_FEW = 4
# Of recognised blocks, by how sure the recognition is of their characters (the middle of a band):
# (right, of). Counted on the same 100 pages rendered at 150 dots an inch, 1,146 blocks, whose text
# may stand in the labels or in the page's text layer. It is surer than it is right: labels in
# charts and formulas come out at 0.9 and wrong, and pieces of them stand nowhere in a row.
_READ = (
    (0.799, (7, 11)),
    (0.872, (24, 36)),
    (0.932, (15, 34)),
    (0.961, (17, 37)),
    (0.976, (26, 34)),
    (0.987, (196, 205)),
    (0.994, (227, 255)),
    (1.000, (472, 534)),
)
# (right, expected by the above without, for the first, how sure the recognition is): blocks that
# two recognisers read alike (see `ocr.second`), and those that they did not.
_ALIKE, _NOT_ALIKE = 693 / 731, 291 / 310
STATED: Mapping[str, float] = {
    "annotation": 0.95,  # the file's own words, put where the file says
    "chart": 0.7,
    "code": 0.75,
    "diagram": 0.7,
    "form field": 0.95,
    "formula": 0.6,
    "image": 0.75,
    "joined table": 0.8,
}
"""What no label tells, and so was not counted: our word, and no more than that."""
# Of any other evidence.
_UNSEEN = 0.7


def likely(evidence: str) -> float:
    """How likely a verified block is right that was found by *evidence*, 0 to 1."""
    if evidence in COUNTED:
        return _shrunk(evidence, COUNTED)
    return STATED.get(evidence, _UNSEEN)


def confidence(
    likelihood: float,
    source: TextSource,
    sure: float | None = None,
    *,
    kind: str = "paragraph",
    alike: bool | None = None,
) -> float:
    """*likelihood*, lowered for text of a block of *kind* that is not verified; with three digits.

    *sure* is how sure the recognition is of text that was recognised, *alike* whether a second one
    read the same; None where it was not asked.
    """
    if alike:
        return round(likelihood * _ALIKE, 3)
    if sure is not None:
        return round(likelihood * read_right(sure) * (1 if alike is None else _NOT_ALIKE), 3)
    if source is TextSource.INFERRED:
        return round(min(likelihood, _shrunk(kind, _UNVERIFIED)), 3)
    return round(likelihood, 3)


def read_right(sure: float) -> float:
    """How likely recognised text is right, where the recognition is as *sure* of its characters.

    >>> read_right(1.0) > read_right(0.97) > read_right(0.9)
    True
    """
    # What was counted falls and rises by chance where little was seen: never less for being surer.
    shares = np.maximum.accumulate([_share(counted) for _, counted in _READ])
    return float(np.interp(sure, [at for at, _ in _READ], shares))


def _share(counted: tuple[int, int]) -> float:
    right, of = counted
    return (right + 1) / (of + 2)


def _shrunk(name: str, counts: Mapping[str, tuple[int, int]]) -> float:
    """The share of *name* as if `_FEW` more had been seen that are right as often as all are."""
    every = [sum(column) for column in zip(*counts.values(), strict=True)]
    right, of = counts.get(name, (0, 0))
    return (right + _FEW * _share((every[0], every[1]))) / (of + _FEW)
