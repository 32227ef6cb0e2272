"""N(text): what two readings of one text are compared by.

A PDF's text layer often has no space glyphs at all, and an engine puts spaces in from the gaps.
White space is therefore no evidence either way: N drops all of it, rather than making each run
one space. Nothing else that a reader could see is touched: no case folding, no accents, no
quotation marks.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable

__all__ = ["SHAPES", "folded", "quoted", "unshaped"]

_LIGATURES = {
    "\ufb00": "ff",
    "\ufb01": "fi",
    "\ufb02": "fl",
    "\ufb03": "ffi",
    "\ufb04": "ffl",
    "\ufb05": "st",
    "\ufb06": "st",
}
# Characters that are never seen: soft hyphen, zero-width space, joiners, word joiner, byte order
# mark.
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
SHAPES = {
    char: letters
    for char in map(chr, (*range(0xFB50, 0xFD3E), *range(0xFD50, 0xFDFC), *range(0xFE70, 0xFEFD)))
    if (letters := unicodedata.normalize("NFKC", char)) != char and " " not in letters
}
"""The shapes that an Arabic letter has in a word, and ligatures of them, as their letters.

Which shape is seen follows from the letters beside it, so that most files name the letter alone,
and some the shape.
"""
_FIRST_SHAPE = min(SHAPES)
_SHAPES = str.maketrans(SHAPES)
_FOLDED = (*_LIGATURES, *_INVISIBLE)
_FOLDS = str.maketrans(_LIGATURES | dict.fromkeys(_INVISIBLE, ""))


def folded(text: str) -> str:
    """N(*text*): without white space and soft hyphens, ligatures as their letters.

    >>> folded("e\ufb03 cient\\n work\u00ading") == folded("efficient working")
    True
    >>> folded("Net  revenue") == folded("Netrevenue")
    True
    >>> folded("well-known"), folded("\u201cA\u201d")
    ('well-known', '“A”')
    """
    text = "".join(text.split())
    # Most text has nothing to fold: looking is next to free, the translation is not.
    if text.isascii() or not any(char in text for char in _FOLDED):
        return text
    return text.translate(_FOLDS)


def unshaped(text: str) -> str:
    """*text* with the shapes of Arabic letters as the letters; for comparing two readers alone.

    N does not do it: what is read so is not the file's own characters, and is not verified.

    >>> unshaped("\ufefb") == "\u0644\u0627"
    True
    """
    if text.isascii() or max(text) < _FIRST_SHAPE:
        return text
    return text.translate(_SHAPES)


def quoted(source: str, spans: Iterable[tuple[int, int]], joins: Collection[int] = ()) -> str:
    """The characters of *source* in the half-open ranges *spans*, in their order.

    Characters at the positions *joins*, which are hyphens dropped where a word was joined over
    two lines, are left out. A block is verified when N of its text equals N of its quotation.

    >>> quoted("net rev- enue", [(4, 8), (8, 13)], joins=[7])
    'rev enue'
    """
    if not joins:
        return "".join(source[start:end] for start, end in spans)
    dropped = frozenset(joins)
    return "".join(
        source[at]
        for start, end in spans
        for at in range(start, min(end, len(source)))
        if at not in dropped
    )
