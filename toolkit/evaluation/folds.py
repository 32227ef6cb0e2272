"""How far a mean over some pages can be trusted: the means of parts of them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from statistics import stdev

import msgspec

from toolkit.errors import InvalidInput
from toolkit.evaluation.scores import Scores, means

__all__ = ["Folds", "folds"]


class Folds(msgspec.Struct, frozen=True, kw_only=True):
    """The means of each part, and of *overall* the error bar that they give."""

    parts: tuple[Scores, ...]
    lowest: float
    highest: float
    spread: float
    """The standard deviation of the parts' means."""
    error: float
    """Of the mean over all pages: the spread by the root of the number of parts."""


def folds(pages: Mapping[str, Scores], number: int) -> Folds:
    """*pages* in *number* parts, which are as large as each other and follow their names' order.

    Pages of one document mostly bear neighbouring names and share its faults, so that they stay in
    one part: dealt out in turn they would make the spread look smaller than it is. Raises
    InvalidInput for fewer than two parts, and for fewer pages than parts.
    """
    if not 2 <= number <= len(pages):
        raise InvalidInput(f"folds={number}: from 2 to as many as there are pages, {len(pages)}")
    names = sorted(pages)
    edges = [len(names) * at // number for at in range(number + 1)]
    parts = tuple(means(pages[name] for name in names[start:end]) for start, end in pairwise(edges))
    overall = [part.overall or 0.0 for part in parts]
    spread = stdev(overall)
    return Folds(
        parts=parts,
        lowest=min(overall),
        highest=max(overall),
        spread=spread,
        error=spread / number**0.5,
    )
