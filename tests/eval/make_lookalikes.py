"""Makes toolkit/engine/ocr/lookalikes.json: what the quick model takes foreign scripts for.

Names of countries, languages, months and days (CLDR, through Babel) are painted in each script,
clean and worn, and read by the quick model; a character's weight is how much more often, as a
logarithm, it comes up in that script than in Latin print. Run it once more when the model changes:

    python tests/eval/make_lookalikes.py FOLDER_OF_NOTO_FONTS

The fonts are Noto's (Debian: fonts-noto-core, fonts-noto-cjk), beside DejaVu and Liberation.
"""

from __future__ import annotations

import io
import json
import math
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from babel import Locale
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from toolkit.engine import ocr
from toolkit.engine.ocr.alphabet import QUICK
from toolkit.engine.ocr.bands import text_quads
from toolkit.engine.ocr.reading import read
from toolkit.engine.ocr.strips import strip

TARGET = Path(ocr.__file__).with_name("lookalikes.json")
DEBIAN = Path("/usr/share/fonts/truetype")
EUROPEAN = [
    *(DEBIAN / f"liberation/Liberation{style}-Regular.ttf" for style in ("Serif", "Sans", "Mono")),
    *(DEBIAN / f"dejavu/DejaVu{style}.ttf" for style in ("Serif", "Sans")),
]
LANGUAGES = {
    "Arabic": ["ar", "fa", "ur"],
    "Armenian": ["hy"],
    "Bengali": ["bn"],
    "Cyrillic": ["ru", "uk", "bg", "sr", "be", "mk", "kk"],
    "Devanagari": ["hi", "mr", "ne"],
    "Georgian": ["ka"],
    "Greek": ["el"],
    "Hangul": ["ko"],
    "Hebrew": ["he"],
    "Latin": [
        "en",
        "de",
        "fr",
        "pl",
        "cs",
        "tr",
        "hu",
        "ro",
        "fi",
        "es",
        "pt",
        "sv",
        "nl",
        "it",
        "da",
        "sk",
        "hr",
        "lt",
        "lv",
        "et",
        "is",
    ],
    "Tamil": ["ta"],
    "Thai": ["th"],
}
LINES = 14
"""For each script, language and font."""
LISTED = 150
"""Characters that are given a weight of their own for a script."""


def fonts(script: str, noto: Path) -> list[Path]:
    if script in ("Latin", "Greek", "Cyrillic"):
        return EUROPEAN
    name = "CJK" if script == "Hangul" else script
    return sorted(noto.rglob(f"Noto*{name}-Regular.tt[fc]"))


def lines(language: str, script: str, chance: random.Random) -> list[str]:
    known = Locale(language)
    words = [str(word) for names in (known.territories, known.languages) for word in names.values()]
    words += [*known.months["format"]["wide"].values(), *known.days["format"]["wide"].values()]
    between = "" if script == "Thai" else " "
    return [between.join(chance.sample(words, chance.choice([2, 3, 4])))[:60] for _ in range(LINES)]


def pages(script: str, noto: Path, chance: random.Random) -> Iterator[Image.Image]:
    for language in LANGUAGES[script]:
        for font in fonts(script, noto):
            drawn = ImageFont.truetype(font, chance.choice([18, 22, 26, 34]))
            page = Image.new("RGB", (1200, 60 * LINES + 40), "white")
            pen = ImageDraw.Draw(page)
            for number, line in enumerate(lines(language, script, chance)):
                pen.text((40, 20 + 60 * number), line, font=drawn, fill="black")
            yield worn(page) if chance.random() < 0.4 else page


def worn(page: Image.Image) -> Image.Image:
    pixels = np.asarray(page.filter(ImageFilter.GaussianBlur(0.8)), np.float64)
    noise = np.random.default_rng(1).normal(0, 12, pixels.shape[:2])[..., None]
    packed = io.BytesIO()
    Image.fromarray((pixels + noise).clip(0, 255).astype(np.uint8)).save(packed, "JPEG", quality=45)
    return Image.open(packed).convert("RGB")


def weights(counts: dict[str, Counter[str]]) -> dict[str, dict[str, float]]:
    known = set().union(*counts.values())
    chances = {
        script: {
            char: (count[char] + 0.5) / (count.total() + 0.5 * len(known)) for char in sorted(known)
        }
        for script, count in counts.items()
    }
    latin = chances.pop("Latin")
    found = {}
    for script, own in sorted(chances.items()):
        nats = {char: max(-3, min(3, math.log(own[char] / latin[char]))) for char in own}
        telling = {char: abs(nats[char]) * max(own[char], latin[char]) for char in own}
        listed = sorted(own, key=lambda char: -telling[char])[:LISTED]
        found[script] = {"": -0.5, **{char: round(nats[char], 1) for char in sorted(listed)}}
    return found


def main() -> None:
    chance = random.Random(5)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for script in LANGUAGES:
        for page in pages(script, Path(sys.argv[1]), chance):
            # In parts, since a taller page would be made smaller before its lines are looked for.
            for top in range(0, page.height, 900):
                picture = np.asarray(page.crop((0, top, page.width, min(page.height, top + 900))))
                for quad in text_quads(picture):
                    counts[script].update(read(strip(picture, quad).pixels, QUICK).text)
        counts[script].pop(" ", None)
    TARGET.write_text(
        json.dumps(weights(counts), ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8"
    )


if __name__ == "__main__":
    main()
