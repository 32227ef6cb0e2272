"""Which blocks to look at, and what the ones that were looked at say of all.

A random sample of everything is easily understood; where little is expected to be wrong, most of
it is spent on blocks that are right. So a sample may be drawn by trust instead: the blocks fall
into strata by what is known of them, the doubtful ones are drawn more often, and each stratum
counts by its size (Cochran, *Sampling Techniques*, 3rd ed. 1977, ch. 5: the stratified
estimator). The interval is Wilson's (JASA 22, 1927), which holds for few errors and for none; for
a stratified sample with the number of blocks that an equal random sample would have needed
(Kish, *Survey Sampling*, 1965: the design effect of unequal weights; so Korn and Graubard, Survey
Methodology 24, 1998).
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from math import sqrt
from operator import attrgetter
from typing import Final

import msgspec

from toolkit.document.blocks import TextSource
from toolkit.document.reviews import WRONG, Review, Verdict
from toolkit.errors import InvalidInput

__all__ = ["Candidate", "Drawn", "ErrorRate", "error_rate", "sample", "wilson"]

_Z: Final = 1.959963984540054
"""The standard normal's two-sided 95 %."""
SURE: Final = 0.9
DOUBTFUL: Final = 0.7
"""Confidences that part the strata of what is not verified."""
_DOUBT: Final[Mapping[str, float]] = {
    "verified": 1.0,
    "derived": 1.0,
    "inferred, sure": 2.0,
    "inferred, fair": 4.0,
    "inferred, doubtful": 8.0,
}
"""How much more often a block of each stratum is drawn than one that is verified."""
ALL: Final = "all"


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A block that may be drawn."""

    job_id: str
    block_id: str
    text_source: str
    confidence: float


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """A block that was drawn; *of* is how many blocks its stratum has."""

    job_id: str
    block_id: str
    stratum: str
    of: int


class ErrorRate(msgspec.Struct, frozen=True, kw_only=True):
    """The share of all blocks that are wrong, as estimated, with its 95 % interval.

    None until something was reviewed. ``left`` blocks were drawn and are not reviewed yet; while
    a stratum is without any, the estimate is about the others.
    """

    wrong: int
    reviewed: int
    left: int
    rate: float | None
    low: float
    high: float


def sample(
    candidates: Iterable[Candidate], n: int, *, weighted: bool, seed: int
) -> tuple[Drawn, ...]:
    """*n* of *candidates* (all, where they are fewer), in their order; the same for a seed.

    *weighted* draws the less trusted ones more often. Raises InvalidInput for an n below 1.
    """
    if n < 1:
        raise InvalidInput(f"a sample has one block or more, not {n}")
    every = list(candidates)
    dice = random.Random(seed)  # noqa: S311  # a sample is no secret
    strata: dict[str, list[int]] = {}
    for at, one in enumerate(every):
        strata.setdefault(_stratum(one) if weighted else ALL, []).append(at)
    shares = _allotted({name: len(found) for name, found in strata.items()}, n)
    chosen = sorted(
        (at, name) for name in sorted(strata) for at in dice.sample(strata[name], shares[name])
    )
    return tuple(
        Drawn(
            job_id=every[at].job_id,
            block_id=every[at].block_id,
            stratum=name,
            of=len(strata[name]),
        )
        for at, name in chosen
    )


def error_rate(drawn: Iterable[Drawn], reviews: Iterable[Review]) -> ErrorRate:
    """What the *reviews* of a sample say of everything that it was drawn from.

    A block that anybody corrected, retyped, merged, split or rejected was wrong, whatever was
    said afterwards; one that was only accepted was right; a note says neither.
    """
    verdicts: dict[tuple[str, str], set[Verdict]] = {}
    for review in reviews:
        if review.active and review.verdict is not Verdict.NOTED:
            for block_id in review.block_ids:
                verdicts.setdefault((review.job_id, block_id), set()).add(review.verdict)
    seen: list[tuple[int, int, int]] = []
    left = 0
    for _, group in groupby(sorted(drawn, key=attrgetter("stratum")), attrgetter("stratum")):
        blocks = list(group)
        found = [verdicts[key] for one in blocks if (key := (one.job_id, one.block_id)) in verdicts]
        left += len(blocks) - len(found)
        if found:
            wrong = sum(bool(said & WRONG) for said in found)
            seen.append((blocks[0].of, len(found), wrong))
    return _estimate(seen, left)


def wilson(rate: float, n: float) -> tuple[float, float]:
    """Wilson's 95 % interval of a share *rate* that was seen in *n* draws.

    >>> [round(end, 3) for end in wilson(0.0, 50)], [round(end, 3) for end in wilson(0.1, 100)]
    ([0.0, 0.071], [0.055, 0.174])
    """
    shrink = 1 + _Z**2 / n
    middle = (rate + _Z**2 / (2 * n)) / shrink
    half = _Z * sqrt(rate * (1 - rate) / n + _Z**2 / (4 * n**2)) / shrink
    # The ends are exact, whatever rounding makes of them.
    low = max(0.0, middle - half) if rate > 0 else 0.0
    return low, min(1.0, middle + half) if rate < 1 else 1.0


def _estimate(seen: Sequence[tuple[int, int, int]], left: int) -> ErrorRate:
    """The rate over strata of (size, reviewed, wrong)."""
    reviewed, wrong = (sum(stratum[at] for stratum in seen) for at in (1, 2))
    if not reviewed:
        return ErrorRate(wrong=0, reviewed=0, left=left, rate=None, low=0.0, high=1.0)
    total = sum(size for size, _, _ in seen)
    rate = sum(size / total * bad / n for size, n, bad in seen)
    # So many draws at random would say as much.
    draws = 1 / sum((size / total) ** 2 / n for size, n, _ in seen)
    low, high = wilson(rate, draws)
    if all(n == size for size, n, _ in seen) and not left:
        low = high = rate  # everything was looked at: nothing is left to chance
    return ErrorRate(wrong=wrong, reviewed=reviewed, left=left, rate=rate, low=low, high=high)


def _stratum(one: Candidate) -> str:
    if one.text_source != TextSource.INFERRED:
        return str(one.text_source)
    if one.confidence >= SURE:
        return "inferred, sure"
    return "inferred, fair" if one.confidence >= DOUBTFUL else "inferred, doubtful"


def _allotted(sizes: Mapping[str, int], n: int) -> dict[str, int]:
    """How many of each stratum are drawn: *n* in all, at least two of each where there are."""
    n = min(n, sum(sizes.values()))
    names = sorted(sizes, key=lambda name: (-_DOUBT.get(name, 1.0), name))
    shares = dict.fromkeys(names, 0)
    for least in (1, 2):
        for name in names:
            if shares[name] < min(least, sizes[name]) and sum(shares.values()) < n:
                shares[name] += 1
    while (missing := n - sum(shares.values())) > 0:
        open_ = [name for name in names if shares[name] < sizes[name]]
        weight = {name: sizes[name] * _DOUBT.get(name, 1.0) for name in open_}
        for name in open_:
            more = max(1, int(missing * weight[name] / sum(weight.values())))
            room = min(sizes[name] - shares[name], n - sum(shares.values()))
            shares[name] += min(more, room)
    return shares
