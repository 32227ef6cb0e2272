"""``pagequeue demo``: sample documents through the whole queue, held against their truth."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.options import opened
from toolkit.cli.running import run
from toolkit.cli.terminal import print_table, say
from toolkit.document.blocks import Table as TableBlock
from toolkit.widgets.words import thing

if TYPE_CHECKING:
    from toolkit.document import Document
    from toolkit.samples import Sample

__all__ = ["demo"]


def demo(
    out: Annotated[
        Path | None, typer.Option("--out", help="A folder for documents, database and results.")
    ] = None,
) -> None:
    """Make sample documents, run them, and show what comes out, beside what was written."""
    from toolkit import samples
    from toolkit.engine import ocr

    folder = out or Path(tempfile.mkdtemp(prefix="pagequeue-demo-"))
    documents = folder / "documents"
    made = samples.write(documents)
    taken = [sample for sample in made if not sample.needs or ocr.available()]
    say(f"{thing(len(made), 'sample document')} written to {documents}")
    if left := len(made) - len(taken):
        say(
            f"{thing(left, 'scan')} of them not taken: they have no text, and reading them needs "
            "pip install 'pagequeue[ocr]'"
        )
    try:
        run([str(s.path) for s in taken], db=folder / "demo.db", out=folder / "out")
    finally:
        _print_what_came(folder / "demo.db", taken)


def _print_what_came(db: Path, made: Sequence[Sample]) -> None:
    """One table of the newest batch, and of each sample how much is as it was written."""
    with opened(db) as workspace:
        documents = {one.source.filename: one for one in workspace.batch().documents()}
    _print_first_table(list(documents.values()))
    head = ("sample", "blocks as written", "tables", "cells", "wrong characters")
    rows = [_row(sample, documents.get(sample.path.name)) for sample in made]
    print_table("what was written, and what was read", head, rows, numbers=head[1:])


def _row(sample: Sample, document: Document | None) -> Sequence[str]:
    from toolkit import samples

    name = sample.path.name
    if document is None:
        return (name, "not read", "", "", "")
    result = samples.agreement(sample, document)
    whole, tables = sum(result.written.values()), result.written.get("table", 0)
    return (
        name,
        f"{sum(result.right.values())} of {whole}",
        f"{result.right.get('table', 0)} of {tables}" if tables else "none",
        "{} of {}".format(*result.cells) if tables else "",
        f"{100 * result.error_rate:.2f} %",
    )


def _print_first_table(documents: Sequence[Document]) -> None:
    """So that a table is seen and not only counted."""
    for document in documents:
        for block in document.blocks:
            if isinstance(block, TableBlock) and block.headers:
                name = f"{document.source.filename}, page {block.page}, {block.text_source}"
                print_table(f"a table of {name}", block.headers, block.rows)
                return
