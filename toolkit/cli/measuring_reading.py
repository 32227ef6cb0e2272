"""What ``pagequeue eval`` scores: Markdown that is there, or documents that are read now."""

from __future__ import annotations

import resource
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from toolkit.cli.parsing import watched
from toolkit.cli.terminal import complain, err, say
from toolkit.errors import InvalidInput, ToolkitError
from toolkit.widgets.words import thing

if TYPE_CHECKING:
    from toolkit.document import Document

__all__ = ["Cost", "Reading", "documents_in", "read_now", "texts_in", "written"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What is scored of one name: Markdown, or a document and the files that it came from."""

    said: str | Document
    shown: Path | None = None
    """The file whose pages can be looked at."""
    layers: Sequence[str] | None = None
    """The texts of its pages, where it was read as the PDF that it is."""
    spoken: str | None = None
    """What stands on its pages, where they were read as pictures."""


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What the reading took: of the processes that did it, their start included."""

    pages: int
    cpu_seconds: float
    peak_memory: int
    """Bytes of the largest of them."""

    @property
    def seconds_a_page(self) -> float:
        return self.cpu_seconds / max(1, self.pages)


def texts_in(folder: Path | None, name: str, suffixes: Sequence[str] = (".md",)) -> dict[str, str]:
    """The texts in *folder*, by the files' stems. Raises InvalidInput where there are none."""
    if folder is None or not folder.is_dir():
        raise InvalidInput(f"{name}: {folder or 'nothing'} is no folder")
    texts = {
        path.stem: path.read_text("utf-8", "replace")
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in suffixes
    }
    if not texts:
        raise InvalidInput(f"{name}: {folder} holds no {' or '.join(suffixes)} file")
    return texts


def written(folder: Path) -> dict[str, Reading]:
    """The Markdown that somebody else has written."""
    return {name: Reading(text) for name, text in texts_in(folder, "FOLDER").items()}


def documents_in(folder: Path, wanted: Mapping[str, str]) -> list[Path]:
    """The documents in *folder* that there is a truth for."""
    from toolkit.workspace.intake import DOCUMENT_SUFFIXES

    return [
        path
        for path in sorted(folder.iterdir())
        if path.stem in wanted and path.suffix.lower() in DOCUMENT_SUFFIXES
    ]


def read_now(
    paths: Sequence[Path], options: Mapping[str, Any], *, work: Path, dots_per_inch: int | None
) -> tuple[dict[str, Reading], Cost]:
    """*paths* read with *options*, by their stems; those that fail are complained about.

    With *dots_per_inch* PDFs are read from pictures of their pages, which are made in *work*.
    """
    from toolkit.document.wire import decode
    from toolkit.runner import direct
    from toolkit.tools.registry import installed
    from toolkit.workspace.options import checked

    tool = installed()["parse"]
    asked = checked(tool, {"preserve_images": False, **options}, password=None, limits={})
    if not err.is_terminal:
        say(f"reading {thing(len(paths), 'document')}")
    given = [_pictured(path, work, dots_per_inch) for path in paths] if dots_per_inch else paths
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    answers = direct.run_many(tool, given, options=asked.options, secrets=asked.secrets)
    found: dict[str, Reading] = {}
    pages = 0
    for path, (_, answer) in zip(paths, watched(answers, len(paths)), strict=True):
        if isinstance(answer, ToolkitError):
            complain(answer.code, f"{path!s}: {answer}")
            continue
        document = decode(answer.content)
        pages += len(document.pages)
        found[path.stem] = _reading(document, path, rasterised=bool(dots_per_inch))
    # What a process used is known when it has ended.
    direct.close()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return found, Cost(pages=pages, cpu_seconds=seconds, peak_memory=after.ru_maxrss * 1024)


def _reading(document: Document, path: Path, *, rasterised: bool) -> Reading:
    from toolkit.evaluation import layer_of

    if path.suffix.lower() != ".pdf":
        return Reading(document, path)
    try:
        layers = layer_of(path)
    except ToolkitError as exc:
        complain(exc.code, f"{path!s}: {exc}")
        return Reading(document, path)
    if rasterised:
        return Reading(document, path, spoken="\n".join(layers))
    return Reading(document, path, layers)


def _pictured(path: Path, work: Path, dots_per_inch: int) -> Path:
    """*path*, or a picture of it: a TIFF with a page for each of a PDF's."""
    if path.suffix.lower() != ".pdf":
        return path
    from toolkit.engine.readers.pdfium import PdfiumFile

    try:
        file = PdfiumFile(path.read_bytes(), None)
    except ToolkitError:
        return path  # it is refused again where it is read, and listed there
    target = work / f"{path.stem}.tiff"
    try:
        pages = _drawn(file, dots_per_inch)
        first, dots = next(pages)
        first.save(
            target,
            save_all=True,
            append_images=(page for page, _ in pages),
            compression="tiff_lzw",
            dpi=(dots, dots),
        )
    finally:
        file.close()
    return target


def _drawn(file: Any, dots_per_inch: int) -> Iterator[tuple[Any, float]]:
    """The pages as pictures, and how many dots an inch of them has: fewer of very large pages."""
    for number in range(1, file.page_count + 1):
        picture = file.picture(number, dots_per_inch)
        yield picture, 72 * picture.width / max(1.0, file.frame(number).size[0])
