"""Headings found: how many of those that are there, and how many of those found are some."""

from __future__ import annotations

from collections import Counter

import msgspec

from toolkit.evaluation.plain import Labels

__all__ = ["Found", "headings"]


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of things that are wanted, that were said, and that are both."""

    right: int = 0
    said: int = 0
    wanted: int = 0

    def __add__(self, other: Found) -> Found:
        return Found(
            right=self.right + other.right,
            said=self.said + other.said,
            wanted=self.wanted + other.wanted,
        )

    @property
    def precision(self) -> float | None:
        """Of what was said, the share that is right; None where nothing was."""
        return self.right / self.said if self.said else None

    @property
    def recall(self) -> float | None:
        """Of what is wanted, the share that was said; None where nothing is."""
        return self.right / self.wanted if self.wanted else None

    @property
    def f1(self) -> float | None:
        """The harmonic mean of both."""
        both = self.said + self.wanted
        return 2 * self.right / both if both else None


def headings(predicted: str, truth: str) -> Found:
    """The headings of *predicted* against those of *truth*, by their text.

    White space, hyphens and the level do not count; a heading broken in two is two wrong ones.

    >>> headings("# Net\\n\\n## A note", "# Net\\n\\n# Sales").precision
    0.5
    """
    said, wanted = Counter(Labels(predicted).headings), Counter(Labels(truth).headings)
    return Found(right=(said & wanted).total(), said=said.total(), wanted=wanted.total())
