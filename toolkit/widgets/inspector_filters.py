"""What is looked for, as the words of ``df.doc.filter``: checked, written as code, and applied."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from toolkit.document.blocks import BLOCK_TYPES, TextSource
from toolkit.errors import InvalidOption
from toolkit.widgets.words import shown

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MOST_HITS", "Filters", "applied", "checked", "code", "hits"]

Filters = dict[str, Any]
"""``type`` and ``text_source`` are lists, ``page`` is one or a list, as the browser sends them."""

NAMES = ("type", "text_source", "min_confidence", "text", "page")
MOST_HITS = 500
SNIPPET = 160


def checked(asked: Mapping[str, Any]) -> Filters:
    """*asked* with what says nothing left out, and in one spelling.

    Raises InvalidOption for a name that is no filter, or a value that none can have.
    """
    unknown = set(asked) - set(NAMES)
    if unknown:
        raise InvalidOption(f"no filter {sorted(unknown)[0]!r}; there is: {', '.join(NAMES)}")
    found: Filters = {}
    for name, order in (("type", BLOCK_TYPES), ("text_source", tuple(map(str, TextSource)))):
        wanted = _several(asked.get(name))
        if wanted is not None:
            stray = [value for value in wanted if value not in order]
            if stray:
                raise InvalidOption(
                    f"{name}={stray[0]!r} is unknown; there are: {', '.join(order)}"
                )
            found[name] = [value for value in order if value in wanted]
    least = asked.get("min_confidence")
    if least:
        if not isinstance(least, int | float) or not 0 <= least <= 1:
            raise InvalidOption(f"min_confidence={least!r}: 0 to 1 is needed")
        found["min_confidence"] = round(float(least), 4)
    if asked.get("text"):
        found["text"] = str(asked["text"])
    pages = asked.get("page")
    if pages is not None and pages != []:
        found["page"] = sorted({int(page) for page in pages}) if _is_many(pages) else int(pages)
    return found


def _is_many(value: object) -> bool:
    return isinstance(value, Collection) and not isinstance(value, str)


def _several(value: Any) -> list[str] | None:
    """None where everything is wanted; the empty list wants nothing."""
    if value is None:
        return None
    return [value] if isinstance(value, str) else [str(one) for one in value]


def code(expression: str, asked: Filters, *, document: str | None, page: int | None) -> str:
    """Python that makes the frame of what is shown from *expression*, the frame of all blocks.

    >>> code("batch.blocks()", {"type": ["table"], "min_confidence": 0.9}, document=None, page=None)
    "batch.blocks().doc.filter(type='table', min_confidence=0.9)"
    """
    said = {name: _short(value) for name, value in _words(asked, document, page).items()}
    inside = ", ".join(f"{name}={value!r}" for name, value in said.items())
    return f"{expression}.doc.filter({inside})" if inside else expression


def _short(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _words(asked: Filters, document: str | None, page: int | None) -> dict[str, Any]:
    said = dict(asked)
    if page is not None:
        # A page that is turned to and pages that are filtered for: both must hold.
        only = said.get("page")
        wanted = (
            [page] if only is None or page in ([only] if isinstance(only, int) else only) else []
        )
        said["page"] = wanted
    if document is not None:
        said["document"] = document
    return said


def applied(
    frame: pd.DataFrame, asked: Filters, *, document: str | None, page: int | None
) -> pd.DataFrame:
    """The rows of *frame* that ``code`` speaks of."""
    from toolkit import frames

    return frames.filtered(frame, **_words(asked, document, page))


def hits(frame: pd.DataFrame, *, of: int, document: str, page: int) -> dict[str, Any]:
    """What the browser lists of the rows of *frame*, which were *of* before the filter."""
    here = frame if frame["document_id"].isna().all() else frame[frame["document_id"] == document]
    some = frame.head(MOST_HITS)
    columns = ("document_id", "page", "block_id", "type", "text_source", "confidence", "text")
    rows = [
        [
            *(own if isinstance(own, str) else document, int(number), block_id),
            *(str(kind), str(source), round(float(sure), 4)),
            shown(" ".join(text.split()), SNIPPET) if isinstance(text, str) else "",
        ]
        for own, number, block_id, kind, source, sure, text in zip(
            *(some[name] for name in columns), strict=True
        )
    ]
    pages = here["page"].value_counts()
    return {
        "total": len(frame),
        "of": of,
        "rows": rows,
        "here": here.loc[here["page"] == page, "block_id"].tolist(),
        "pages": {str(number): int(count) for number, count in pages.items()},
    }
