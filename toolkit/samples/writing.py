"""All samples into a folder."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from random import Random

from toolkit.errors import InvalidOption
from toolkit.samples.form import form
from toolkit.samples.invoice import invoice
from toolkit.samples.paper import paper
from toolkit.samples.report import report
from toolkit.samples.sample import Sample
from toolkit.samples.scan import scan
from toolkit.samples.slides import slides

__all__ = ["write"]


def _invoices(folder: Path, seed: int) -> list[Sample]:
    dice = Random(seed)  # noqa: S311  # nothing secret: figures for made-up tables
    return [
        invoice(folder / f"invoice_{number + 401}.pdf", dice, number, adds_up=number < 2)
        for number in range(3)
    ]


def _one(maker: Callable[[Path, Random], Sample], name: str) -> Callable[[Path, int], list[Sample]]:
    return lambda folder, seed: [maker(folder / name, _dice(seed, name))]


def _dice(seed: int, name: str) -> Random:
    """Chance that is the same whichever other samples are made."""
    return Random(f"{seed} {name}")  # noqa: S311


_MAKERS: Mapping[str, Callable[[Path, int], list[Sample]]] = {
    "invoice": _invoices,
    "report": _one(report, "annual_report.pdf"),
    "paper": _one(paper, "paper.pdf"),
    "slides": _one(slides, "slides.pptx"),
    "form": _one(form, "form.pdf"),
    "scan": lambda folder, seed: scan(folder, _dice(seed, "scan")),
}


def write(
    folder: Path | str, *, seed: int = 7, only: Collection[str] | None = None
) -> list[Sample]:
    """Write nine files into *folder*, which is made where it is missing.

    They are three invoices, of which the last does not add up, an annual report, a paper in two
    columns, slides, a form that is filled in, and a scan of a letter as JPEG and as PDF, which
    needs the extra "ocr" to be read. *only* chooses among "invoice", "report", "paper", "slides",
    "form" and "scan"; others raise InvalidOption. The same *seed* gives the same bytes.
    """
    wanted = _MAKERS.keys() if only is None else set(only)
    if strange := wanted - _MAKERS.keys():
        raise InvalidOption(f"no sample {min(strange)!r}; there is: {', '.join(_MAKERS)}")
    where = Path(folder)
    where.mkdir(parents=True, exist_ok=True)
    return [
        sample for name, make in _MAKERS.items() if name in wanted for sample in make(where, seed)
    ]
