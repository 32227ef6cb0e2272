"""What can be read at a desk over a database file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from toolkit.desk import Offered, Reviewing, Status
from toolkit.document import Document
from toolkit.document.reviews import Review
from toolkit.document.wire import MEDIA_TYPE, decode
from toolkit.errors import InvalidInput
from toolkit.jobs import Attempt, Job, JobState
from toolkit.store import jobs, results, reviews
from toolkit.store.store import Store
from toolkit.workspace import previewing, reviewing
from toolkit.workspace.accessor import met, register
from toolkit.workspace.offering import offered
from toolkit.workspace.watch import StoreWatch

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["StoreReader"]


class StoreReader:
    """The verbs of a ``Desk`` that change nothing, over *store*."""

    def __init__(self, store: Store) -> None:
        self.store = store

    @property
    def place(self) -> str:
        return str(self.store.path)

    def look(self, job_id: str) -> Job:
        return jobs.job(self.store.read(), job_id)

    def find(
        self,
        *,
        batch: str | None = None,
        status: Status = None,
        tool: str | None = None,
        text: str | None = None,
        limit: int | None = None,
        newest_first: bool = False,
    ) -> list[Job]:
        return jobs.jobs(
            self.store.read(),
            batch=batch,
            status=status,
            tool=tool,
            text=text,
            limit=limit,
            newest_first=newest_first,
        )

    def ids(
        self,
        *,
        batch: str | None = None,
        status: Status = None,
        text: str | None = None,
        sort: str = "number",
        descending: bool = False,
    ) -> list[str]:
        return jobs.job_ids(
            self.store.read(),
            batch=batch,
            status=status,
            text=text,
            sort=sort,
            descending=descending,
        )

    def look_at(self, job_ids: Sequence[str]) -> list[Job]:
        return jobs.several(self.store.read(), job_ids)

    def tools(self) -> list[Offered]:
        return offered(self.store)

    def counts(self, *, batch: str | None = None) -> dict[JobState, int]:
        found = jobs.counts(self.store.read(), batch=batch)
        return {state: found.get(state, 0) for state in JobState}

    def attempts(self, job_id: str) -> list[Attempt]:
        return jobs.attempts(self.store.read(), job_id)

    def changes(self) -> StoreWatch:
        return StoreWatch(self.store)

    def result(self, job_id: str) -> bytes:
        return results.content(self.store, job_id)

    def document(self, job_id: str) -> Document:
        made = results.outcome(self.store, job_id)
        if made.media_type != MEDIA_TYPE:
            raise InvalidInput(f"job {job_id} made {made.media_type}, not a document; use result()")
        document, name = decode(made.content), self.look(job_id).filename
        # The answer may come from the cache, where the same bytes had another name.
        if name is None or name == document.source.filename:
            return document
        return replace(document, source=replace(document.source, filename=name))

    def reviews(self, job_ids: Sequence[str]) -> list[Review]:
        return reviews.reviews(self.store.read(), job_ids=job_ids)

    def review_progress(self, job_ids: Sequence[str]) -> Reviewing:
        found = reviews.counted(self.store.read(), job_ids=job_ids)
        return Reviewing(blocks=found.blocks, reviewed=found.reviewed, wrong=found.wrong)

    def page_image(
        self, job_id: str, page: int, *, width: int = 1200, password: str | None = None
    ) -> bytes:
        return previewing.page_image(self.store, job_id, page, width=width, password=password)

    def blocks(
        self,
        *,
        batch: str | None = None,
        job_ids: Sequence[str] | None = None,
        reviewed: bool = False,
    ) -> pd.DataFrame:
        from toolkit import frames

        register()
        met(self)
        if reviewed:
            if job_ids is None:
                job_ids = self.ids(batch=batch, status=JobState.COMPLETED)
            return frames.blocks(reviewing.rows(self, job_ids))
        return frames.blocks(results.block_rows(self.store.read(), batch=batch, job_ids=job_ids))

    def pages(
        self, *, batch: str | None = None, job_ids: Sequence[str] | None = None
    ) -> pd.DataFrame:
        from toolkit import frames

        register()
        met(self)
        return frames.pages(results.page_rows(self.store.read(), batch=batch, job_ids=job_ids))
