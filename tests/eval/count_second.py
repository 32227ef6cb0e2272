"""Counts what `toolkit.engine.ocr.second.COUNTED` says: characters that two recognisers read alike.

Each page is rendered at 150 dots an inch and its lines are read by both. Of the lines that `alike`
accepts, every character that differs from the page's text layer under the line is wrong, and every
one that is missing; unless the whole line stands so in the page's labels. "worn" pages are tilted
and straightened again, blurred, noisy, and packed as JPEG of quality 50.

    python tests/eval/count_second.py FOLDER_OF_PDFS FOLDER_OF_MARKDOWN [worn]
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter
from rapidfuzz.distance import Levenshtein

from toolkit.document.normal import folded
from toolkit.engine.marks import Glyphs
from toolkit.engine.ocr import Line as SeenLine
from toolkit.engine.ocr import recognise
from toolkit.engine.options import ParseOptions
from toolkit.engine.readers import pdf
from toolkit.engine.source import Source
from toolkit.engine.words import Line, find_lines

DOTS = 150
TILTS = (0.7, -1.1, 0.4, -0.6, 1.4)
LONG = 8
"""Characters of a line that the labels may confirm: a shorter one stands in them by chance."""


def worn(image: Image.Image, number: int) -> Image.Image:
    tilt = TILTS[number % len(TILTS)]
    for angle in (tilt, -tilt):
        image = image.rotate(angle, fillcolor="white", resample=Image.Resampling.BICUBIC)
    pixels = np.asarray(image.filter(ImageFilter.GaussianBlur(0.6)), np.float32)
    noise = np.random.default_rng(number).normal(0, 8, pixels.shape[:2])[..., None]
    packed = io.BytesIO()
    Image.fromarray((pixels + noise).clip(0, 255).astype(np.uint8)).save(packed, "JPEG", quality=50)
    return Image.open(packed).convert("RGB")


def beneath(glyphs: Glyphs, lines: Iterable[Line], seen: SeenLine, points: float) -> str:
    """The text layer under *seen*, line by line from the left."""
    left, top, right, bottom = (
        edge * points for edge in (seen.box.left, seen.box.top, seen.box.right, seen.box.bottom)
    )
    found = []
    for line in lines:
        ids = np.array(line.glyphs, np.intp)
        x, y = ((glyphs.boxes[ids, side] + glyphs.boxes[ids, side + 2]) / 2 for side in (0, 1))
        own = ids[(x >= left - 1) & (x <= right + 1) & (y >= top - 1) & (y <= bottom + 1)]
        if len(own):
            text = "".join(glyphs.text[at] for at in own)
            found.append((float(glyphs.boxes[own, 0].min()), text))
    return "".join(text for _, text in sorted(found))


def counted(pages: Iterable[tuple[Path, Path]], *, is_worn: bool = False) -> Iterator[tuple]:
    """(wrong, characters, all characters read) of each page with a text layer."""
    for number, (path, labelled) in enumerate(pages):
        reading = pdf.read(Source.from_path(path), ParseOptions())
        sheet, image = reading.sheet(1), reading.picture(1, DOTS)
        lines = find_lines(sheet.glyphs)
        if not lines or image is None:
            continue
        labels = folded(labelled.read_text("utf-8"))
        wrong = of = every = 0
        for seen in recognise(worn(image, number) if is_worn else image, again=True).lines:
            text = folded(seen.text)
            truth = folded(beneath(sheet.glyphs, lines, seen, sheet.width / image.width))
            every += len(text)
            if seen.alike and truth:
                of += len(text)
                if len(text) < LONG or text not in labels:
                    wrong += Levenshtein.distance(text, truth)
        yield wrong, of, every


def main() -> None:
    pdfs, markdown = map(Path, sys.argv[1:3])
    pages = [(path, markdown / f"{path.stem}.md") for path in sorted(pdfs.glob("*.pdf"))]
    table = np.array(list(counted(pages, is_worn="worn" in sys.argv[3:])))
    wrong, of, every = table.sum(axis=0)
    drawn = np.random.default_rng(0).integers(0, len(table), (4000, len(table)))
    shares = 1 - table[drawn, 0].sum(axis=1) / table[drawn, 1].sum(axis=1)
    low, high = np.quantile(shares, [0.025, 0.975])
    print(f"right {of - wrong} of {of}, precision {1 - wrong / of:.5f} ({low:.5f} to {high:.5f})")
    print(f"{of / every:.3f} of all characters stand in such lines")


if __name__ == "__main__":
    main()
