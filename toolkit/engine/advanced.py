"""The pixel check of the advanced profile: is a page's text layer what the page shows?

A page with a text layer is rendered and read by OCR (`advanced_pixels`). Where at least
`UNFAITHFUL` letters and digits of the layer are denied by what was read, swapped for others, or
seen by nobody, the page is to be taken from its pixels. Fewer leave the page as it is, and make
what they stand in `inferred`.

A check that could not be made, or only in part, is told: no page claims one that nobody made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from toolkit.engine.advanced_pixels import Comparison, compared, is_foreign, letters, upright
from toolkit.engine.clock import PageClock
from toolkit.engine.drafts import Draft, Quotation
from toolkit.engine.marks import Glyphs, Sheet
from toolkit.engine.ocr.presence import INSTALL, available
from toolkit.engine.options import ParseOptions
from toolkit.engine.words import Line
from toolkit.errors import (
    OcrError,
    OcrScriptUnsupported,
    OcrUnavailable,
    PageTimeout,
    TextLayerUnfaithful,
    ToolkitError,
)

if TYPE_CHECKING:
    from PIL import Image

    from toolkit.engine.ocr import Recognised

__all__ = ["UNFAITHFUL", "Check", "Pictured", "checked", "doubted"]

Flags = NDArray[np.bool_]

UNFAITHFUL: Final = 6
"""Letters and digits of a page; a heading of one word has as many. On the 100 labelled pages none
is denied or swapped, and on one page 22 are seen by nobody: a running line under a dark fill."""
DOTS_PER_INCH: Final = 150.0
FOR_CHECK: Final = 0.75
"""What the check may take of a page's time: its own text must never be lost for it."""
PART: Final = 0.5
"""Of a page's letters: with fewer compared, that is told."""
FEWEST: Final = 40
"""Letters of a page that make a share of them worth telling."""
SAME: Final = 10
"""Nobody sees a difference of less between two pixels, of 255 steps."""


class Pictured(Protocol):
    """A file whose pages can be rendered."""

    def picture(self, number: int, dots_per_inch: float) -> Image.Image | None:
        """Page *number* as an image; None where it cannot be rendered."""

    def picture_without_text(self, number: int, dots_per_inch: float) -> Image.Image | None:
        """The same without its text."""


@dataclass(frozen=True, slots=True, eq=False)
class Check:
    """What came of a check: *doubted* are glyphs (n,) that the page does not show."""

    doubted: Flags
    unfaithful: TextLayerUnfaithful | None = None
    faults: tuple[ToolkitError, ...] = ()
    """Why nothing, or not everything, could be compared."""


def checked(
    reading: Pictured, sheet: Sheet, lines: Sequence[Line], options: ParseOptions, clock: PageClock
) -> Check:
    """The text layer of *sheet*, whose visible characters are *lines*, against its pixels."""
    nothing = np.zeros(len(sheet.glyphs), bool)
    if options.ocr == "never" or not available():
        asked = options.ocr == "never"
        why = "ocr='never' was asked for" if asked else f"no OCR is installed: {INSTALL}"
        return _unmade(nothing, OcrUnavailable(f"{_UNCHECKED}, since {why}"))
    image = reading.picture(sheet.number, DOTS_PER_INCH)
    if image is None:
        return _unmade(nothing, OcrError(f"{_UNCHECKED}, since the page cannot be rendered"))
    from toolkit.engine.ocr import recognise

    part = clock.within(FOR_CHECK)
    try:
        glyphs, on_its_head = upright(sheet.glyphs, sheet.width, sheet.height)
        shown = image.rotate(180) if on_its_head else image
        seen = recognise(shown, languages=options.languages, check=part.check)
    except PageTimeout:
        return _unmade(nothing, PageTimeout(f"{_UNCHECKED}: the page's time was up"))
    except OcrError as exc:
        return _unmade(nothing, OcrError(f"{_UNCHECKED}: {exc}"))
    found = compared(glyphs, lines, seen.lines, sheet.width / image.width)
    unseen = _unseen(reading, sheet, lines, found.agreed, image)
    return _judged(sheet.glyphs, lines, found, unseen, seen)


_UNCHECKED: Final = "its text layer was not compared with its pixels"


def _unmade(nothing: Flags, why: ToolkitError) -> Check:
    return Check(nothing, faults=(why,))


