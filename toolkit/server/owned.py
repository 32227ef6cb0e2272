"""A desk that shows one owner's jobs and nothing of anybody else's.

What belongs to another owner is as if it were not there: the words are those for an unknown id.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from toolkit.desk import Glance, Offered, Reviewing, Status
from toolkit.document import Document
from toolkit.document.reviews import Review
from toolkit.errors import ResultGone
from toolkit.jobs import Attempt, Job, JobState
from toolkit.server.kept import as_it_is
from toolkit.store import batches, jobs, outlook
from toolkit.store.batches import BatchRow
from toolkit.store.jobs import not_found
from toolkit.store.outlook import ToolStats
from toolkit.store.store import Store
from toolkit.workspace.local import LocalDesk
from toolkit.workspace.looking import glance
from toolkit.workspace.offering import offered

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["OwnedDesk"]


class OwnedDesk(LocalDesk):
    """The verbs over *store* for *owner*; "" is whoever needs no key."""

    def __init__(self, store: Store, owner: str, *, work: bool) -> None:
        super().__init__(store, work=work)
        self.owner = owner

    # --- seeing -------------------------------------------------------------------------------

    def look(self, job_id: str) -> Job:
        job = super().look(job_id)
        if job.owner != self.owner:
            raise not_found(job_id)
        return as_it_is(job, now=time.time())

    def look_at(self, job_ids: Sequence[str]) -> list[Job]:
        own = [job for job in super().look_at(job_ids) if job.owner == self.owner]
        return self._as_they_are(own)

    def _as_they_are(self, found: Sequence[Job]) -> list[Job]:
        now = time.time()
        return [as_it_is(job, now=now) for job in found]

    def find(
        self,
        *,
        batch: str | None = None,
        status: Status = None,
        tool: str | None = None,
        text: str | None = None,
        limit: int | None = None,
        newest_first: bool = False,
        after: int | None = None,
    ) -> list[Job]:
        """*after* is the number of the last job seen, in whichever order is asked for."""
        found = jobs.jobs(
            self.store.read(),
            batch=batch,
            status=status,
            tool=tool,
            owner=self.owner,
            text=text,
            limit=limit,
            before=after if newest_first else None,
            after=None if newest_first else after,
            newest_first=newest_first,
        )
        return self._as_they_are(found)

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
            owner=self.owner,
            text=text,
            sort=sort,
            descending=descending,
        )

    def batch_rows(self) -> list[BatchRow]:
        """The owner's batches, the latest first."""
        return batches.batches(self.store.read(), owner=self.owner)[::-1]

    def own_batch(self, batch_id: str) -> BatchRow:
        """The batch of this id. Raises JobNotFound."""
        return batches.batch(self.store.read(), batch_id, owner=self.owner)

    def counts(self, *, batch: str | None = None) -> dict[JobState, int]:
        found = jobs.counts(self.store.read(), batch=batch, owner=self.owner)
        return {state: found.get(state, 0) for state in JobState}

    def glance(self, *, batch: str | None = None) -> Glance:
        seen = glance(self.store, batch=batch, owner=self.owner, now=time.time())
        return self._with_start(seen)

    def tools(self) -> list[Offered]:
        return offered(self.store, owner=self.owner)

    def stats(self) -> list[ToolStats]:
        """The tools, and how many of the owner's jobs of each stand where."""
        return outlook.stats(self.store.read(), owner=self.owner)

    def attempts(self, job_id: str) -> list[Attempt]:
        self.look(job_id)
        return super().attempts(job_id)

    # --- changing -----------------------------------------------------------------------------

    def cancel(self, job_ids: Sequence[str]) -> int:
        return super().cancel(self._known(job_ids))

    def retry(self, job_ids: Sequence[str]) -> int:
        return super().retry(self._known(job_ids))

    def purge(self, job_ids: Sequence[str]) -> dict[str, int]:
        return super().purge(self._known(job_ids))

    def reprioritise(self, job_ids: Sequence[str], priority: int) -> int:
        return super().reprioritise(self._own(job_ids), priority)

    def review(self, job_id: str, review: Review) -> Review:
        self.look(job_id)
        return super().review(job_id, replace(review, reviewer=review.reviewer or self._somebody))

    def undo_review(self, job_id: str, review_id: int, *, reviewer: str = "") -> None:
        self.look(job_id)
        super().undo_review(job_id, review_id, reviewer=reviewer or self._somebody)

    @property
    def _somebody(self) -> str:
        # Never the user that the server runs as.
        return self.owner or "anonymous"

    def reviews(self, job_ids: Sequence[str]) -> list[Review]:
        return super().reviews(self._own(job_ids))

    def review_progress(self, job_ids: Sequence[str]) -> Reviewing:
        return super().review_progress(self._own(job_ids))

    # --- reading ------------------------------------------------------------------------------

    def result(self, job_id: str) -> bytes:
        self._refuse_unshown(self.look(job_id))
        return super().result(job_id)

    def document(self, job_id: str) -> Document:
        self._refuse_unshown(self.look(job_id))
        return super().document(job_id)

    def _refuse_unshown(self, job: Job) -> None:
        if job.result_gone:
            raise ResultGone(f"the result of job {job.id} is gone: purged, expired or fetched once")
        if job.has_result and _goes_at_once(job):
            raise ResultGone(f"the result of job {job.id} is handed out once, where it was asked")

    def page_image(
        self, job_id: str, page: int, *, width: int = 1200, password: str | None = None
    ) -> bytes:
        self.look(job_id)
        return super().page_image(job_id, page, width=width, password=password)

    def readable(self, batch: str | None, job_ids: Sequence[str] | None) -> list[str]:
        """Which of the owner's jobs have documents: of a batch, of *job_ids*, or all of them."""
        if job_ids is None:
            job_ids = self.ids(batch=batch, status=JobState.COMPLETED)
        return [
            job.id for job in self.look_at(job_ids) if job.has_result and not _goes_at_once(job)
        ]

    def blocks(
        self,
        *,
        batch: str | None = None,
        job_ids: Sequence[str] | None = None,
        reviewed: bool = False,
    ) -> pd.DataFrame:
        return super().blocks(job_ids=self.readable(batch, job_ids), reviewed=reviewed)

    def pages(
        self, *, batch: str | None = None, job_ids: Sequence[str] | None = None
    ) -> pd.DataFrame:
        return super().pages(job_ids=self.readable(batch, job_ids))

    def _own(self, job_ids: Collection[str]) -> list[str]:
        """Those of *job_ids* that are the owner's."""
        return [job.id for job in self.look_at(list(job_ids))]

    def _known(self, job_ids: Sequence[str]) -> list[str]:
        """*job_ids*, which are all the owner's. Raises JobNotFound for the first that is not."""
        own = set(self._own(job_ids))
        for one in job_ids:
            if one not in own:
                raise not_found(one)
        return list(job_ids)


def _goes_at_once(job: Job) -> bool:
    """Whether its result is handed out once and then erased: that is not for a desk to do."""
    return job.one_time or job.result_retain == 0
