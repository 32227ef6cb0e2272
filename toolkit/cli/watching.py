"""``pagequeue watch``: folders whose files are handed in as they appear, until Ctrl-C."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.status import Status

from toolkit.cli.care import formats_of
from toolkit.cli.options import (
    DEFAULT_DB,
    Db,
    Name,
    Options,
    Pages,
    Password,
    Priority,
    ToolName,
    opened,
    options_of,
)
from toolkit.cli.terminal import err, say
from toolkit.widgets.pace import Pace
from toolkit.widgets.words import headline, shown, thing

if TYPE_CHECKING:
    from toolkit.desk import Glance
    from toolkit.workspace.watching import Watching

__all__ = ["watch"]

LOOK = 0.5
# Where no terminal is, a line a change, but not a line a job.
SAY_EVERY = 5.0


def watch(
    places: Annotated[
        list[str],
        typer.Argument(help="Folders, or quoted patterns such as 'inbox/**/*.pdf'."),
    ],
    *,
    db: Db = DEFAULT_DB,
    every: Annotated[float, typer.Option("--every", help="Seconds between two looks.")] = 2.0,
    settle: Annotated[
        float, typer.Option("--settle", help="Seconds a file is left alone before it is taken.")
    ] = 2.0,
    out: Annotated[
        Path | None, typer.Option("--out", help="A folder: exported whenever all is done.")
    ] = None,
    to: Annotated[str, typer.Option("--to", help="Formats, with commas.")] = "parquet,markdown",
    tool: ToolName = "parse",
    pages: Pages = None,
    password: Password = None,
    option: Options = None,
    priority: Priority = 0,
    name: Name = None,
) -> None:
    """Hand in new and changed files as they appear, until Ctrl-C; the jobs then go on.

    Started again, it hands in only what has changed meanwhile.
    """
    formats = formats_of(to) if out is not None else []
    with opened(db, create=True, work=True) as workspace:
        watching = workspace.watch(
            places,
            every=every,
            settle=settle,
            tool=tool,
            options=options_of(option, pages),
            password=password,
            priority=priority,
            name=name,
        )
        say(f"watching {shown(', '.join(places))}; Ctrl-C ends it, the jobs go on")
        _followed(watching, out, formats)


def _followed(watching: Watching, out: Path | None, formats: list[str]) -> None:
    """Show what the watch does, and export, until it ends or a person ends it."""
    exported: tuple[int, int] | None = None
    try:
        with _line() as show:
            while watching.running:
                glance = watching.batch.glance()
                show(glance, watching)
                state = (glance.total, glance.ended)
                if out is not None and glance.total and not glance.active and state != exported:
                    files = watching.batch.export(out, to=formats)
                    exported = state
                    say(f"{thing(len(files), 'file')} exported to {shown(str(out), 1000)}")
                time.sleep(LOOK)
        watching.stop()  # raises what ended it
    except KeyboardInterrupt:
        watching.stop()
        left = watching.batch.glance().active
        go_on = f"; {thing(left, 'job')} go on in the background" if left else ""
        say(f"stopped watching, {thing(watching.taken, 'job')} handed in{go_on}")


@contextmanager
def _line() -> Iterator[_Line]:
    if err.is_terminal:
        with err.status("") as status:
            yield _Line(status)
    else:
        yield _Line(None)


class _Line:
    """One line that is always as things are; without a terminal, one whenever they change."""

    def __init__(self, status: Status | None) -> None:
        self._status = status
        self._pace = Pace()
        self._said: tuple[object, ...] = ()
        self._said_at = float("-inf")

    def __call__(self, glance: Glance, watching: Watching) -> None:
        self._pace.note(glance)
        words = headline(
            glance,
            pages_per_second=self._pace.pages_per_second,
            seconds_left=self._pace.seconds_left,
        )
        if watching.unsettled:
            words += f" · {thing(watching.unsettled, 'file')} still being written"
        if watching.error is not None:
            words += f" · cannot look: {watching.error}"
        if self._status is not None:
            self._status.update(shown(words))
            return
        state = (glance.total, glance.ended, str(watching.error))
        if state != self._said and time.monotonic() - self._said_at > SAY_EVERY:
            say(f"{datetime.now().astimezone():%H:%M:%S} {shown(words)}")
            self._said, self._said_at = state, time.monotonic()


watch.epilog = "pagequeue watch 'inbox/**/*.pdf' --out out --to xlsx"  # type: ignore[attr-defined]
