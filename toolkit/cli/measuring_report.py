"""The figures of ``pagequeue eval``: tables for a person, JSON for a program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from toolkit.cli.measuring_reading import Cost
from toolkit.cli.terminal import print_table, tell
from toolkit.evaluation import (
    Calibration,
    Characters,
    Folds,
    Found,
    Measured,
    Scores,
    Summary,
    Trust,
)
from toolkit.widgets.words import bulk, count, shown

__all__ = ["as_plain", "show_pages", "show_summary"]

_NAMES = Scores.__struct_fields__
_MOST_EXCEPTIONS = 20


def show_pages(pages: Mapping[str, Measured], names: Sequence[str]) -> None:
    """The scores of the pages *names*, in this order."""
    error = any(page.characters for page in pages.values())
    columns = (*_NAMES, *(("CER",) if error else ()))
    rows = [
        (name, *_figures(pages[name].scores), *([_rate(pages[name].characters)] if error else []))
        for name in names
    ]
    print_table("pages, the worst first", ("page", *columns), rows, numbers=columns)


def show_summary(whole: Summary, parts: Folds | None, cost: Cost | None) -> None:
    """What all pages come to."""
    print_table("means", _NAMES, [_figures(whole.means)], numbers=_NAMES)
    tell(_headings(whole.headings))
    if whole.characters:
        tell(_characters(whole.characters))
    if whole.trust:
        tell(_trust(whole.trust))
        for said in whole.trust.exceptions[:_MOST_EXCEPTIONS]:
            tell(f"  not in the file: {shown(said, 200)}")
    if whole.calibration:
        _show_calibration(whole.calibration)
    if parts:
        _show_folds(parts)
    if cost:
        tell(
            f"cost: {cost.seconds_a_page:.3f} CPU s a page ({cost.cpu_seconds:.1f} s, the start of "
            f"the processes included), peak memory of a process {bulk(cost.peak_memory)}"
        )


def _figures(scores: Scores) -> list[str]:
    return [_share(getattr(scores, name), 4) for name in _NAMES]


def _share(value: float | None, digits: int = 3) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def _rate(found: Characters | None) -> str:
    return _share(found.error_rate, 4) if found else ""


def _headings(found: Found) -> str:
    return (
        f"headings: precision {_share(found.precision) or '-'}, "
        f"recall {_share(found.recall) or '-'}, F1 {_share(found.f1) or '-'} "
        f"({count(found.right)} right of {count(found.said)} said and {count(found.wanted)} there)"
    )


def _characters(found: Characters) -> str:
    return (
        f"characters: error rate {_share(found.error_rate, 4) or '-'}; of found lines "
        f"{_share(found.found_error_rate, 4) or '-'}, missed {_share(found.missed_share, 4) or '-'}"
        f" of {count(found.wanted)}, {count(found.extra)} read beyond it"
    )


def _trust(found: Trust) -> str:
    return (
        f"trust: {_share(found.verified_share) or '-'} of the characters and "
        f"{count(found.verified)} of {count(found.blocks)} blocks with text are verified; "
        f"{count(len(found.exceptions))} exceptions"
    )


def _show_calibration(found: Calibration) -> None:
    rows = [
        (
            f"{one.low:g} to {one.high:g}",
            count(one.blocks),
            _share(one.said),
            _share(one.right),
        )
        for one in found.bins
        if one.blocks
    ]
    rows.append(("all", count(found.blocks), _share(found.said), _share(found.right)))
    columns = ("confidence", "blocks", "said", "right")
    print_table("calibration", columns, rows, numbers=columns[1:])
    tell(
        f"expected calibration error {_share(found.expected_error)}, "
        f"Brier score {_share(found.squared_error)}"
    )


def _show_folds(parts: Folds) -> None:
    rows = [(str(at + 1), *_figures(part)) for at, part in enumerate(parts.parts)]
    print_table("parts of the pages", ("part", *_NAMES), rows, numbers=_NAMES)
    tell(
        f"overall by part: {parts.lowest:.4f} to {parts.highest:.4f}, spread {parts.spread:.4f}; "
        f"the mean over all is uncertain by {parts.error:.4f}"
    )


def as_plain(
    pages: Mapping[str, Measured], whole: Summary, parts: Folds | None, cost: Cost | None
) -> dict[str, Any]:
    """The same for JSON; what was not measured is left out."""
    plain: dict[str, Any] = {
        "means": msgspec.structs.asdict(whole.means),
        "headings": _with(whole.headings, "precision", "recall", "f1"),
        "characters": _with(whole.characters, "error_rate", "found_error_rate", "missed_share"),
        "trust": _with(whole.trust, "verified_share"),
        "calibration": whole.calibration,
        "folds": parts,
        "cost": _with(cost, "seconds_a_page"),
        "pages": {name: _page(page) for name, page in pages.items()},
    }
    return {name: value for name, value in plain.items() if value is not None}


def _page(page: Measured) -> dict[str, Any]:
    more = {
        "headings": page.headings,
        "characters": page.characters,
        "trust": page.trust,
    }
    known = {name: value for name, value in more.items() if value is not None}
    return msgspec.structs.asdict(page.scores) | known


def _with(found: msgspec.Struct | None, *names: str) -> dict[str, Any] | None:
    if found is None:
        return None
    return msgspec.structs.asdict(found) | {name: getattr(found, name) for name in names}
