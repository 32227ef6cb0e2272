"""``pagequeue eval`` at work: reads, measures, and shows what came of it."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from toolkit.cli.measuring_reading import (
    Cost,
    Reading,
    documents_in,
    read_now,
    texts_in,
    written,
)
from toolkit.cli.measuring_report import as_plain, show_pages, show_summary
from toolkit.cli.parsing import watched
from toolkit.cli.terminal import print_json, say, tell
from toolkit.errors import InvalidInput
from toolkit.evaluation import Measured, folds, measured, summary
from toolkit.widgets.words import shown, thing

__all__ = ["Asked", "run"]

_PICTURED = 10
"""Worst pages that are pictured where nobody says how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was typed."""

    truth: Path | None
    folder: Path | None
    pdfs: Path | None
    rasterise: int | None
    ocr_truth: Path | None
    options: Mapping[str, Any]
    parts: int | None
    worst: int | None
    pictures: Path | None
    as_json: bool


def run(asked: Asked) -> None:
    """Measure, and print. Raises InvalidInput where there is nothing to measure."""
    wanted = texts_in(asked.truth, "TRUTH")
    readings, cost = _readings(asked, wanted)
    if asked.ocr_truth:
        spoken = texts_in(asked.ocr_truth, "--ocr-truth", (".txt", ".md"))
        for name in readings.keys() & spoken.keys():
            readings[name] = replace(readings[name], spoken=spoken[name])
    pages = _pages(readings, wanted)
    ranked = sorted(pages, key=lambda name: pages[name].scores.overall or 0.0)
    if asked.pictures is not None:
        from toolkit.cli.measuring_pictures import write_pictures

        names = ranked[: asked.worst or _PICTURED]
        index = write_pictures(asked.pictures, names, pages, readings, wanted)
        say(f"the worst pages: {shown(str(index), 1000)}")
    scores = {name: page.scores for name, page in pages.items()}
    parts = folds(scores, asked.parts) if asked.parts else None
    whole = summary(pages.values())
    if asked.as_json:
        print_json(as_plain(pages, whole, parts, cost))
        return
    show_pages(pages, ranked[: asked.worst])
    lost = len(wanted.keys() - readings.keys())
    tell(f"{thing(len(pages), 'page')}{f', {lost} of them without a reading' if lost else ''}")
    show_summary(whole, parts, cost)


def _readings(asked: Asked, wanted: Mapping[str, str]) -> tuple[dict[str, Reading], Cost | None]:
    """What is to be scored, and what reading it took where it was read now."""
    if (asked.folder is None) == (asked.pdfs is None):
        raise InvalidInput("say what to score: a FOLDER of documents or of Markdown, or --pdfs DIR")
    home = asked.folder or asked.pdfs
    if home is None or not home.is_dir():
        raise InvalidInput(f"FOLDER: {home} is no folder")
    paths = documents_in(home, wanted)
    if asked.pdfs is None and any(home.glob("*.md")):
        if paths:
            raise InvalidInput(
                f"{home} holds Markdown and documents: --pdfs {home} reads the documents, "
                "and Markdown in a folder of its own is scored as it is"
            )
        if asked.options or asked.rasterise:
            raise InvalidInput("--option and --rasterise are for documents, and these are Markdown")
        return written(home), None
    if not paths:
        raise InvalidInput(f"{home} holds no .md file, and no document of which there is a truth")
    with tempfile.TemporaryDirectory(prefix="pagequeue-eval-") as work:
        return read_now(paths, asked.options, work=Path(work), dots_per_inch=asked.rasterise)


def _pages(readings: Mapping[str, Reading], wanted: Mapping[str, str]) -> dict[str, Measured]:
    pages: dict[str, Measured] = {}
    for name, text in watched(wanted.items(), len(wanted), "scoring"):
        reading = readings.get(name, Reading(""))
        pages[name] = measured(reading.said, text, layers=reading.layers, spoken=reading.spoken)
    return pages
