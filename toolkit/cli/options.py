"""Options that several commands share, and how they are read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from toolkit.errors import InvalidInput, InvalidOption

if TYPE_CHECKING:
    from toolkit.workspace import Workspace

__all__ = [
    "AsJson",
    "BatchName",
    "ChangedOnly",
    "Db",
    "Fresh",
    "Inputs",
    "JobIds",
    "Name",
    "Options",
    "Pages",
    "Password",
    "Priority",
    "ToolName",
    "chosen",
    "opened",
    "options_of",
]

Db = Annotated[Path, typer.Option("--db", help="The database file.", show_default=True)]
DEFAULT_DB = Path("pagequeue.db")
Inputs = Annotated[
    list[str],
    typer.Argument(
        help="Files, folders, archives, addresses, or quoted patterns such as 'reports/**/*.pdf'."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout, for a program.")]
ToolName = Annotated[str, typer.Option("--tool", help="The type of job.")]
Pages = Annotated[str | None, typer.Option("--pages", help='Only these, as in "1-3,7,12-".')]
Password = Annotated[str | None, typer.Option("--password", help="Opens encrypted PDFs.")]
Priority = Annotated[int, typer.Option("--priority", help="Higher comes sooner.")]
Name = Annotated[str | None, typer.Option("--name", help="What the batch is called.")]
Fresh = Annotated[bool, typer.Option("--bypass-cache", help="Work even where it is known already.")]
ChangedOnly = Annotated[
    bool,
    typer.Option("--changed-only", help="Leave alone what was read before and has not changed."),
]
Options = Annotated[
    list[str] | None,
    typer.Option("--option", "-o", metavar="NAME=VALUE", help="An option of the tool; repeatable."),
]
JobIds = Annotated[list[str] | None, typer.Argument(metavar="[JOB]...", help="Ids of jobs.")]
BatchName = Annotated[str | None, typer.Option("--batch", help="All of this batch, by name or id.")]


def options_of(written: Sequence[str] | None, pages: str | None) -> dict[str, Any]:
    """NAME=VALUE pairs as options; a value that is JSON is that, anything else is text."""
    found: dict[str, Any] = {}
    for pair in written or ():
        name, equals, text = pair.partition("=")
        if not equals:
            raise InvalidOption(f"--option {pair!r}: write it NAME=VALUE")
        try:
            found[name] = msgspec.json.decode(text)
        except msgspec.DecodeError:
            found[name] = text
    return found | ({"pages": pages} if pages is not None else {})


def opened(db: Path, *, create: bool = False, work: bool = False) -> Workspace:
    """The workspace of *db*; only handing in makes a new one."""
    from toolkit.workspace.workspace import open as open_workspace

    if not create and not db.exists():
        raise InvalidInput(f"{db}: there is no such file; --db names another one")
    return open_workspace(db, work=work, create=create)


def chosen(workspace: Workspace, ids: Sequence[str] | None, batch: str | None) -> list[str]:
    """The jobs that were named, by id or as a batch. Raises JobNotFound, InvalidInput."""
    if not ids and batch is None:
        raise InvalidInput("name jobs by id, or a batch with --batch (see: pagequeue jobs)")
    for one in ids or ():
        workspace.look(one)
    of_batch = workspace.ids(batch=workspace.batch(batch).id) if batch is not None else []
    return [*(ids or ()), *of_batch]
