"""Documents that are read from the queue one at a time, when they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

from toolkit.desk import Desk
from toolkit.document import Document
from toolkit.widgets.words import thing
from toolkit.workspace.reviewing import as_reviewed

__all__ = ["Documents"]


class Documents(Sequence[Document]):
    """A sequence that holds ids, not documents: ten thousand of them fit into any memory.

    With *reviewed*, each is as people have corrected it.
    """

    def __init__(self, desk: Desk, job_ids: Sequence[str], *, reviewed: bool = False) -> None:
        self._desk = desk
        self._job_ids = tuple(job_ids)
        self._reviewed = reviewed

    def __len__(self) -> int:
        return len(self._job_ids)

    @overload
    def __getitem__(self, index: int) -> Document: ...
    @overload
    def __getitem__(self, index: slice) -> Documents: ...
    def __getitem__(self, index: int | slice) -> Document | Documents:
        if isinstance(index, slice):
            return Documents(self._desk, self._job_ids[index], reviewed=self._reviewed)
        document = self._desk.document(self._job_ids[index])
        if not self._reviewed:
            return document
        return as_reviewed(self._desk, self._job_ids[index], document)

    def __repr__(self) -> str:
        return f"<{thing(len(self), 'document')}>"
