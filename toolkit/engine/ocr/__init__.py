"""OCR: what a picture of a page says, line by line, with a box for every character."""

from toolkit.engine.ocr.lines import Line, Recognised, Word
from toolkit.engine.ocr.presence import available
from toolkit.engine.ocr.recognising import recognise
from toolkit.engine.ocr.straight import Straight, straightened

__all__ = ["Line", "Recognised", "Straight", "Word", "available", "recognise", "straightened"]
