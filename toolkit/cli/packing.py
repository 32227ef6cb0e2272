"""The commands that make a workspace one file, and that file a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli.options import opened
from toolkit.cli.terminal import out, say
from toolkit.widgets.words import bulk, shown, thing

__all__ = ["pack", "unpack"]


def pack(
    db: Annotated[Path, typer.Argument(help="The database file.", metavar="DB")],
    file: Annotated[Path, typer.Argument(help="The pack, a new file.", metavar="FILE")],
    *,
    batch: Annotated[
        str | None, typer.Option("--batch", help="Only this batch, by name or id.")
    ] = None,
    without_sources: Annotated[
        bool, typer.Option("--without-sources", help="Results only, without the inputs.")
    ] = False,
) -> None:
    """Write a workspace, or one batch, to one file to share.

    Secrets, tokens and what was purged never travel. Jobs that run are packed as queued.
    """
    with opened(db) as workspace:
        packed = workspace.pack(file, batch=batch, sources=not without_sources)
        said = f"{thing(packed.jobs, 'job')}, {thing(packed.files, 'file')}, {bulk(packed.size)}"
        say(f"{said} packed; open it elsewhere with: pagequeue unpack {shown(file.name)}")
        out.print(shown(str(packed.path), 1000), soft_wrap=True)


def unpack(
    file: Annotated[Path, typer.Argument(help="A pack.", metavar="FILE")],
    *,
    into: Annotated[Path, typer.Option("--into", help="The folder to unpack to.")] = Path(),
) -> None:
    """Unpack a workspace, whoever sent it: everything is checked, nothing overwritten."""
    from toolkit.workspace.packing import unpack as unpacked

    with unpacked(file, into) as workspace:
        counts = workspace.counts()
        states = ", ".join(f"{number:,} {state}" for state, number in counts.items() if number)
        say(f"unpacked: {states or 'no jobs'}")
        out.print(shown(str(workspace.store.path), 1000), soft_wrap=True)


pack.epilog = "pagequeue pack analysis.db analysis.pagequeue --without-sources"  # type: ignore[attr-defined]
