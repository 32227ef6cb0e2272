"""Pages as a frame."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from toolkit.export.rows import page_rows
from toolkit.frames.columns import PAGE_COLUMNS, frame_of
from toolkit.frames.rows import Origin, rows

__all__ = ["pages"]


def pages(origins: Iterable[Origin]) -> pd.DataFrame:
    """A row a page of each file, with PAGE_COLUMNS, whether it was read or not.

    *origins* are documents, pairs of a job and its document, or rows of a store's
    ``page_rows``. Of several failures of a page, the code is the first one's.
    """
    return frame_of(rows(origins, page_rows), PAGE_COLUMNS)
