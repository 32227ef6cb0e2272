"""``pagequeue run``, the main job: hand in, work, export, and say what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolkit.cli.care import formats_of
from toolkit.cli.foreground import worked
from toolkit.cli.options import (
    DEFAULT_DB,
    AsJson,
    ChangedOnly,
    Db,
    Fresh,
    Inputs,
    Name,
    Options,
    Pages,
    Password,
    Priority,
    ToolName,
    opened,
    options_of,
)
from toolkit.cli.terminal import print_json, print_table, tell
from toolkit.jobs import JobState
from toolkit.widgets.words import count, duration, shown, thing

if TYPE_CHECKING:
    from toolkit.workspace import Batch, Workspace

__all__ = ["run"]


def run(
    inputs: Inputs,
    *,
    db: Db = DEFAULT_DB,
    out: Annotated[
        Path | None, typer.Option("--out", help="A folder for the exports; none without it.")
    ] = None,
    to: Annotated[str, typer.Option("--to", help="Formats, with commas.")] = "parquet,markdown",
    tool: ToolName = "parse",
    pages: Pages = None,
    password: Password = None,
    option: Options = None,
    priority: Priority = 0,
    name: Name = None,
    bypass_cache: Fresh = False,
    changed_only: ChangedOnly = False,
    as_json: AsJson = False,
) -> None:
    """Hand files in, work on them, show progress, export, and sum up.

    Ends with 0 when every job completed, 1 when some failed, 2 for a wrong command. What was
    read before comes from the cache. Ctrl-C stops gently: what is left stays queued.
    """
    formats = formats_of(to)
    with opened(db, create=True) as workspace:
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
        raise typer.Exit(_worked(workspace, batch, out, formats, as_json=as_json))


def _worked(
    workspace: Workspace, batch: Batch, out: Path | None, formats: list[str], *, as_json: bool
) -> int:
    """Work on the batch, export it and sum it up; the code that the command ends with."""
    if stopped := worked(workspace, batch=batch.id):
        return stopped
    files = batch.export(out, to=formats) if out is not None else []
    summary = _summary(workspace, batch, files, out)
    if as_json:
        print_json(summary)
    else:
        _print(summary)
    counts = summary["counts"]
    return 0 if counts[JobState.COMPLETED] == sum(counts.values()) else 1


def _summary(
    workspace: Workspace, batch: Batch, files: Sequence[Path], out: Path | None
) -> dict[str, Any]:
    from toolkit.workspace.looking import block_counts

    stats, glance = batch.stats(), batch.glance()
    return {
        "batch": batch.id,
        "name": batch.name,
        "db": str(workspace.store.path),
        "counts": stats.counts,
        "failures": [
            {"code": f.code, "jobs": f.count, "file": f.filename, "message": f.message}
            for f in glance.failures
        ],
        "cache_hits": stats.cache_hits,
        "duplicates": len(batch.duplicates),
        "left_out": batch.left_out,
        "unchanged": len(batch.unchanged),
        "pages": stats.pages,
        "seconds": round(stats.seconds, 3),
        "pages_per_second": round(stats.pages_per_second, 2),
        "blocks": [
            {"type": kind, "blocks": n, "verified": verified}
            for kind, n, verified in block_counts(workspace.store.read(), batch=batch.id)
        ],
        "out": None if out is None else str(out.absolute()),
        "files": len(files),
    }


def _print(summary: dict[str, Any]) -> None:
    states = [[state, count(n)] for state, n in summary["counts"].items() if n]
    print_table("jobs", ("status", "jobs"), states, numbers=("jobs",))
    if summary["failures"]:
        rows = [[count(f["jobs"]), f["code"], f["file"], f["message"]] for f in summary["failures"]]
        head = ("jobs", "code", "for example", "why")
        print_table("why jobs failed", head, rows, numbers=("jobs",))
    blocks = [[b["type"], count(b["blocks"]), count(b["verified"])] for b in summary["blocks"]]
    if blocks:
        print_table(
            "blocks", ("type", "blocks", "verified"), blocks, numbers=("blocks", "verified")
        )
    tell(_line(summary))
    if summary["out"] is not None:
        tell(f"{thing(summary['files'], 'file')} exported to {shown(summary['out'], 1000)}")
    tell(f"everything is in {shown(summary['db'], 1000)}, batch {shown(summary['name'])!r}")


def _line(summary: dict[str, Any]) -> str:
    total = sum(summary["counts"].values())
    parts = [thing(summary["pages"], "page")]
    if summary["cache_hits"] == total and total:
        parts.append("all from the cache: every file was read before")
    else:
        parts.append(f"{duration(summary['seconds'])}, {summary['pages_per_second']:.1f} pages/s")
        if summary["cache_hits"]:
            parts.append(f"{thing(summary['cache_hits'], 'job')} from the cache")
    if summary["duplicates"]:
        parts.append(f"{thing(summary['duplicates'], 'duplicate')} not taken twice")
    if summary["unchanged"]:
        parts.append(f"{thing(summary['unchanged'], 'file')} unchanged since they were read")
    if summary["left_out"]:
        parts.append(f"{thing(summary['left_out'], 'file')} of other types left out")
    return " · ".join(parts)
