"""From a tool and a job to what a child is told to do."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from toolkit.jobs.tool import Tool
from toolkit.runner.pipe import Work
from toolkit.tools.preview import PREVIEW
from toolkit.tools.registry import installed
from toolkit.tools.seal import PICKLED, opened

__all__ = ["empty", "work_of"]


def work_of(
    tool: Tool,
    folder: Path,
    *,
    source: Path | None = None,
    filename: str = "",
    sha256: str = "",
    options: Mapping[str, Any] | None = None,
    limits: Mapping[str, float] | None = None,
    processes: int = 1,
) -> Work:
    """What a child is to do for *tool*, in *folder*; *options* hold the secret ones, too.

    *processes* is how many it may run at once, itself counted.

    Raises ToolFailed where nobody on this machine vouches for the tool's function, and
    InvalidOption for a limit that does not exist.
    """
    tool = opened(tool, {**installed(), PREVIEW.name: PREVIEW})
    code = None
    if tool.target.startswith(PICKLED):
        code = base64.b64decode(tool.target.removeprefix(PICKLED))
    return Work(
        target="" if code else tool.target,
        code=code,
        filename=filename,
        source=None if source is None else str(source.absolute()),
        sha256=sha256,
        options=options or {},
        limits=asdict(tool.limits.with_changes(limits or {})),
        work_folder=str(folder),
        processes=processes,
    )


def empty(folder: Path) -> None:
    """Remove all that is in *folder*, which a child may have filled with anything."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
