"""A file as it came in: its bytes, their hash, and what they look like."""

from __future__ import annotations

import hashlib
import lzma
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass, field
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Self

from toolkit.errors import EmptyFile, PasswordProtected, UnreadablePath, UnsupportedFileType

__all__ = ["METHODS", "READABLE", "UNPACKED_BADLY", "Source", "sniffed"]

PDF = "application/pdf"
_OFFICE = "application/vnd.openxmlformats-officedocument"
PPTX = f"{_OFFICE}.presentationml.presentation"
PPT = "application/vnd.ms-powerpoint"
HEIC = "image/heic"
IMAGES = frozenset(
    {"image/png", "image/jpeg", "image/webp", "image/tiff", "image/bmp", "image/gif", HEIC}
)
READABLE = frozenset({PDF, PPTX, PPT}) | IMAGES
"""The media types that a reader exists for; two of them need more than is always installed."""

_DOCX = f"{_OFFICE}.wordprocessingml.document"
_XLSX = f"{_OFFICE}.spreadsheetml.sheet"

# PDF readers accept a header anywhere in the first kilobyte.
_HEADER_WITHIN = 1024
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"II+\x00", "image/tiff"),
    (b"MM\x00+", "image/tiff"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"{\\rtf", "application/rtf"),
    (b"%!PS", "application/postscript"),
    (b"\x1f\x8b", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!", "application/vnd.rar"),
    (b"\x7fELF", "application/x-executable"),
    (b"MZ", "application/x-executable"),
    (b"SQLite format 3\x00", "application/vnd.sqlite3"),
)
_ZIPPED: tuple[tuple[str, str], ...] = (
    ("ppt/", PPTX),
    ("word/", _DOCX),
    ("xl/", _XLSX),
    ("META-INF/container.xml", "application/epub+zip"),
)
_NAMES = {
    _DOCX: "a Word document",
    _XLSX: "an Excel workbook",
    "application/x-ole-storage": "an old Office file (DOC or XLS)",
    "application/octet-stream": "binary content of no type that is known",
    "image/avif": "an AVIF picture, which has to be saved as JPEG first",
    "text/html": "an HTML page",
    "text/plain": "plain text",
}
# What the list of contents of an Office file says of its main part, in this order: decks hold
# workbooks, never the reverse.
_MAIN_PARTS: tuple[tuple[bytes, str], ...] = (
    (rb"presentationml\.(presentation|slideshow|template)\.main\+xml", PPTX),
    (rb"ms-powerpoint\.(presentation|slideshow|template)\.macroEnabled\.main\+xml", PPTX),
    (rb"wordprocessingml\.(document|template)\.main\+xml|ms-word\.\w+\.macroEnabled", _DOCX),
    (rb"spreadsheetml\.(sheet|template)\.main\+xml|ms-excel\.[\w.]+\.main\+xml", _XLSX),
)
_MOST_CONTENTS = 2**20
# Fifty thousand parts. It is read by whoever hands a file in, and takes six times as much memory.
_LONGEST_LISTING = 8 * 2**20
_MOST_NAMES = 50_000
METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""How parts of an Office file may be packed. Others unpack whole blocks at once, of any size."""
UNPACKED_BADLY = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(OSError, EOFError, ValueError, RuntimeError, ArithmeticError, LookupError, TypeError),
)
"""What the standard library raises on a zip that somebody damaged, or made to harm."""
_LOCAL_NAME = re.compile(rb"PK\x03\x04.{22}[\x01-\xff]\x00.{2}([\x20-\x7e]{1,200})", re.DOTALL)
_OLD_OFFICE = "application/x-ole-storage"
_SLIDES = "PowerPoint Document".encode("utf-16-le")
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"heif")
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
# A PDF whose header was lost still has these, and readers repair it.
_PDF_TRACES = (b"startxref", b"%%EOF", b" obj", b"endobj")


def sniffed(content: bytes) -> str:
    """The media type that *content* looks like, by its bytes alone."""
    if b"%PDF-" in content[:_HEADER_WITHIN] or all(
        trace in content for trace in (_PDF_TRACES[2], _PDF_TRACES[3])
    ):
        return PDF
    for signature, media_type in _SIGNATURES:
        if content.startswith(signature):
            is_slides = media_type == _OLD_OFFICE and _SLIDES in content
            return PPT if is_slides else media_type
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[4:8] == b"ftyp" and content[8:12] in _HEIC_BRANDS:
        # Both are kept in the same box; what else may read it says what is inside.
        return "image/avif" if b"avif" in content[16:64] else HEIC
    if content.startswith(b"PK\x03\x04"):
        return _zipped(content)
    return _written(content)


class _Listed(BytesIO):
    """A zip whose list of contents is read in one piece, and not if it is too long."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _LONGEST_LISTING:
            raise zipfile.BadZipFile("its list of contents is too long")
        return super().read(size)


