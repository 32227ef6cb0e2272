"""What the terminal shows. Names and texts of documents are hostile: they are shown, not obeyed."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from toolkit.jobs import Job, JobState
from toolkit.widgets.words import duration, shown

__all__ = [
    "complain",
    "err",
    "job_rows",
    "moment",
    "out",
    "print_json",
    "print_table",
    "say",
    "table_of",
    "tell",
]

# A pipe has no width; rows that are cut there would be useless to the next program.
_PIPE_WIDTH = 200

out = Console(
    markup=False, emoji=False, highlight=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH
)
err = Console(
    markup=False,
    emoji=False,
    highlight=False,
    stderr=True,
    width=None if sys.stderr.isatty() else _PIPE_WIDTH,
)

STATE_STYLES = {
    JobState.COMPLETED: "green",
    JobState.FAILED: "red",
    JobState.CANCELLED: "bright_black",
    JobState.PROCESSING: "blue",
    JobState.RETRYING: "yellow",
    JobState.QUEUED: "",
}


def say(text: str, style: str = "") -> None:
    """A sentence for a person, on stderr, so that stdout stays a program's."""
    err.print(Text(text, style=style), soft_wrap=True)


def tell(text: str) -> None:
    """A sentence on stdout, among the tables that it belongs to."""
    out.print(Text(text), soft_wrap=True)


def complain(code: str, message: str) -> None:
    """An error in one line on stderr: ``error[CODE]: message``."""
    words = shown(" ".join(message.split()), 2000)
    err.print(Text.assemble((f"error[{code}]", "bold red"), f": {words}"), soft_wrap=True)


def print_json(value: object) -> None:
    """*value* as one line of JSON on stdout."""
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")


def print_table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    numbers: Sequence[str] = (),
    console: Console = out,
) -> None:
    """Rows of text; the columns named in *numbers* are set to the right."""
    console.print(table_of(title, columns, rows, numbers=numbers))


def table_of(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    numbers: Sequence[str] = (),
) -> Table:
    """The same as a table, to be printed."""
    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False)
    for column in columns:
        right = column in numbers
        table.add_column(
            column, justify="right" if right else "left", no_wrap=right, overflow="fold"
        )
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(shown(str(cell))) for cell in row))
    return table


def moment(posix: float | None) -> str:
    """A time here, or nothing where it was not reached."""
    if posix is None:
        return ""
    return datetime.fromtimestamp(posix).astimezone().strftime("%Y-%m-%d %H:%M:%S")


JOB_COLUMNS = ("job", "file", "status", "progress", "pages", "took", "error")


def job_rows(jobs: Iterable[Job]) -> list[list[Any]]:
    """A row a job, in the order of JOB_COLUMNS."""
    return [
        [
            job.id,
            job.filename or ("(purged)" if job.purged else f"({job.tool}, no file)"),
            Text(job.status, style=STATE_STYLES[job.status]),
            f"{job.progress:.0f} %",
            job.pages or "",
            duration(job.ended_at - job.started_at) if job.ended_at and job.started_at else "",
            f"{job.error_code}: {job.error}" if job.error_code else "",
        ]
        for job in jobs
    ]
