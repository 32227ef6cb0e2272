"""Text that nobody has checked, as a cell of a file that other programs open."""

from __future__ import annotations

import re

__all__ = ["starts_formula", "without_controls"]

# All that is neither a character of text nor a tab or the end of a line: terminals obey some of
# these, and XML takes none. Half surrogate pairs and the two non-characters are no text either.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
# What makes a spreadsheet take a cell for a formula; some take the wide forms as well.
_FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
_NUMBER = re.compile(r"[+-]?\d[\d,.\s']*(?:[eE][+-]?\d+)?\s?%?", re.ASCII)


def without_controls(text: str) -> str:
    """*text* without characters that are there for machines; tabs and line ends stay.

    >>> without_controls("a\\x1b[2Jb\\tc")
    'a[2Jb\\tc'
    """
    return _CONTROLS.sub("", text)


def starts_formula(text: str) -> bool:
    """Whether a spreadsheet that opens *text* as a cell of a CSV file may compute something.

    >>> [starts_formula(text) for text in ("=1+1", "-1,234.5", "-1+cmd()", "@SUM(A1)", "a=b")]
    [True, False, True, True, False]
    """
    return bool(_FORMULA.match(text)) and not _NUMBER.fullmatch(text)
