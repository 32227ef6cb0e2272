"""Rows of a frame by what they are, with every misspelt value refused."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TypeAlias

import pandas as pd

from toolkit.document.blocks import BLOCK_TYPES, Role, TextSource
from toolkit.errors import InvalidOption

__all__ = ["Text", "filtered"]

Text: TypeAlias = str | Collection[str] | None
"""One value, or several of which any may hold."""

_VOCABULARIES = {
    "type": BLOCK_TYPES,
    "role": tuple(map(str, Role)),
    "text_source": tuple(map(str, TextSource)),
}


def filtered(
    frame: pd.DataFrame,
    *,
    type: Text = None,  # noqa: A002  # the column's own name
    role: Text = None,
    text_source: Text = None,
    min_confidence: float | None = None,
    page: int | Collection[int] | None = None,
    text: str | None = None,
    file: Text = None,
    document: Text = None,
) -> pd.DataFrame:
    """The rows of *frame* for which everything given holds, in their order, with their index.

    *text* is a part of the text, in any case; *file* may have wildcards (``"*.pdf"``);
    *document* is a ``document_id``. Raises InvalidOption for a value that no block can have,
    naming the nearest, and for a column that *frame* does not have.
    """
    keep = pd.Series(True, index=frame.index)
    for name, asked in (("type", type), ("role", role), ("text_source", text_source)):
        if asked is not None:
            keep &= _column(frame, name).isin(_known(name, asked))
    if document is not None:
        keep &= _column(frame, "document_id").isin(_several(document))
    if page is not None:
        keep &= _column(frame, "page").isin(page if isinstance(page, Collection) else [page])
    if min_confidence is not None:
        if not 0 <= min_confidence <= 1:
            raise InvalidOption(f"min_confidence={min_confidence}: 0 to 1 is needed")
        keep &= _column(frame, "confidence") >= min_confidence
    if text is not None:
        keep &= _column(frame, "text").str.contains(text, case=False, regex=False).fillna(False)
    if file is not None:
        keep &= _column(frame, "file").isin(_matching(frame["file"], _several(file)))
    return frame[keep]


def _column(frame: pd.DataFrame, name: str) -> pd.Series:
    if name not in frame.columns:
        raise InvalidOption(f"this frame has no column {name!r}: {', '.join(frame.columns)}")
    return frame[name]


def _several(asked: str | Collection[str]) -> list[str]:
    return [asked] if isinstance(asked, str) else list(asked)


def _known(name: str, asked: str | Collection[str]) -> list[str]:
    known = _VOCABULARIES[name]
    for value in _several(asked):
        if value not in known:
            (nearest,) = get_close_matches(str(value), known, n=1, cutoff=0.0)
            raise InvalidOption(
                f"{name}={value!r} is unknown; did you mean {nearest!r}? "
                f"There are {', '.join(known)}"
            )
    return _several(asked)


def _matching(files: pd.Series, patterns: list[str]) -> Iterable[str]:
    names = files.dropna().unique()
    # The name itself comes first, since it may hold a bracket.
    return [
        name
        for name in names
        if any(name == pattern or fnmatchcase(name, pattern) for pattern in patterns)
    ]
