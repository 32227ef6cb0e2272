"""Jobs as a frame."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from toolkit.export.rows import job_row
from toolkit.frames.columns import JOB_COLUMNS, frame_of
from toolkit.jobs.job import Job

__all__ = ["jobs"]


def jobs(found: Iterable[Job]) -> pd.DataFrame:
    """A row a job, with JOB_COLUMNS, in the order of *found*."""
    return frame_of(map(job_row, found), JOB_COLUMNS)
