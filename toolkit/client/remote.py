"""The verbs of a desk, asked of a server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from toolkit.client.arrow import frame_in
from toolkit.client.questions import Questions
from toolkit.client.watch import RemoteWatch
from toolkit.desk import Glance, Offered, Reviewing, Status
from toolkit.dialects.desk_wire import MOST_IDS, MOST_JOBS, ToolRow
from toolkit.document import Document
from toolkit.document.reviews import Review
from toolkit.document.wire import decode
from toolkit.jobs import Attempt, Job, JobState
from toolkit.workspace.accessor import met, register
from toolkit.workspace.reviewing import whoever
from toolkit.workspace.verbs import tool_frame

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RemoteDesk"]

# So that no single answer takes long: an erasure takes some milliseconds.
MOVED_AT_ONCE = 500
ERASED_AT_ONCE = 20


class RemoteDesk:
    """A ``Desk`` whose jobs, files and runner are somewhere else."""

    def __init__(self, questions: Questions) -> None:
        self._questions = questions
        self._ask = questions.ask

    @property
    def place(self) -> str:
        return self._questions.transport.address.place

    # --- seeing -------------------------------------------------------------------------------

    def look(self, job_id: str) -> Job:
        job: Job = self._ask("look", job_id=job_id)
        return job

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
        found: list[Job] = []
        limit = None if limit is not None and limit < 0 else limit
        while limit is None or len(found) < limit:
            size = MOST_JOBS if limit is None else min(MOST_JOBS, limit - len(found))
            some: list[Job] = self._ask(
                "find",
                batch=batch,
                status=_states(status),
                tool=tool,
                text=text,
                limit=size,
                after=found[-1].number if found else None,
                newest_first=newest_first,
            )
            found += some
            if len(some) < size:
                break
        return found

    def ids(
        self,
        *,
        batch: str | None = None,
        status: Status = None,
        text: str | None = None,
        sort: str = "number",
        descending: bool = False,
    ) -> list[str]:
        found: list[str] = self._ask(
            "ids",
            batch=batch,
            status=_states(status),
            text=text,
            sort=sort,
            descending=descending,
        )
        return found

    def look_at(self, job_ids: Sequence[str]) -> list[Job]:
        return [
            job
            for some in _rounds(job_ids, MOST_JOBS)
            for job in self._ask("look_at", job_ids=some)
        ]

    def counts(self, *, batch: str | None = None) -> dict[JobState, int]:
        found: dict[JobState, int] = self._ask("counts", batch=batch)
        return {state: found.get(state, 0) for state in JobState}

    def glance(self, *, batch: str | None = None) -> Glance:
        seen: Glance = self._ask("glance", batch=batch)
        return seen

    def attempts(self, job_id: str) -> list[Attempt]:
        found: list[Attempt] = self._ask("attempts", job_id=job_id)
        return found

    def tools(self) -> list[Offered]:
        found: list[Offered] = self._ask("tools")
        return found

    def stats(self) -> pd.DataFrame:
        """A row a tool: its state, its limit, how many jobs are where, and how long one takes."""
        return tool_frame(self._ask("stats"), ToolRow.__struct_fields__)

    def attend(self) -> None:
        """The server sees to its runner itself."""

    def changes(self) -> RemoteWatch:
        return RemoteWatch(self._questions)

    # --- changing their course ----------------------------------------------------------------

    def cancel(self, job_ids: Sequence[str]) -> int:
        return sum(self._ask("cancel", job_ids=some) for some in _rounds(job_ids, MOVED_AT_ONCE))

    def retry(self, job_ids: Sequence[str]) -> int:
        return sum(self._ask("retry", job_ids=some) for some in _rounds(job_ids, MOVED_AT_ONCE))

    def purge(self, job_ids: Sequence[str]) -> dict[str, int]:
        said = [self._ask("purge", job_ids=some) for some in _rounds(job_ids, ERASED_AT_ONCE)]
        return {word: sum(one[word] for one in said) for word in ("done", "pending")}

    def reprioritise(self, job_ids: Sequence[str], priority: int) -> int:
        return sum(
            self._ask("reprioritise", job_ids=some, priority=priority)
            for some in _rounds(job_ids, MOST_IDS)
        )

    def pause(self, tool: str) -> None:
        """Start no more jobs of *tool*; those that run go on. Raises UnknownTool."""
        self._ask("pause", tool=tool)

    def resume(self, tool: str) -> None:
        """Start jobs of *tool* again. Raises UnknownTool."""
        self._ask("resume", tool=tool)

    def drain(self, tool: str) -> None:
        """Take no more submissions for *tool*, and finish those that are there."""
        self._ask("drain", tool=tool)

    # --- what came of them --------------------------------------------------------------------

    def result(self, job_id: str) -> bytes:
        content: bytes = self._ask("result", job_id=job_id)
        return content

    def document(self, job_id: str) -> Document:
        return decode(self._ask("document", job_id=job_id))

    def blocks(
        self,
        *,
        batch: str | None = None,
        job_ids: Sequence[str] | None = None,
        reviewed: bool = False,
    ) -> pd.DataFrame:
        return self._frame("blocks", batch, job_ids, reviewed=reviewed)

    def pages(
        self, *, batch: str | None = None, job_ids: Sequence[str] | None = None
    ) -> pd.DataFrame:
        return self._frame("pages", batch, job_ids)

    def _frame(
        self, verb: str, batch: str | None, job_ids: Sequence[str] | None, **more: Any
    ) -> pd.DataFrame:
        register()
        met(self)
        some = [None] if job_ids is None else list(_rounds(job_ids, MOST_IDS)) or [()]
        return frame_in(
            [self._ask(verb, batch=batch, job_ids=one, **more) for one in some], verb, self.place
        )

    def page_image(
        self, job_id: str, page: int, *, width: int = 1200, password: str | None = None
    ) -> bytes:
        drawn: bytes = self._ask(
            "page_image", job_id=job_id, page=page, width=width, password=password
        )
        return drawn

    # --- what people say of it ----------------------------------------------------------------

    def review(self, job_id: str, review: Review) -> Review:
        # Whoever sits here says it, not the user that the server runs as.
        said = replace(review, reviewer=whoever(review.reviewer))
        kept: Review = self._ask("review", job_id=job_id, review=said)
        return kept

    def undo_review(self, job_id: str, review_id: int, *, reviewer: str = "") -> None:
        self._ask("undo_review", job_id=job_id, review_id=review_id, reviewer=whoever(reviewer))

    def reviews(self, job_ids: Sequence[str]) -> list[Review]:
        found: list[Review] = [
            review
            for some in _rounds(job_ids, MOST_IDS)
            for review in self._ask("reviews", job_ids=some)
        ]
        return sorted(found, key=lambda review: review.id or 0)

    def review_progress(self, job_ids: Sequence[str]) -> Reviewing:
        said: list[Reviewing] = [
            self._ask("review_progress", job_ids=some) for some in _rounds(job_ids, MOST_IDS)
        ]
        return Reviewing(
            blocks=sum(one.blocks for one in said),
            reviewed=sum(one.reviewed for one in said),
            wrong=sum(one.wrong for one in said),
        )


def _states(status: Status) -> Any:
    return status if status is None or isinstance(status, str) else tuple(status)


def _rounds(job_ids: Sequence[str], size: int) -> Iterator[tuple[str, ...]]:
    for start in range(0, len(job_ids), size):
        yield tuple(job_ids[start : start + size])