def _zipped(content: bytes) -> str:
    try:
        archive = zipfile.ZipFile(_Listed(content))
        names = archive.namelist()
    except UNPACKED_BADLY:
        # Cut off: the list of names stands at the end, but each name beside its content too.
        found = islice(_LOCAL_NAME.finditer(content), _MOST_NAMES)
        names = [name[1].decode("latin-1") for name in found]
    else:
        contents = _contents(archive) if "[Content_Types].xml" in names else b""
        for pattern, media_type in _MAIN_PARTS:
            if re.search(pattern, contents):
                return media_type
    for start, media_type in _ZIPPED:
        if any(name.startswith(start) for name in names):
            return media_type
    return "application/zip"


def _contents(archive: zipfile.ZipFile) -> bytes:
    try:
        member = archive.getinfo("[Content_Types].xml")
        if member.compress_type not in METHODS:
            return b""
        with archive.open(member) as stream:
            return stream.read(_MOST_CONTENTS)
    except UNPACKED_BADLY:
        return b""


def _written(content: bytes) -> str:
    head = content[:4096]
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as exc:
        # The cut may have gone through a character.
        if exc.start < len(head) - 4:
            return "application/octet-stream"
        text = head[: exc.start].decode("utf-8")
    if re.search(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]", text):
        return "application/octet-stream"
    return "text/html" if re.search(r"<(!doctype html|html)", text, re.IGNORECASE) else "text/plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file's content under its name; ``sha256`` is 64 hex digits, ``size`` is in bytes."""

    filename: str
    sha256: str
    size: int
    media_type: str
    _content: bytes = field(repr=False)

    @classmethod
    def from_path(cls, path: str | Path, filename: str | None = None) -> Self:
        """The file at *path*, known as *filename* (default: its own name).

        Raises UnreadablePath, EmptyFile, and UnsupportedFileType where no reader knows it.
        """
        path = Path(path)
        try:
            content = path.read_bytes()
        except OSError as exc:
            raise UnreadablePath(f"{path}: {exc.strerror or exc}") from exc
        return cls.from_bytes(content, filename or path.name)

    @classmethod
    def from_bytes(cls, content: bytes, filename: str = "document.pdf") -> Self:
        """*content*, known as *filename*, whose ending counts for nothing.

        Raises EmptyFile, PasswordProtected for an encrypted Office file, and UnsupportedFileType
        naming what the bytes look like.
        """
        if not content:
            raise EmptyFile(f"{filename} has no bytes")
        media_type = sniffed(content)
        if media_type == _OLD_OFFICE and _ENCRYPTED in content:
            raise PasswordProtected(
                f"{filename} is an encrypted Office file; save it without its password first"
            )
        if media_type not in READABLE:
            seems = _NAMES.get(media_type, media_type)
            raise UnsupportedFileType(
                f"{filename} looks like {seems}; PDF, PPTX, PPT and images can be read"
            )
        return cls(
            filename=filename,
            sha256=hashlib.sha256(content).hexdigest(),
            size=len(content),
            media_type=media_type,
            _content=content,
        )

    def bytes(self) -> bytes:
        """The content."""
        return self._content
