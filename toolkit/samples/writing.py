"""All samples into a folder."""

from __future__ import annotations

from pathlib import Path
from random import Random

from toolkit.samples.invoice import invoice
from toolkit.samples.paper import paper
from toolkit.samples.report import report
from toolkit.samples.sample import Sample

__all__ = ["write"]


def write(folder: Path | str, *, seed: int = 7) -> list[Sample]:
    """Write five PDFs into *folder*, which is made where it is missing: three invoices, of which
    the last does not add up, an annual report, and a paper in two columns.

    The same *seed* gives the same bytes.
    """
    where = Path(folder)
    where.mkdir(parents=True, exist_ok=True)
    dice = Random(seed)  # noqa: S311  # nothing secret: figures for made-up tables
    return [
        *(
            invoice(where / f"invoice_{number + 401}.pdf", dice, number, adds_up=number < 2)
            for number in range(3)
        ),
        report(where / "annual_report.pdf", dice),
        paper(where / "paper.pdf", dice),
    ]
