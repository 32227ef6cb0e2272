"""``pagequeue eval``: readings held against labelled pages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli.options import AsJson, Options, options_of

__all__ = ["EPILOG", "evaluate"]

EPILOG = "pagequeue eval pdfs --truth labels --rasterise 150 --pictures look"

_FOLDER = typer.Argument(help="Documents to read now, or NAME.md for each.", metavar="[FOLDER]")
_TRUTH = typer.Argument(help="The same as --truth.", metavar="[TRUTH]")
_TRUTH_OPTION = typer.Option("--truth", help="A folder with the truth, NAME.md.")
_PDFS = typer.Option("--pdfs", help="FOLDER, where it holds Markdown, too: read its documents.")
_RASTERISE = typer.Option(
    "--rasterise", min=36, max=600, help="Read PDFs as pictures of so many dots an inch."
)
_OCR_TRUTH = typer.Option(
    "--ocr-truth", help="A folder with what stands on scans: NAME.txt or NAME.md."
)
_FOLDS = typer.Option("--folds", min=2, help="Also the means of so many parts of the pages.")
_WORST = typer.Option("--worst", min=1, help="Only so many pages, the worst.")
_PICTURES = typer.Option("--pictures", help="A folder for the worst pages beside their truth.")


def evaluate(
    folder: Annotated[Path | None, _FOLDER] = None,
    truth_folder: Annotated[Path | None, _TRUTH] = None,
    *,
    truth: Annotated[Path | None, _TRUTH_OPTION] = None,
    pdfs: Annotated[Path | None, _PDFS] = None,
    rasterise: Annotated[int | None, _RASTERISE] = None,
    ocr_truth: Annotated[Path | None, _OCR_TRUTH] = None,
    option: Options = None,
    parts: Annotated[int | None, _FOLDS] = None,
    worst: Annotated[int | None, _WORST] = None,
    pictures: Annotated[Path | None, _PICTURES] = None,
    as_json: AsJson = False,
) -> None:
    """Score readings against the truth: reading order (nid), tables (teds), headings (mhs).

    Each is a share, 1 is perfect; overall is the mean of those that a page has. A page without a
    reading counts as an empty one. Of documents that are read now, also what they say of their
    trust is checked, and whether their confidence is what it claims.
    """
    # Loads PDFium and the trees' edit distance, which no other command needs.
    from toolkit.cli.measuring_run import Asked, run

    run(
        Asked(
            truth=truth or truth_folder,
            folder=folder,
            pdfs=pdfs,
            rasterise=rasterise,
            ocr_truth=ocr_truth,
            options=options_of(option, None),
            parts=parts,
            worst=worst,
            pictures=pictures,
            as_json=as_json,
        )
    )
