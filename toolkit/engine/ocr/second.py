"""The second recogniser: another model, which reads the very pixels that the first one read.

PP-OCRv5 (mobile), of the generation before the first one's: another network, trained apart, with
weights and an alphabet of its own. Both come from the same house and may have seen the same
pictures in training, so that how far they go astray together is not argued but counted: `COUNTED`.
"""

from __future__ import annotations

from typing import Final

from toolkit.document.normal import folded
from toolkit.engine.ocr.alphabet import Recogniser
from toolkit.engine.ocr.detection import Rgb
from toolkit.engine.ocr.reading import Reading, read, trimmed

__all__ = ["COUNTED", "NEEDED", "PROVES", "alike", "read_again"]

SECOND: Final = Recogniser("ppocrv5/rec/rec.onnx", "ppocrv5/ppocrv5_dict.txt")

COUNTED: Final = (195_832, 195_916)
"""(right, of): characters of lines that `alike` accepts, against the text layer under the line or
the labels, on the 100 labelled pages rendered at 150 dots an inch (133,143 of 133,206) and 50 of
them tilted, blurred, noisy and packed as JPEG of quality 50 (62,689 of 62,710). 0.9996; drawing
the pages anew, 95 % of the figures lie between 0.9993 and 0.9998. What is missing or too much
counts as wrong. Wrong are above all small capitals, which the text layers have as small letters,
and raised figures. Four fifths of all characters stand in such lines."""
NEEDED: Final = 0.999
PROVES: Final = COUNTED[0] / COUNTED[1] >= NEEDED
"""Whether what both read alike counts as verified."""

SURE: Final = 0.95
"""What each must be of a line, in the mean of its characters."""
LIKELY: Final = 0.5
"""What each must be of every single character. Any figure from 0 to 0.8 gives 0.9994 or more."""
OF_ONE_LOOK: Final = frozenset("'\"‘’“”`´–—―−•·◦…*°º")
"""Signs that both models write in one way, whatever they look like: both say ' for ’."""


def read_again(strip: Rgb) -> Reading:
    """What the second recogniser makes of a strip. Raises OcrError, MemoryExceeded."""
    return trimmed(read(strip, SECOND))


def alike(text: str, first: Reading, second: Reading) -> bool:
    """Whether both readings say N(*text*), both surely, in signs that can be told apart."""
    return (
        PROVES
        and min(first.confidence, second.confidence) >= SURE
        and min(first.weakest, second.weakest) >= LIKELY
        and folded(text) == folded(second.text)
        and OF_ONE_LOOK.isdisjoint(text)
    )
