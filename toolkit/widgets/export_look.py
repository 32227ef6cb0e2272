"""What is in the results of batches: counted by type and source, a few rows, and how large."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit import plugins
from toolkit.desk import Desk
from toolkit.document import Document
from toolkit.document.selection import Selection, selected
from toolkit.errors import ResultGone, ToolkitError
from toolkit.jobs import Job, JobState
from toolkit.widgets.words import shown

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["GROUP", "code_of", "looked", "sizes"]

GROUP = "toolkit.exporters"
# Counting is done over so many documents; where there are more, it says so.
MOST_COUNTED = 200
# Written to know how large they are.
MOST_WEIGHED = 4
MOST_ROWS = 40
LONGEST_TEXT = 160


def completed(desk: Desk, batches: Sequence[str]) -> list[str]:
    """The ids of the jobs of *batches* that have completed, in order."""
    return [one for b in batches for one in desk.ids(batch=b, status=JobState.COMPLETED)]


def looked(
    desk: Desk, batches: Sequence[str], selection: Selection, *, reviewed: bool
) -> dict[str, Any]:
    """The blocks of the first documents as counts and rows; JSON that is safe to be shown."""
    job_ids = completed(desk, batches)
    some = job_ids[:MOST_COUNTED]
    frame = desk.blocks(job_ids=some, reviewed=reviewed)
    wanted = frame[_mask(frame, selection)]
    return {
        "documents": len(job_ids),
        "counted": len(some),
        "blocks": len(frame),
        "matching": len(wanted),
        "types": _counts(frame, "type"),
        "sources": _counts(frame, "text_source"),
        "rows": [_row(row) for row in wanted.head(MOST_ROWS).to_dict("records")],
    }


def _mask(frame: pd.DataFrame, selection: Selection) -> pd.Series[bool]:
    kept = frame["confidence"].astype("float64") >= selection.min_confidence
    if selection.types:
        kept &= frame["type"].isin(selection.types)
    if selection.text_sources:
        kept &= frame["text_source"].isin(selection.text_sources)
    return kept.fillna(False).astype(bool)


def _counts(frame: pd.DataFrame, column: str) -> list[list[Any]]:
    counted = frame[column].astype("string").value_counts()
    return [[str(name), int(number)] for name, number in counted.items() if number]


def _row(row: Mapping[Any, Any]) -> list[str]:
    file, page, kind, source, sure, text = (
        row[name] for name in ("file", "page", "type", "text_source", "confidence", "text")
    )
    said = text if isinstance(text, str) else ""
    said = " ".join(said.replace("\t", " · ").replace("\n", " / ").split())
    named = (shown(str(file), 80), str(page), str(kind), str(source), f"{float(sure):.2f}")
    return [*named, shown(said, LONGEST_TEXT)]


def sizes(
    desk: Desk, batches: Sequence[str], formats: Sequence[str], selection: Selection
) -> dict[str, int]:
    """About how many bytes each of *formats* will take: a few documents are written to know."""
    job_ids = completed(desk, batches)
    some = job_ids[:: max(1, len(job_ids) // MOST_WEIGHED)][:MOST_WEIGHED]
    pairs = list(_pairs(desk, some, selection))
    found = {}
    for name in formats:
        with tempfile.TemporaryDirectory(prefix="pagequeue-size-") as folder:
            written = plugins.load(GROUP, name)(iter(pairs), Path(folder))
            taken = sum(path.stat().st_size for path in written)
        found[name] = round(taken * len(job_ids) / len(pairs)) if pairs else 0
    return found


def _pairs(
    desk: Desk, job_ids: Sequence[str], selection: Selection
) -> Iterator[tuple[Job, Document]]:
    for job in desk.look_at(job_ids):
        try:
            yield job, selected(desk.document(job.id), selection)
        except ResultGone:
            continue  # purged since it was counted
        except ToolkitError:
            continue  # the result of another tool: it is in the list of jobs, and has no blocks


def code_of(
    names: Sequence[str],
    out: str,
    formats: Sequence[str],
    selection: Selection,
    *,
    reviewed: bool = False,
) -> str:
    """Python that does what the panel does."""
    batch = f"ws.batch({names[0]!r})" if len(names) == 1 else "batch"
    asked = []
    if selection.types:
        asked.append(f"type={list(selection.types)!r}")
    if selection.text_sources:
        asked.append(f"text_source={list(selection.text_sources)!r}")
    if selection.min_confidence > 0:
        asked.append(f"min_confidence={selection.min_confidence:g}")
    blocks = "blocks(reviewed=True)" if reviewed else "blocks()"
    frame = f"{batch}.{blocks}" + (f".doc.filter({', '.join(asked)})" if asked else "")
    lines = [f"frame = {frame}"]
    if not asked and len(names) == 1:
        also = ", reviewed=True" if reviewed else ""
        lines.append(f"{batch}.export({out!r}, to={list(formats)!r}{also})")
    loop = f"for batch in map(ws.batch, {list(names)!r}):\n    "
    return (
        (loop if len(names) > 1 else "")
        + "\n    ".join(lines[:1])
        + "".join(f"\n{line}" for line in lines[1:])
    )
