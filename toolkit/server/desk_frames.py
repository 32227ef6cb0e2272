"""Frames as Arrow streams, some jobs at a time: however large they are, little of them is held."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from toolkit.server.owned import OwnedDesk

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["streamed"]

ROUND: Final = 100
"""Jobs whose rows are made at once."""


def streamed(
    desk: OwnedDesk,
    verb: str,
    *,
    batch: str | None,
    job_ids: Sequence[str] | None,
    reviewed: bool = False,
) -> Iterator[bytes]:
    """The frame that *verb* (blocks, pages) makes of these jobs, as pieces of an Arrow stream."""
    wanted, sink = desk.readable(batch, job_ids), _Sink()
    first = _frame(desk, verb, wanted[:ROUND], reviewed)
    schema = pa.Schema.from_pandas(first, preserve_index=False)
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_batch(_rows(first, schema))
        yield sink.taken()
        for start in range(ROUND, len(wanted), ROUND):
            frame = _frame(desk, verb, wanted[start : start + ROUND], reviewed)
            writer.write_batch(_rows(frame, schema))
            yield sink.taken()
    yield sink.taken()


def _frame(desk: OwnedDesk, verb: str, job_ids: Sequence[str], reviewed: bool) -> pd.DataFrame:
    if verb == "pages":
        return desk.pages(job_ids=job_ids)
    return desk.blocks(job_ids=job_ids, reviewed=reviewed)


def _rows(frame: pd.DataFrame, schema: Any) -> Any:
    return pa.RecordBatch.from_pandas(frame, schema=schema, preserve_index=False)


class _Sink(io.RawIOBase):
    """Where Arrow writes to, taken away piece by piece."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        piece = bytes(content)
        self._pieces.append(piece)
        self._size += len(piece)
        return len(piece)

    def tell(self) -> int:
        return self._size

    def taken(self) -> bytes:
        """What was written since the last time."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)
