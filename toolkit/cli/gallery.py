"""``pagequeue gallery``: pages with what was read of them drawn on top, to be looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolkit.cli.options import Inputs, Options, Pages, Password, options_of
from toolkit.cli.parsing import paths_of, watched
from toolkit.cli.terminal import complain, say
from toolkit.errors import InvalidInput, ToolkitError
from toolkit.export.names import Names
from toolkit.widgets.words import shown, thing

if TYPE_CHECKING:
    from PIL.Image import Image

    from toolkit.cli.gallery_drawing import Leaf
    from toolkit.document import Document

__all__ = ["gallery"]

_WIDTH = 1000
"""Pixels: body text is legible, and a page is a PNG of half a megabyte."""


def gallery(
    inputs: Inputs,
    *,
    out: Annotated[Path, typer.Option("--out", help="The folder to write to.")],
    pages: Pages = None,
    profile: Annotated[
        str | None, typer.Option("--profile", help="standard, or advanced: graphs, charts, checks.")
    ] = None,
    password: Password = None,
    option: Options = None,
) -> None:
    """Draw what is read of each page on its picture: boxes by type, numbers in reading order.

    Writes a PNG a page, contact.png with all of them small, and index.html with the blocks beside
    each page, which needs no other file and no network.
    """
    from toolkit.runner import direct
    from toolkit.tools.registry import installed
    from toolkit.workspace.options import checked

    tool = installed()["parse"]
    options = {"preserve_images": False, **options_of(option, pages)}
    options |= {"profile": profile} if profile else {}
    asked = checked(tool, options, password=password, limits={})
    paths, failed = paths_of(inputs)
    if not paths:
        raise InvalidInput("nothing to draw: name files, or folders that hold some")
    answers = direct.run_many(tool, paths, options=asked.options, secrets=asked.secrets)
    book = _Book(out)
    for path, (_, answer) in zip(paths, watched(answers, len(paths)), strict=True):
        if isinstance(answer, ToolkitError):
            complain(answer.code, f"{path!s}: {answer}")
            failed += 1
            continue
        for leaf in _leaves(path, answer.content, asked.secrets):
            book.add(leaf)
    if book.pages:
        say(f"{thing(len(book.pages), 'page')} drawn: {shown(str(book.bound()), 1000)}")
    raise typer.Exit(1 if failed else 0)


gallery.epilog = "pagequeue gallery report.pdf --pages 1-5 --out look"  # type: ignore[attr-defined]


def _leaves(path: Path, content: bytes, secrets: Mapping[str, str]) -> Iterator[Leaf]:
    """The pages of the document *content*, which was read from *path*."""
    from toolkit.cli.gallery_drawing import Leaf
    from toolkit.document.wire import decode

    document = decode(content)
    for page in document.pages:
        yield Leaf(
            name=path.name,
            page=page.page,
            picture=picture_of(path, page.page, secrets),
            blocks=page.blocks,
            failures=tuple(_failures(document, page.page)),
        )


def _failures(document: Document, page: int) -> Iterable[str]:
    for failure in document.extraction.per_page_failures:
        if failure.page == page:
            yield f"{failure.code}: {failure.message}"


def picture_of(path: Path, page: int, secrets: Mapping[str, Any], width: int = _WIDTH) -> bytes:
    """Page *page* of *path* as WEBP, drawn in a child; b"" where it cannot be, which is said."""
    from toolkit.runner import direct
    from toolkit.tools.preview import PREVIEW

    options = {"page": page, "width": width}
    try:
        return direct.run(PREVIEW, path, options=options, secrets=secrets).content
    except ToolkitError as exc:
        complain(exc.code, f"{path!s}, page {page}: {exc}")
        return b""


class _Book:
    """Pages as they are drawn; large pictures go to the folder at once, small ones are kept."""

    def __init__(self, out: Path) -> None:
        self._out, self._names = out, Names()
        self.pages: list[tuple[Leaf, Image, bytes]] = []

    def add(self, leaf: Leaf) -> None:
        from toolkit.cli.gallery_drawing import annotated, thumb, webp

        self._out.mkdir(parents=True, exist_ok=True)
        image = annotated(leaf)
        image.save(self._out / self._names.take(f"{Path(leaf.name).stem}-p{leaf.page}.png", ".png"))
        self.pages.append((replace(leaf, picture=b""), thumb(image), webp(image)))

    def bound(self) -> Path:
        """Write the contact sheet and the index; where the index is."""
        from toolkit.cli.gallery_drawing import contact_sheet
        from toolkit.cli.gallery_index import index_html

        contact_sheet([(leaf, small) for leaf, small, _ in self.pages]).save(
            self._out / "contact.png"
        )
        index = self._out / "index.html"
        index.write_text(index_html([(leaf, picture) for leaf, _, picture in self.pages]), "utf-8")
        return index
