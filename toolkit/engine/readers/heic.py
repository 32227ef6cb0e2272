"""HEIC photographs, which telephones take: pi-heif decodes them (the extra ``heic``).

pi-heif is libheif and libde265 (LGPL, linked dynamically inside its wheel) behind Pillow; it can
only decode, and holds no x265. Pictures are bounded before they are decoded as all others are, and
by libheif's own limits.
"""

from __future__ import annotations

from typing import Final

from toolkit.errors import MissingExtra

__all__ = ["FORMAT", "INSTALL", "open_with_pillow"]

INSTALL: Final = "pip install 'pagequeue[heic]'"
FORMAT: Final = "HEIF"
"""What Pillow calls it."""


def open_with_pillow() -> None:
    """From here on Pillow opens HEIC files. Raises MissingExtra."""
    try:
        import pi_heif
    except ImportError as exc:
        raise MissingExtra(
            f"the file is a HEIC photograph: {INSTALL}, or save it as JPEG first"
        ) from exc
    # Of several pictures in a file only the main one is a page; a preview of it is none.
    pi_heif.register_heif_opener(thumbnails=False, decode_threads=1)
