"""The commands that hand in, look after and work on jobs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.options import (
    DEFAULT_DB,
    AsJson,
    BatchName,
    ChangedOnly,
    Db,
    Fresh,
    Inputs,
    JobIds,
    Name,
    Options,
    Pages,
    Password,
    Priority,
    ToolName,
    chosen,
    opened,
    options_of,
)
from toolkit.cli.terminal import (
    JOB_COLUMNS,
    job_rows,
    moment,
    out,
    print_json,
    print_table,
    say,
)
from toolkit.errors import InvalidInput
from toolkit.jobs import JobState
from toolkit.widgets.words import duration, shown, thing

if TYPE_CHECKING:
    from toolkit.workspace import Batch, Workspace

__all__ = ["cancel", "jobs", "pause", "purge", "resume", "retry", "show", "submit", "work"]


Tool = Annotated[str, typer.Argument(help="A type of job, such as parse.", metavar="TOOL")]


def submit(
    inputs: Inputs,
    *,
    db: Db = DEFAULT_DB,
    tool: ToolName = "parse",
    pages: Pages = None,
    password: Password = None,
    option: Options = None,
    priority: Priority = 0,
    name: Name = None,
    bypass_cache: Fresh = False,
    changed_only: ChangedOnly = False,
    start: Annotated[
        bool, typer.Option("--work/--no-work", help="Start a runner in the background.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Hand files in and return; a runner in the background works on them."""
    with opened(db, create=True, work=start) as workspace:
        batch = workspace.submit(
            inputs,
            tool=tool,
            options=options_of(option, pages),
            password=password,
            priority=priority,
            name=name,
            bypass_cache=bypass_cache,
            changed_only=changed_only,
        )
        _tell(workspace, batch, as_json=as_json)


def _tell(workspace: Workspace, batch: Batch, *, as_json: bool) -> None:
    """What was handed in."""
    if not as_json:
        say(repr(batch)[1:-1])
        out.print(batch.id)
        return
    jobs, unchanged = workspace.ids(batch=batch.id), len(batch.unchanged)
    print_json({"batch": batch.id, "name": batch.name, "jobs": jobs, "unchanged": unchanged})


def work(
    *,
    db: Db = DEFAULT_DB,
    slots: Annotated[
        int, typer.Option("--slots", min=0, help="Jobs at once; 0 takes what the machine allows.")
    ] = 0,
    stay: Annotated[
        bool, typer.Option("--stay", help="Wait for more when the queue is empty.")
    ] = False,
) -> None:
    """Work on what is queued, in the foreground, until it is done; Ctrl-C stops gently."""
    from toolkit.cli.foreground import worked

    with opened(db) as workspace:
        raise typer.Exit(worked(workspace, slots=slots, stay=stay))


def jobs(
    *,
    db: Db = DEFAULT_DB,
    status: Annotated[JobState | None, typer.Option("--status", help="Only in this state.")] = None,
    batch: BatchName = None,
    tool: Annotated[str | None, typer.Option("--tool", help="Only of this tool.")] = None,
    text: Annotated[str | None, typer.Option("--text", help="Part of a file's name.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many, the newest.")] = 50,
    watch: Annotated[
        bool, typer.Option("--watch", help="Stay, and show how they go, until all have ended.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List jobs, the newest last."""
    with opened(db) as workspace:
        of = workspace.batch(batch).id if batch is not None else None
        find = partial(
            workspace.find,
            batch=of,
            status=status,
            tool=tool,
            text=text,
            limit=limit,
            newest_first=True,
        )
        if watch and not as_json:
            from toolkit.cli.board import watched

            watched(workspace, batch=of, find=lambda: find()[::-1])
            return
        found = find()[::-1]
        if as_json:
            print_json(found)
            return
        print_table("", JOB_COLUMNS, job_rows(found), numbers=("progress", "pages", "took"))
        total = sum(workspace.counts().values())
        say(f"{thing(len(found), 'job')} of {total:,} in {shown(str(db))}")


def show(
    job: Annotated[str, typer.Argument(help="The id of a job.")],
    *,
    db: Db = DEFAULT_DB,
    as_json: AsJson = False,
) -> None:
    """Show one job: what it is, every attempt, and what came of it."""
    with opened(db) as workspace:
        found, tries = workspace.look(job), workspace.attempts(job)
        if as_json:
            print_json({"job": found, "attempts": tries})
            return
        fields = [
            ("job", found.id),
            ("file", found.filename or "(none)"),
            ("from", found.origin or ""),
            ("tool", found.tool),
            ("status", f"{found.status}{' (from the cache)' if found.cache_hit else ''}"),
            ("progress", f"{found.progress:.0f} %, page {found.page} of {found.pages}"),
            ("handed in", moment(found.created_at)),
            ("started", moment(found.started_at)),
            ("ended", moment(found.ended_at)),
            ("error", f"{found.error_code}: {found.error}" if found.error_code else ""),
            ("sha256", found.sha256 or ""),
        ]
        print_table("", ("", ""), [pair for pair in fields if pair[1]])
        rows = [
            [
                attempt.number,
                attempt.outcome or "running",
                duration(attempt.ended_at - attempt.started_at) if attempt.ended_at else "",
                f"{attempt.cpu_seconds:.2f} s" if attempt.cpu_seconds is not None else "",
                f"{attempt.peak_memory / 2**20:.0f} MB" if attempt.peak_memory else "",
                f"{attempt.error_code}: {attempt.error}" if attempt.error_code else "",
            ]
            for attempt in tries
        ]
        if rows:
            print_table("attempts", ("#", "outcome", "took", "cpu", "memory", "error"), rows)


def cancel(ids: JobIds = None, db: Db = DEFAULT_DB, batch: BatchName = None) -> None:
    """Stop jobs; running ones are killed."""
    with opened(db) as workspace:
        stopped = workspace.cancel(chosen(workspace, ids, batch))
        say(f"{thing(stopped, 'job')} cancelled")


def retry(ids: JobIds = None, db: Db = DEFAULT_DB, batch: BatchName = None) -> None:
    """Queue failed and cancelled jobs again."""
    with opened(db, work=True) as workspace:
        again = workspace.retry(chosen(workspace, ids, batch))
        say(f"{thing(again, 'job')} queued again")


def purge(
    ids: JobIds = None,
    *,
    db: Db = DEFAULT_DB,
    batch: BatchName = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase input, result and names of jobs for good; a tombstone stays."""
    with opened(db) as workspace:
        found = chosen(workspace, ids, batch)
        if not yes and not typer.confirm(f"Erase {thing(len(found), 'job')} for good?", err=True):
            raise InvalidInput("nothing was erased")
        said = workspace.purge(found)
        say(f"{said['done']} erased, {said['pending']} pending")


def pause(tool: Tool, db: Db = DEFAULT_DB) -> None:
    """Start no more jobs of a tool; those that run go on, and new ones wait."""
    with opened(db) as workspace:
        workspace.pause(tool)
        waiting = sum(one.waiting for one in workspace.tools() if one.name == tool)
        left = f"{thing(waiting, 'job')} waiting"
        say(f"{tool} is paused, {left}; go on with: pagequeue resume {tool}")


def resume(tool: Tool, db: Db = DEFAULT_DB) -> None:
    """Start jobs of a paused or drained tool again."""
    with opened(db, work=True) as workspace:
        workspace.resume(tool)
        say(f"{tool} goes on")
