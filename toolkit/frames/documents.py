"""Documents as a frame."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from toolkit.export.rows import document_row
from toolkit.frames.columns import DOCUMENT_COLUMNS, frame_of
from toolkit.frames.rows import Origin, rows

__all__ = ["documents"]


def documents(origins: Iterable[Origin]) -> pd.DataFrame:
    """A row a document, with DOCUMENT_COLUMNS.

    *origins* are documents, pairs of a job and its document, or finished rows.
    """
    return frame_of(
        rows(origins, lambda origin, document: [document_row(origin, document)]), DOCUMENT_COLUMNS
    )
