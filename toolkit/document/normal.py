"""N(text): what two readings of one text are compared by.

A PDF's text layer often has no space glyphs at all, and an engine puts spaces in from the gaps.
White space is therefore no evidence either way: N drops all of it, rather than making each run
one space. Nothing else that a reader could see is touched: no case folding, no accents, no
quotation marks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

__all__ = ["folded", "quoted"]

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
    # Most text is ASCII, which has nothing to fold: the check is free, the translation is not.
    return text if text.isascii() else text.translate(_FOLDS)


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
