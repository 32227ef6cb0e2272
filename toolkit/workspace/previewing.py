"""Pages of a job's file as pictures: made in a child, kept beside the blobs."""

from __future__ import annotations

from toolkit.errors import InvalidInput, ResultGone, ResultNotReady, UnreadablePath
from toolkit.jobs import Job
from toolkit.runner import direct
from toolkit.store import jobs, previews
from toolkit.store.store import Store
from toolkit.tools.preview import PREVIEW

__all__ = ["page_image"]


def page_image(store: Store, job_id: str, page: int, *, width: int, password: str | None) -> bytes:
    """Page *page* of the file of *job_id* as WEBP; see ``Desk.page_image``."""
    job = jobs.job(store.read(), job_id)
    if job.sha256 is None:
        raise ResultGone(_why(job))
    name = f"{page}-{width}-{PREVIEW.version}.webp"
    kept = previews.found(store, sha256=job.sha256, name=name)
    if kept is not None:
        return kept
    made = _made(store, job, {"page": page, "width": width}, password)
    if password is None:
        # What a password protects is not left lying about without it.
        previews.keep(store, made, job_id=job.id, sha256=job.sha256, name=name)
    return made


def _made(store: Store, job: Job, options: dict[str, int], password: str | None) -> bytes:
    source = jobs.source_of(store, job)
    secrets = {} if password is None else {"password": password}
    try:
        outcome = direct.run(
            PREVIEW, source, filename=job.filename or "document", options=options, secrets=secrets
        )
    except UnreadablePath as exc:
        raise ResultGone(f"the file of job {job.id} is not in the store any more") from exc
    return outcome.content


def _why(job: Job) -> str:
    if job.purged:
        return f"job {job.id} was purged: its file is erased"
    if job.size:
        return f"the file of job {job.id} is erased: the time for which it was kept is over"
    if job.url is not None:
        raise ResultNotReady(f"the file of job {job.id} is still to be fetched; ask again then")
    raise InvalidInput(f"job {job.id} has no file")
