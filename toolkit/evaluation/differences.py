"""Where two texts part, word by word, for a person to look at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Final, NamedTuple

from rapidfuzz.distance import Levenshtein

__all__ = ["MOST_WORDS", "Piece", "differences"]

MOST_WORDS: Final = 12_000
"""The table of edits has a bit for each pair of words: 36 MB for two texts of this length."""

_WORD = re.compile(r"\s+|[^\s<>|]+|.")


class Piece(NamedTuple):
    """A run of text that both have, or that stands in one of them alone."""

    text: str
    same: bool


def differences(one: str, other: str) -> tuple[list[Piece], list[Piece]]:
    """*one* and *other*, each as the pieces that it shares with the other and those it does not.

    How white space is written does not count. Beyond ``MOST_WORDS`` nothing is compared.

    >>> differences("a b", "a c")[0]
    [Piece(text='a ', same=True), Piece(text='b', same=False)]
    """
    words = _WORD.findall(one), _WORD.findall(other)
    if max(map(len, words)) > MOST_WORDS:
        return [Piece(one, same=True)], [Piece(other, same=True)]
    # One space is as good as a line's end.
    keys = [[" " if word.isspace() else word for word in side] for side in words]
    steps = Levenshtein.opcodes(*keys)
    return (
        list(_joined([("".join(words[0][s.src_start : s.src_end]), s.tag) for s in steps])),
        list(_joined([("".join(words[1][s.dest_start : s.dest_end]), s.tag) for s in steps])),
    )


def _joined(parts: list[tuple[str, str]]) -> Iterator[Piece]:
    pieces = (Piece(text, tag == "equal" or text.isspace()) for text, tag in parts if text)
    for same, run in groupby(pieces, lambda piece: piece.same):
        yield Piece("".join(piece.text for piece in run), same)