def _judged(
    glyphs: Glyphs, lines: Sequence[Line], found: Comparison, unseen: Flags, seen: Recognised
) -> Check:
    every = letters(glyphs, lines)
    denied = found.denied
    if seen.unsupported is None and found.strange[every].sum() >= FEWEST:
        # Letters of a script that recognition cannot read, and yet it reads something fluently.
        denied = denied | found.strange
    counted = {
        "read as something else": int(denied[every].sum()),
        "swapped for others": int(found.swapped[every].sum()),
        "seen by nobody": int(unseen[every].sum()),
    }
    doubts = denied | found.swapped | unseen
    wrong = int(doubts[every].sum())
    if wrong >= UNFAITHFUL:
        said = ", ".join(f"{count} are {what}" for what, count in counted.items() if count)
        what = f"its pixels show another text: of {len(every)} letters and digits {said}"
        return Check(doubts, TextLayerUnfaithful(what))
    known = int((found.agreed | denied | unseen)[every].sum())
    return Check(doubts, faults=_in_part(glyphs, every, known, seen.unsupported))


def _in_part(
    glyphs: Glyphs, every: Sequence[int], known: int, unsupported: str | None
) -> tuple[ToolkitError, ...]:
    """That too little of a page could be compared, and why."""
    if len(every) < FEWEST or known >= PART * len(every):
        return ()
    what = f"its text layer was compared with its pixels in part: {known} of {len(every)} letters"
    foreign = sum(is_foreign(glyphs.text[at]) for at in every)
    if unsupported or foreign >= PART * len(every):
        script = unsupported or "such a"
        return (OcrScriptUnsupported(f"{what}, since {script} writing cannot be recognised"),)
    return (OcrError(f"{what} could be recognised"),)


def _unseen(
    reading: Pictured, sheet: Sheet, lines: Sequence[Line], agreed: Flags, image: Image.Image
) -> Flags:
    """Glyphs of lines that leave no trace on the page: without its text it looks the same."""
    flags = np.zeros(len(sheet.glyphs), bool)
    suspects = [line for line in lines if _is_suspect(sheet.glyphs, line, agreed)]
    if not suspects:
        return flags
    bare = reading.picture_without_text(sheet.number, DOTS_PER_INCH)
    if bare is None or bare.size != image.size:
        return flags
    shown, without = (np.asarray(one, np.int16) for one in (image, bare))
    traces = np.abs(shown - without).max(axis=2) >= SAME
    scale = image.width / sheet.width
    hidden = letters(sheet.glyphs, [line for line in lines if line.hidden])
    # What is invisible by intent lies over a picture of what it says: somebody's OCR of a scan.
    is_scan = bool(hidden) and agreed[hidden].sum() >= PART * len(hidden)
    for line in suspects:
        left, top, right, bottom = (
            round(edge * scale)
            for edge in (line.box.left, line.box.top, line.box.right, line.box.bottom)
        )
        where = np.s_[max(0, top) : max(0, bottom) + 1, max(0, left) : max(0, right) + 1]
        if not traces[where].any() and not (line.hidden and is_scan):
            flags[list(line.glyphs)] = True
    return flags


def _is_suspect(glyphs: Glyphs, line: Line, agreed: Flags) -> bool:
    """Whether *line* has letters, and most of them were not read."""
    own = letters(glyphs, [line])
    return len(own) >= FEWEST_SUSPECT and int(agreed[own].sum()) < PART * len(own)


FEWEST_SUSPECT: Final = 2
"""Letters of a line that are looked for: a raised figure alone is often not read."""


def doubted(drafts: Sequence[Draft], glyphs: Flags) -> list[Draft]:
    """*drafts*, of which those that quote one of the flagged *glyphs* prove nothing."""
    if not glyphs.any():
        return list(drafts)
    return [
        replace(
            draft,
            quotation=_doubted(draft.quotation, glyphs),
            cells=tuple(
                replace(cell, quotation=_doubted(cell.quotation, glyphs)) for cell in draft.cells
            ),
        )
        for draft in drafts
    ]


def _doubted(quotation: Quotation, glyphs: Flags) -> Quotation:
    if any(glyphs[first:last].any() for first, last in quotation.spans):
        return replace(quotation, hidden=True)
    return quotation
