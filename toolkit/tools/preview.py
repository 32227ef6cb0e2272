"""The internal tool ``preview``: a page of a file as a picture. It makes no job of its own."""

from __future__ import annotations

from typing import Final

from toolkit.engine.source import Source
from toolkit.errors import InvalidInput
from toolkit.jobs.tool import Limits, Outcome, Task, Tool

__all__ = ["PREVIEW", "run"]

PREVIEW: Final = Tool(
    name="preview",
    label="Show a page",
    target="toolkit.tools.preview:run",
    # To be raised where the same page comes out otherwise: kept pictures are then made anew.
    version="1",
    cacheable=False,
    prior_seconds=0.2,
    limits=Limits(deadline=30.0, attempts=1),
)


def run(task: Task) -> Outcome:
    """The page that the options name, ``page`` and ``width`` in pixels, as WEBP."""
    # Loads PDFium, which the kernel never needs.
    from toolkit.engine.preview import page_picture

    if task.source is None:
        raise InvalidInput("a page needs a file")
    password = task.options.get("password")
    content = page_picture(
        Source.from_path(task.source, filename=task.filename),
        int(task.options["page"]),
        int(task.options["width"]),
        None if password is None else str(password),
    )
    return Outcome(content=content, media_type="image/webp", pages=1, cacheable=False)
