"""Character errors of recognised text, whatever the order in which it is read.

One error rate hides two different faults: lines that were not found at all, and characters that
were found and read wrongly. So each line of the truth is looked for in what was read, the longest
first, and what it matches is used up; a line of which less than half is found counts as missed.
"""

from __future__ import annotations

from collections import Counter

import msgspec
from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from toolkit.evaluation.plain import bare

__all__ = ["Characters", "characters"]

# Below it, the best place for a line in another text is a place of chance.
_ALIKE = 60.0
# No text has it: what has been used up is overwritten with it.
_USED = "\0"


class Characters(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of characters without white space and hyphens; sums of pages can be added up."""

    wanted: int = 0
    """That stand in the truth."""
    missed: int = 0
    """Of these, in lines that were not found."""
    errors: int = 0
    """Edits in the lines that were found."""
    extra: int = 0
    """That were read, and belong to no line of the truth."""

    def __add__(self, other: Characters) -> Characters:
        return Characters(
            wanted=self.wanted + other.wanted,
            missed=self.missed + other.missed,
            errors=self.errors + other.errors,
            extra=self.extra + other.extra,
        )

    @property
    def found_error_rate(self) -> float | None:
        """Edits a character in the lines that were found."""
        found = self.wanted - self.missed
        return self.errors / found if found else None

    @property
    def missed_share(self) -> float | None:
        """Characters of lines that were not found."""
        return self.missed / self.wanted if self.wanted else None

    @property
    def error_rate(self) -> float | None:
        """Edits and missed characters, for each character of the truth.

        What was read beyond the truth is no part of it: a text layer says nothing of what stands
        in pictures.
        """
        return (self.errors + self.missed) / self.wanted if self.wanted else None


def characters(read: str, truth: str) -> Characters:
    """*read* against the lines of *truth*.

    >>> found = characters("second line. fjrst line", "first line\\nsecond line.\\nthird!")
    >>> found.missed, found.errors, found.extra
    (6, 1, 0)
    """
    lines = sorted(filter(None, map(bare, truth.splitlines())), key=len, reverse=True)
    # Lines that are the same on both sides first: a short one may stand in a longer one, too.
    same = Counter(lines) & Counter(map(bare, read.splitlines()))
    left, missed, errors = _without(read, same), 0, 0
    for line in (Counter(lines) - same).elements():
        place = _place(line, left)
        if place is None:
            missed += len(line)
            continue
        start, end = place
        errors += Levenshtein.distance(line, left[start:end])
        left = left[:start] + _USED * (end - start) + left[end:]
    return Characters(
        wanted=sum(map(len, lines)),
        missed=missed,
        errors=errors,
        extra=len(left) - left.count(_USED),
    )


def _without(read: str, lines: Counter[str]) -> str:
    """*read*, bare, each of *lines* in it marked as used."""
    used, parts = lines.copy(), []
    for line in map(bare, read.splitlines()):
        if used[line]:
            used[line] -= 1
            parts.append(_USED * len(line))
        else:
            parts.append(line)
    return "".join(parts)


def _place(line: str, text: str) -> tuple[int, int] | None:
    """Where *line* stands in *text*, as half-open positions; None where it does not."""
    at = text.find(line)
    if at >= 0:
        return at, at + len(line)
    if len(line) > len(text) or len(line) < 3:
        return None
    best = fuzz.partial_ratio_alignment(line, text, score_cutoff=_ALIKE)
    if best is None:
        return None
    start, end = best.dest_start, best.dest_end
    # The window is as wide as the line; what was used up in it is not to be used twice.
    used = text.rfind(_USED, start, end)
    if used >= 0:
        pieces = [(piece, len(piece)) for piece in text[start:end].split(_USED)]
        longest, size = max(pieces, key=lambda piece: piece[1])
        if 2 * size < len(line):
            return None
        start = text.index(longest, start)
        end = start + size
    return start, end
