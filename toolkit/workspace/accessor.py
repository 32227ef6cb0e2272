"""``df.doc``: questions to a frame of blocks or pages, in the words of documents."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from toolkit.frames.filtering import Text

__all__ = ["register"]


class DocAccessor:
    """The frame's own rows, by what they are."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    def filter(
        self,
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
        """The rows for which everything given holds, in their order, with their index.

        *type*, *role*, *text_source*, *file* and *document* are one value or several; *text* is
        a part of the text, in any case; *file* may have wildcards (``"*.pdf"``); *document* is a
        ``document_id``. Raises InvalidOption for a value that no block can have, naming the
        nearest.
        """
        from toolkit import frames

        return frames.filtered(
            self._frame,
            type=type,
            role=role,
            text_source=text_source,
            min_confidence=min_confidence,
            page=page,
            text=text,
            file=file,
            document=document,
        )


@cache
def register() -> Any:
    """Teach pandas ``.doc``. Once a process, when the first frame is made: never at import."""
    from pandas.api.extensions import register_dataframe_accessor

    return register_dataframe_accessor("doc")(DocAccessor)
