"""Arrow streams as the frames that they were made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from toolkit.errors import ServerFailed

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["frame_in"]


def frame_in(streams: Sequence[bytes], verb: str, place: str) -> pd.DataFrame:
    """The rows in *streams* as one frame of *verb* (blocks, pages), with exactly its dtypes.

    Raises ServerFailed where they are no such frame.
    """
    import pyarrow as pa

    from toolkit.frames.columns import BLOCK_COLUMNS, PAGE_COLUMNS

    columns = BLOCK_COLUMNS if verb == "blocks" else PAGE_COLUMNS
    try:
        tables = [pa.ipc.open_stream(one).read_all() for one in streams]
        for table in tables:
            table.validate(full=True)
        frame = pa.concat_tables(tables).to_pandas()
        ordered: pd.DataFrame = frame[list(columns)].astype(dict(columns))
    except (pa.ArrowException, KeyError, ValueError, TypeError) as exc:
        words = " ".join(str(exc).split())[:300]
        raise ServerFailed(f"{place} answered with no frame of {verb}: {words}") from exc
    return ordered
