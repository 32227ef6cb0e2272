"""Packages of Office without the hour of their making: the same content is the same bytes."""

from __future__ import annotations

import re
import zipfile
from io import BytesIO

__all__ = ["undated"]

_EPOCH = (1980, 1, 1, 0, 0, 0)
_STAMP = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(?=</)")
_PACKAGES = (".xlsx", ".pptx")


def undated(content: bytes) -> bytes:
    """The package *content* with one date everywhere, also in the packages inside it."""
    stream = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as given, zipfile.ZipFile(stream, "w") as out:
        for name in given.namelist():
            blob = given.read(name)
            if name.endswith(_PACKAGES):
                blob = undated(blob)
            elif name == "docProps/core.xml":
                blob = _STAMP.sub(rb"\g<1>2025-03-03T09:00:00Z", blob)
            member = zipfile.ZipInfo(name, _EPOCH)
            member.compress_type = zipfile.ZIP_DEFLATED
            out.writestr(member, blob)
    return stream.getvalue()
