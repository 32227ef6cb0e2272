"""A ZIP whose bytes depend on nothing but what is in it."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from io import BytesIO
from typing import Final

__all__ = ["MEDIA_TYPE", "zipped"]

MEDIA_TYPE: Final = "application/zip"
# The first moment that a ZIP can tell.
_ALWAYS: Final = (1980, 1, 1, 0, 0, 0)
_READABLE_FILE: Final = 0o100644 << 16
_UNIX: Final = 3


def zipped(members: Iterable[tuple[str, bytes]]) -> bytes:
    """*members*, (name, content), as a ZIP in their order; pictures, packed already, are stored."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members:
            told = zipfile.ZipInfo(name, _ALWAYS)
            packed = name.endswith(".png")
            told.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
            told.external_attr = _READABLE_FILE
            told.create_system = _UNIX
            archive.writestr(told, content)
    return file.getvalue()
