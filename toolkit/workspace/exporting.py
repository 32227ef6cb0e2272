"""A batch as files, in the formats of the installed exporters."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from toolkit import plugins
from toolkit.desk import Desk
from toolkit.document import Document
from toolkit.errors import InvalidOption, ResultGone, UnreadablePath
from toolkit.export import dictionary
from toolkit.jobs import Job

__all__ = ["documents", "export", "formats"]

GROUP = "toolkit.exporters"
TABULAR = frozenset({".csv", ".jsonl", ".parquet", ".xlsx"})
"""Files that have columns, and so something to look up in a dictionary."""


def formats(asked: Sequence[str] | str) -> list[str]:
    """The names in *asked*, each once. Raises InvalidOption, naming the nearest."""
    names = [asked] if isinstance(asked, str) else list(dict.fromkeys(asked))
    offered = plugins.names(GROUP)
    for name in names:
        if name not in offered:
            close = difflib.get_close_matches(name, offered, n=1, cutoff=0.4)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise InvalidOption(f"no format {name!r}{hint} There is: {', '.join(offered)}")
    if not names:
        raise InvalidOption(f"no format was asked for; there is: {', '.join(offered)}")
    return names


def export(desk: Desk, batch: str, out: str | os.PathLike[str], *, to: Sequence[str]) -> list[Path]:
    """Write the documents of *batch* into the folder *out*, made where it is missing.

    Beside tables, a data dictionary says what every file and column is. Each document is read
    when it is its turn, so that no more than one is in memory. Raises InvalidOption for an
    unknown format and UnreadablePath where *out* cannot be written.
    """
    names, folder = formats(to), Path(out).expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise UnreadablePath(f"{folder}: {exc.strerror or exc}") from exc
    written: list[Path] = []
    for name in names:
        written += plugins.load(GROUP, name)(documents(desk, batch), folder)
    if any(path.suffix in TABULAR for path in written):
        written += dictionary.write(written, folder)
    return written


def documents(desk: Desk, batch: str) -> Iterator[tuple[Job, Document | None]]:
    """Each job of *batch* with its document, None where it has none (any more)."""
    for job in desk.find(batch=batch):
        document = None
        if job.has_result and job.tool == "parse":
            with suppress(ResultGone):  # purged since the list was read
                document = desk.document(job.id)
        yield job, document
