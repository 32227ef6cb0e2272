"""``pagequeue eval``: readings held against labelled pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from toolkit.cli.options import AsJson
from toolkit.cli.terminal import complain, print_json, print_table, tell
from toolkit.errors import InvalidInput, ToolkitError
from toolkit.evaluation import Scores, means, score
from toolkit.widgets.words import thing

__all__ = ["evaluate"]

_NAMES = Scores.__struct_fields__


def evaluate(
    predictions: Annotated[
        Path | None, typer.Argument(help="A folder with NAME.md for each page.", metavar="[PRED]")
    ] = None,
    truth_folder: Annotated[
        Path | None, typer.Argument(help="A folder with the truth, NAME.md.", metavar="[TRUTH]")
    ] = None,
    *,
    pdfs: Annotated[
        Path | None, typer.Option("--pdfs", help="Instead of PRED: documents to read now.")
    ] = None,
    truth: Annotated[Path | None, typer.Option("--truth", help="The same as TRUTH.")] = None,
    as_json: AsJson = False,
) -> None:
    """Score readings against the truth: reading order (nid), tables (teds), headings (mhs).

    Each is a share, 1 is perfect; overall is the mean of those that a page has. A page without a
    reading counts as an empty one.
    """
    wanted = _texts(truth or truth_folder, "TRUTH")
    if (predictions is None) == (pdfs is None):
        raise InvalidInput("say what to score: a folder PRED of Markdown, or --pdfs DIR")
    read = _texts(predictions, "PRED") if pdfs is None else dict(_read(pdfs, wanted))
    pages = {name: score(read.get(name, ""), text) for name, text in wanted.items()}
    mean = means(pages.values())
    if as_json:
        print_json({"means": msgspec.structs.asdict(mean), "pages": pages})
        return
    ranked = sorted(pages.items(), key=lambda page: page[1].overall or 0.0)
    rows = [(name, *_figures(scores)) for name, scores in ranked]
    print_table("pages, the worst first", ("page", *_NAMES), rows, numbers=_NAMES)
    lost = len(wanted.keys() - read.keys())
    tell(f"{thing(len(pages), 'page')}{f', {lost} of them without a reading' if lost else ''}")
    print_table("means", _NAMES, [_figures(mean)], numbers=_NAMES)


def _figures(scores: Scores) -> list[str]:
    values = [getattr(scores, name) for name in _NAMES]
    return ["" if value is None else f"{value:.4f}" for value in values]


def _texts(folder: Path | None, name: str) -> Mapping[str, str]:
    """The Markdown in *folder*, by the files' stems."""
    if folder is None or not folder.is_dir():
        raise InvalidInput(f"{name}: {folder or 'nothing'} is no folder")
    texts = {path.stem: path.read_text("utf-8") for path in sorted(folder.glob("*.md"))}
    if not texts:
        raise InvalidInput(f"{name}: {folder} holds no .md file")
    return texts


def _read(folder: Path, wanted: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The documents in *folder* that there is a truth for, read now, as plain Markdown."""
    from toolkit.document.markdown import markdown
    from toolkit.document.wire import decode
    from toolkit.runner import direct
    from toolkit.tools.registry import installed
    from toolkit.workspace.intake import DOCUMENT_SUFFIXES
    from toolkit.workspace.options import checked

    paths = [
        path
        for path in sorted(folder.glob("*"))
        if path.stem in wanted and path.suffix.lower() in DOCUMENT_SUFFIXES
    ]
    if not paths:
        raise InvalidInput(f"--pdfs: {folder} holds no document of which there is a truth")
    tool = installed()["parse"]
    asked = checked(tool, {}, password=None, limits={})
    answers = direct.run_many(tool, paths, options=asked.options, secrets=asked.secrets)
    for path, (_, answer) in zip(paths, answers, strict=True):
        if isinstance(answer, ToolkitError):
            complain(answer.code, f"{path!s}: {answer}")
            continue
        yield path.stem, markdown(decode(answer.content), style="plain")
