"""Blocks as a frame."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from toolkit.export.rows import block_rows
from toolkit.frames.columns import BLOCK_COLUMNS, frame_of
from toolkit.frames.rows import Origin, rows

__all__ = ["blocks"]


def blocks(origins: Iterable[Origin]) -> pd.DataFrame:
    """A row a block, with BLOCK_COLUMNS, in the order of *origins* and of reading.

    *origins* are documents, pairs of a job and its document, or rows of a store's
    ``block_rows``.
    """
    return frame_of(rows(origins, block_rows), BLOCK_COLUMNS)
