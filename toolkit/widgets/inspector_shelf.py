"""Where an inspector takes its documents from: a desk, or a document that was read without one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec

from toolkit.desk import Desk, Reviewing
from toolkit.document import Document
from toolkit.document.reviews import Review
from toolkit.errors import InvalidInput, JobNotFound, ResultGone
from toolkit.jobs import Job, JobState

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DeskShelf", "Entry", "LooseShelf", "Shelf"]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A document that can be opened; ``pages`` is 0 where it is not known yet."""

    id: str
    name: str
    pages: int = 0
    file_hash: str | None = None
    """"sha256:" and 64 hex digits; None where the file is erased."""


class Shelf(Protocol):
    """Documents that belong together.

    ``expression`` is Python for the frame of their blocks, ``reviewed_expression`` for the same as
    people have corrected them; ``told_apart`` says whether that frame
    knows which document a row is of.
    """

    expression: str
    reviewed_expression: str
    told_apart: bool

    def entries(self) -> list[Entry]:
        """The documents that are there now, in order."""
        ...

    def words(self) -> str:
        """Why there is no document, where there is none."""
        ...

    def document(self, document_id: str) -> Document:
        """The document. Raises what a desk's ``document`` raises."""
        ...

    def picture(self, document_id: str, page: int, width: int) -> bytes:
        """A page as WEBP. Raises what a desk's ``page_image`` raises."""
        ...

    def blocks(self, document_id: str | None = None, *, reviewed: bool = False) -> pd.DataFrame:
        """A row a block, of one document or of all; *reviewed*: as people have corrected them."""
        ...

    def reviews(self, document_id: str | None = None) -> list[Review]:
        """What was said of one document, or of all, in order."""
        ...

    def review(self, document_id: str, review: Review) -> Review:
        """Keep a review. Raises InvalidInput where it makes no sense, or none can be kept."""
        ...

    def undo(self, document_id: str, review_id: int) -> None:
        """Let a review not count any more."""
        ...

    def progress(self) -> Reviewing | None:
        """How far the review of all is; None where there is nothing to keep one in."""
        ...


class DeskShelf:
    """The documents of a batch at a desk, or of some of its jobs.

    *frame*, where it is given, holds the rows that are looked at instead of all blocks.
    """

    told_apart = True

    def __init__(
        self,
        desk: Desk,
        *,
        expression: str,
        batch: str | None = None,
        job_ids: Sequence[str] | None = None,
        frame: pd.DataFrame | None = None,
        password: str | None = None,
    ) -> None:
        self.expression = expression
        # "batch.blocks()" takes it as its argument; a frame that is there already is what it is.
        self.reviewed_expression = expression.replace("()", "(reviewed=True)").replace(
            "])", "], reviewed=True)"
        )
        self._desk, self._batch, self._frame, self._password = desk, batch, frame, password
        self._asked = None if job_ids is None else tuple(dict.fromkeys(job_ids))

    def _jobs(self) -> list[Job]:
        if self._asked is None:
            return self._desk.find(batch=self._batch)
        return [self._desk.look(one) for one in self._asked]

    def entries(self) -> list[Entry]:
        return [
            Entry(
                id=job.document_id,
                name=job.filename or job.document_id,
                pages=job.pages,
                file_hash=job.sha256 and f"sha256:{job.sha256}",
            )
            for job in self._jobs()
            if job.tool == "parse" and job.has_result
        ]

    def words(self) -> str:
        found = self._jobs()
        if not found:
            return "There is no job here yet."
        if all(job.purged or job.result_gone for job in found):
            return "The documents of these jobs were erased."
        if any(not job.ended for job in found):
            return "No document is ready yet: the jobs have not ended. Look again in a moment."
        failed = next((job for job in found if job.status is JobState.FAILED), None)
        if failed is not None:
            return f"No document came of these jobs. {failed.error_code}: {failed.error}"
        return "No document came of these jobs."

    def document(self, document_id: str) -> Document:
        return self._desk.document(_job_id(document_id))

    def picture(self, document_id: str, page: int, width: int) -> bytes:
        return self._desk.page_image(
            _job_id(document_id), page, width=width, password=self._password
        )

    def blocks(self, document_id: str | None = None, *, reviewed: bool = False) -> pd.DataFrame:
        if self._frame is not None:
            frame = self._frame
            return frame if document_id is None else frame[frame["document_id"] == document_id]
        if document_id is not None:
            return self._desk.blocks(job_ids=[_job_id(document_id)], reviewed=reviewed)
        if self._asked is not None:
            return self._desk.blocks(job_ids=self._asked, reviewed=reviewed)
        return self._desk.blocks(batch=self._batch, reviewed=reviewed)

    def reviews(self, document_id: str | None = None) -> list[Review]:
        jobs = self._ids() if document_id is None else [_job_id(document_id)]
        return self._desk.reviews(jobs)

    def review(self, document_id: str, review: Review) -> Review:
        return self._desk.review(_job_id(document_id), review)

    def undo(self, document_id: str, review_id: int) -> None:
        self._desk.undo_review(_job_id(document_id), review_id)

    def progress(self) -> Reviewing | None:
        return self._desk.review_progress(self._ids())

    def _ids(self) -> Sequence[str]:
        return self._desk.ids(batch=self._batch) if self._asked is None else self._asked


class LooseShelf:
    """One document that was read without a queue; *draw* makes a page of its file a picture."""

    told_apart = False

    def __init__(
        self,
        document: Document,
        draw: Callable[[int, int], bytes] | None,
        *,
        expression: str = "frames.blocks([document])",
    ) -> None:
        self.expression = self.reviewed_expression = expression
        self._document, self._draw = document, draw
        self._id = "doc_" + document.source.file_hash.removeprefix("sha256:")[:16]

    def entries(self) -> list[Entry]:
        source = self._document.source
        return [
            Entry(
                id=self._id,
                name=source.filename,
                pages=source.page_count,
                file_hash=source.file_hash,
            )
        ]

    def words(self) -> str:
        return ""

    def document(self, document_id: str) -> Document:
        if document_id != self._id:
            raise InvalidInput(f"there is no document {document_id!r} here, but {self._id!r}")
        return self._document

    def picture(self, document_id: str, page: int, width: int) -> bytes:  # noqa: ARG002
        if self._draw is None:
            raise ResultGone(
                "the file was not given, so its pages cannot be shown: "
                "toolkit.inspect(document, path)"
            )
        return self._draw(page, width)

    def blocks(
        self,
        document_id: str | None = None,  # noqa: ARG002
        *,
        reviewed: bool = False,  # noqa: ARG002
    ) -> pd.DataFrame:
        from toolkit import frames

        return frames.blocks([self._document])

    def reviews(self, document_id: str | None = None) -> list[Review]:  # noqa: ARG002
        return []

    def review(self, document_id: str, review: Review) -> Review:  # noqa: ARG002
        raise InvalidInput("what is said of a document is kept with its job: use ws.submit(...)")

    def undo(self, document_id: str, review_id: int) -> None:  # noqa: ARG002
        raise InvalidInput("there is no review here")

    def progress(self) -> Reviewing | None:
        return None


def _job_id(document_id: str) -> str:
    """The job that made the document; a document's id is known by it from submission on."""
    if not document_id.startswith("doc_"):
        raise JobNotFound(f"{document_id!r} is no document: its id begins with 'doc_'")
    return "job_" + document_id.removeprefix("doc_")
