"""A batch as files, in the formats of the installed exporters."""

from __future__ import annotations

import difflib
import inspect
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

from toolkit import plugins
from toolkit.desk import Desk
from toolkit.document import Document
from toolkit.document.selection import Selection, selected
from toolkit.errors import InvalidOption, ResultGone, UnreadablePath
from toolkit.export import dictionary
from toolkit.jobs import Job
from toolkit.workspace.reviewing import as_reviewed

__all__ = ["documents", "export", "formats"]

GROUP = "toolkit.exporters"

Pair: TypeAlias = tuple[Job, Document | None]


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


def export(
    desk: Desk,
    batch: str | Sequence[str],
    out: str | os.PathLike[str],
    *,
    to: Sequence[str] | str,
    formula_safe: bool = False,
    selection: Selection | None = None,
    reviewed: bool = False,
    report: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[Path]:
    """Write the documents of *batch*, or of several, into the folder *out*, made if missing.

    Beside the files, a data dictionary says what every file and column is. Each document is read
    when it is its turn, so that no more than one is in memory. *formula_safe* goes to the formats
    that know it (CSV; in a workbook all text is text in any case). Of each document *selection*
    is written, *reviewed* as people have corrected it; *report* is told how many jobs were
    written, of how many, a job once a format, and may raise to stop. Raises InvalidOption for an
    unknown format and UnreadablePath where *out* cannot be written.
    """
    names, folder = formats(to), Path(out).expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise UnreadablePath(f"{folder}: {exc.strerror or exc}") from exc
    several = [batch] if isinstance(batch, str) else list(dict.fromkeys(batch))
    total = len(names) * sum(sum(desk.counts(batch=one).values()) for one in several)
    told = _Told(report, total)
    written: list[Path] = []
    for name in names:
        write = plugins.load(GROUP, name)
        options = {"formula_safe": True} if formula_safe and _knows(write, "formula_safe") else {}
        pairs = (
            pair for one in several for pair in documents(desk, one, selection, reviewed=reviewed)
        )
        written += write(told.each(pairs), folder, **options)
    return written + dictionary.write(written, folder)


def _knows(write: Callable[..., object], option: str) -> bool:
    return option in inspect.signature(write).parameters


class _Told:
    """Counts what goes through it, and reports it."""

    def __init__(self, report: Callable[[int, int], None], total: int) -> None:
        self._report, self._done, self._total = report, 0, total

    def each(self, pairs: Iterator[Pair]) -> Iterator[Pair]:
        """*pairs*, each reported when the next one is asked for."""
        for pair in pairs:
            yield pair
            self._done += 1
            self._report(self._done, self._total)


def documents(
    desk: Desk,
    batch: str | None,
    selection: Selection | None = None,
    *,
    reviewed: bool = False,
) -> Iterator[Pair]:
    """Each job of *batch*, or of all, with its document, None where it has none (any more)."""
    for job in desk.find(batch=batch):
        document = None
        if job.has_result and job.tool == "parse":
            with suppress(ResultGone):  # purged since the list was read
                document = desk.document(job.id)
                if reviewed:
                    document = as_reviewed(desk, job.id, document)
                document = selected(document, selection)
        yield job, document
