"""One input that was handed in, under the name that it will be known by."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from toolkit.errors import ToolkitError

__all__ = [
    "HELD_WHOLE",
    "NOTHING",
    "Offer",
    "last_part",
    "offered",
    "parts_of",
    "refusal",
    "storable",
]

HELD_WHOLE = 64 * 2**20
"""Bytes up to which a file is held in memory while it is taken in."""

LONGEST_NAME = 255
_DRIVE = re.compile(r"^[A-Za-z]:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One input: its *path*, *draft*, *content* or *url*, or why it cannot be taken.

    ``path`` is where it stays; ``draft`` is a passing file, gone when the next offer is asked for.
    ``left_out`` is a file that was met in a folder and is of no type that was asked for.
    """

    filename: str
    origin: str
    path: Path | None = None
    draft: Path | None = None
    content: bytes | None = None
    url: str | None = None
    inner: str = ""
    """Its name within the archive that it is a member of."""
    refused: ToolkitError | None = None
    left_out: bool = False
    bare: bool = False
    """There is no input: the job is made of its options alone."""


NOTHING = Offer(filename="", origin="", bare=True)
"""What is handed in for a job without an input."""


def refusal(origin: str, error: ToolkitError, *, filename: str | None = None) -> Offer:
    """An input that cannot be taken, and why."""
    return Offer(filename=filename or origin, origin=origin, refused=error)


def offered(
    chunks: Iterable[bytes], *, filename: str, origin: str, inner: str = ""
) -> Iterator[Offer]:
    """The one offer of what *chunks* give: held in memory, or, where it is large, as a draft.

    Whatever ToolkitError they raise is the reason of a refusal.
    """
    what = partial(Offer, filename=filename, origin=origin, inner=inner)
    with ExitStack() as stack:
        held, draft = BytesIO(), None
        try:
            for chunk in chunks:
                held.write(chunk)
                if held.tell() > HELD_WHOLE:
                    if draft is None:
                        folder = stack.enter_context(TemporaryDirectory(prefix="pagequeue-"))
                        draft = Path(folder) / "input"
                    held = _emptied(held, draft)
        except ToolkitError as exc:
            yield what(refused=exc)
            return
        if draft is None:
            yield what(content=held.getvalue())
        else:
            _emptied(held, draft)
            yield what(draft=draft)


def _emptied(held: BytesIO, draft: Path) -> BytesIO:
    with draft.open("ab") as file:
        file.write(held.getbuffer())
    return BytesIO()


def parts_of(name: str) -> list[str]:
    r"""The parts of a path that somebody else wrote, for showing: no way up, no root, no drive.

    >>> parts_of("C:\\x\\..\\..\\y/./a\0.pdf")
    ['x', 'y', 'a?.pdf']
    """
    plain = _DRIVE.sub("", name.replace("\0", "?").replace("\\", "/"))
    return [part for part in plain.split("/") if part not in ("", ".", "..")]


def last_part(text: str) -> str:
    """The name of a file, from a path or an address; never empty, and never a path."""
    return text.rstrip("/").rsplit("/", 1)[-1][:LONGEST_NAME] or text[:LONGEST_NAME]


def storable(text: str) -> str:
    r"""*text* with what no database can store replaced: a file's name may hold bytes that are none.

    >>> storable("half\udcff\0.pdf")
    'half??.pdf'
    """
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "?")
