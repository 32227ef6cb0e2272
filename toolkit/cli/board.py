"""The board in a terminal: a bar and the latest jobs, drawn again until everything has ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.text import Text

from toolkit.cli.terminal import JOB_COLUMNS, job_rows, out, table_of
from toolkit.desk import Desk, Glance
from toolkit.jobs import Job
from toolkit.widgets.pace import Pace
from toolkit.widgets.words import headline, shown

__all__ = ["watched"]

# No eye follows more, and the rows of a large batch are read each time.
LOOK = 0.25
NUMBERS = ("progress", "pages", "took")


def watched(desk: Desk, *, batch: str | None, find: Callable[[], Sequence[Job]]) -> None:
    """Show what *find* gives, and the state of *batch*, until it has ended or Ctrl-C.

    Where no terminal is, it waits, and prints the end once.
    """
    pace = Pace()

    def picture() -> tuple[Group, Glance]:
        glance = desk.glance(batch=batch)
        pace.note(glance)
        line = headline(
            glance, pages_per_second=pace.pages_per_second, seconds_left=pace.seconds_left
        )
        bar = ProgressBar(total=max(1, glance.total), completed=glance.work_done, width=40)
        table = table_of("", JOB_COLUMNS, job_rows(find()), numbers=NUMBERS)
        return Group(Text(shown(line)), bar, table), glance

    drawn, glance = picture()
    # Ctrl-C ends the watching, not the jobs.
    with suppress(KeyboardInterrupt), Live(drawn, console=out, auto_refresh=False) as live:
        while glance.active:
            desk.attend()
            time.sleep(LOOK)
            drawn, glance = picture()
            live.update(drawn, refresh=out.is_terminal)
        live.update(drawn, refresh=True)
