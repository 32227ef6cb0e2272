"""``df.doc``: questions to a frame of blocks or pages, in the words of documents."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from toolkit.errors import InvalidInput, ToolkitError

if TYPE_CHECKING:
    import pandas as pd

    from toolkit.desk import Desk
    from toolkit.frames.filtering import Text
    from toolkit.widgets.inspector import Inspector

__all__ = ["met", "register"]


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

    def show(self, *, desk: Desk | None = None) -> Inspector:
        """The rows on their pages, in an inspector that opens at the first one.

        *desk* is the workspace that they come from, which is known while it is open. Raises
        InvalidInput for a frame without blocks, and where that workspace is not open.
        """
        from toolkit.widgets.inspector import Inspector
        from toolkit.widgets.inspector_shelf import DeskShelf

        frame = self._frame
        if not {"job_id", "document_id", "block_id"} <= set(frame.columns) or frame.empty:
            raise InvalidInput("there is no block in this frame that could be shown")
        ids = [str(one) for one in frame["job_id"].dropna().unique()]
        found = desk or _desk_of(ids[:1])
        shelf = DeskShelf(found, job_ids=ids, expression="blocks", frame=frame)
        inspector = Inspector(shelf, title="blocks").filter(scope="all")
        first = frame.iloc[0]
        return inspector.select(first["block_id"], first["document_id"])


_MET: WeakSet[Any] = WeakSet()


def met(desk: object) -> None:
    """Remember where frames come from, for as long as somebody else does."""
    _MET.add(desk)


def _desk_of(job_ids: list[str]) -> Desk:
    for desk in _MET:
        with suppress(ToolkitError, sqlite3.Error):
            for one in job_ids:
                desk.look(one)
                found: Desk = desk
                return found
    raise InvalidInput(
        "the workspace of these blocks is not open here: blocks.doc.show(desk=toolkit.open(...))"
    )


@cache
def register() -> Any:
    """Teach pandas ``.doc``. Once a process, when the first frame is made: never at import."""
    from pandas.api.extensions import register_dataframe_accessor

    return register_dataframe_accessor("doc")(DocAccessor)
