"""Whatever holds documents, in an inspector."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast

from toolkit.document import Document
from toolkit.errors import InvalidInput
from toolkit.runner import direct
from toolkit.tools.preview import PREVIEW
from toolkit.workspace.accessor import register
from toolkit.workspace.batch import Batch
from toolkit.workspace.handle import JobHandle
from toolkit.workspace.verbs import DeskVerbs, title_of

if TYPE_CHECKING:
    from toolkit.desk import Desk
    from toolkit.widgets.inspector import Inspector
    from toolkit.widgets.inspector_shelf import Shelf

__all__ = ["inspect"]

What: TypeAlias = Batch | JobHandle | DeskVerbs | Document | Sequence[JobHandle]


def inspect(
    what: What,
    source: str | PathLike[str] | bytes | Batch | JobHandle | None = None,
    *,
    against: Batch | JobHandle | None = None,
    password: str | None = None,
) -> Inspector:
    """The pages of *what* with their boxes: a batch, a job or several, a workspace, a document.

    A document that was made by ``toolkit.parse`` knows nothing of its file any more: give it as
    *source*, a path or bytes, to see its pages. With two batches or jobs, *source* or *against*
    is the other run, and what they read otherwise is marked. *password* opens encrypted files;
    it is kept as long as the inspector. Raises InvalidInput for anything else.
    """
    from toolkit.widgets.inspector import Inspector

    register()
    if isinstance(what, Document):
        if isinstance(source, Batch | JobHandle):
            raise InvalidInput("a document is compared as a job: give two batches or two jobs")
        return Inspector(_loose(what, source, password), title=what.source.filename)
    if isinstance(source, Batch | JobHandle):
        source, against = None, source
    if source is not None:
        raise InvalidInput("jobs know their files: a source is for a document alone")
    other = None if against is None else _shelf(against, password)
    return Inspector(_shelf(what, password), against=other, title=_title(what))


def _shelf(what: object, password: str | None) -> Shelf:
    from toolkit.widgets.inspector_shelf import DeskShelf

    match what:
        case Batch():
            return DeskShelf(
                what.desk, batch=what.id, expression="batch.blocks()", password=password
            )
        case DeskVerbs():
            return DeskShelf(cast("Desk", what), expression="ws.blocks()", password=password)
        case JobHandle():
            return DeskShelf(
                what.desk, job_ids=[what.id], expression="job.blocks()", password=password
            )
        case [JobHandle() as first, *_]:
            ids = [one.id for one in what if isinstance(one, JobHandle)]
            expression = f"ws.blocks(job_ids={ids})"
            return DeskShelf(first.desk, job_ids=ids, expression=expression, password=password)
    raise InvalidInput(
        f"a {type(what).__name__} cannot be inspected: a batch, a job, a list of jobs or a "
        "document is needed"
    )


def _loose(
    document: Document, source: str | PathLike[str] | bytes | None, password: str | None
) -> Shelf:
    from toolkit.widgets.inspector_shelf import LooseShelf

    if source is None:
        return LooseShelf(document, None)
    place = source if isinstance(source, bytes) else Path(source).expanduser()
    return LooseShelf(document, partial(_drawn, document, place, password))


def _drawn(
    document: Document, place: Path | bytes, password: str | None, page: int, width: int
) -> bytes:
    return direct.run(
        PREVIEW,
        place,
        filename=document.source.filename,
        options={"page": page, "width": width},
        secrets={} if password is None else {"password": password},
    ).content


def _title(what: object) -> str:
    match what:
        case Batch():
            return what.name or what.id
        case JobHandle():
            return what.filename or what.id
        case DeskVerbs():
            return title_of(cast("Desk", what))
    return "several jobs"
