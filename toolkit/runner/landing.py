"""Where a download comes down: unpacked within bounds, counted, hashed, and given a name."""

from __future__ import annotations

import os
import re
import unicodedata
import zlib
from collections.abc import Iterator
from email.message import Message
from hashlib import sha256
from mimetypes import guess_type
from pathlib import Path, PurePosixPath
from typing import Final, Self
from urllib.parse import unquote

from toolkit.engine.source import sniffed
from toolkit.errors import (
    AddressUnusable,
    EmptyFile,
    FetchFailed,
    FileTooLarge,
    UnsupportedFileType,
)
from toolkit.store.addresses import Arrival

__all__ = ["Landing", "file_name"]

HEAD: Final = 4096
PIECE: Final = 2**20
BOMB_RATIO: Final = 100
BOMB_FROM: Final = 16 * 2**20
"""Bytes from which on a compressed download may unpack to no more than BOMB_RATIO times itself:
documents were seen to reach 20, and zlib can do 1,032."""
LONGEST_NAME: Final = 150

# What some system refuses in a name, and what could lead out of a folder.
_FORBIDDEN: Final = re.compile(r'[<>:"|?*]')
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_ENDINGS: Final = {
    "application/pdf": ".pdf",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/tiff": ".tiff",
    "image/gif": ".gif",
    "image/bmp": ".bmp",
    "image/webp": ".webp",
    "text/html": ".html",
}


class Landing:
    """A file that grows by what is received; at most *largest* bytes, else FileTooLarge.

    *packed* is the body's Content-Encoding: though none was asked for, gzip and deflate are undone.
    """

    def __init__(self, draft: Path, place: str, *, largest: int, packed: str = "") -> None:
        self.received = 0
        self._draft = draft
        self._place = place
        self._largest = largest
        self._size = 0
        self._head = b""
        self._digest = sha256()
        self._unpack = _unpacking(packed, place)
        draft.parent.mkdir(parents=True, exist_ok=True)
        self._file = draft.open("wb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def receive(self, chunk: bytes) -> None:
        """Take *chunk* as it came over the line. Raises FileTooLarge, FetchFailed."""
        self.received += len(chunk)
        if self._unpack is None:
            self._take(chunk)
            return
        for piece in self._unpack.pieces(chunk):
            self._take(piece)
            if self._size > BOMB_FROM + BOMB_RATIO * self.received:
                raise FileTooLarge(
                    f"{self._place} unpacks to more than {BOMB_RATIO} times its size"
                )

    def _take(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._largest:
            most = f"the {self._largest:,} bytes that are taken"
            raise FileTooLarge(f"{self._place} has more than {most}")
        if len(self._head) < HEAD:
            self._head += piece[:HEAD]
        self._digest.update(piece)
        self._file.write(piece)

    def arrival(self, name: str, asked: str) -> Arrival:
        """All that was received, on the disk, under *name*; *asked* is the path of the address.

        Raises EmptyFile, FetchFailed where the end is missing, and UnsupportedFileType for a web
        page where another file was asked for.
        """
        if self._unpack is not None and not self._unpack.ended:
            raise FetchFailed(f"{self._place}: the answer broke off")
        if not self._size:
            raise EmptyFile(f"{self._place} has no bytes")
        media_type = sniffed(self._head[:HEAD])
        _refuse_page(self._place, media_type, asked)
        self._file.flush()
        os.fsync(self._file.fileno())
        return Arrival(
            draft=self._draft,
            sha256=self._digest.hexdigest(),
            size=self._size,
            media_type=media_type,
            filename=name if "." in name else name + _ENDINGS.get(media_type, ""),
        )


def _refuse_page(place: str, media_type: str, asked: str) -> None:
    ending = PurePosixPath(asked).suffix
    promised, _ = guess_type(f"file{ending}")
    if media_type == "text/html" and promised not in (None, "text/html", "application/xhtml+xml"):
        raise UnsupportedFileType(
            f"{place} gives a web page (HTML) and no {ending[1:].upper()[:10]} file, as its name"
            " promises: it may want a log-in, or only link to the file"
        )


class _Packed:
    """A body that was packed by gzip or deflate for its journey."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._stream = _stream()
        self._begun = False

    @property
    def ended(self) -> bool:
        """Whether the end of what was packed has come."""
        return self._stream.eof or not self._begun

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        """What *chunk* unpacks to, at most PIECE bytes at a time."""
        self._begun = True
        piece = b""
        try:
            while chunk or (len(piece) == PIECE and not self._stream.eof):
                if self._stream.eof:
                    # gzip may be several streams, one after the other.
                    self._stream = _stream()
                piece = self._stream.decompress(chunk, PIECE)
                chunk = self._stream.unconsumed_tail or self._stream.unused_data
                yield piece
        except zlib.error as exc:
            raise FetchFailed(f"{self._place}: what came cannot be unpacked: {exc}") from exc


def _stream() -> zlib._Decompress:
    # The 32 lets it see by itself whether it is gzip or zlib.
    return zlib.decompressobj(zlib.MAX_WBITS | 32)


def _unpacking(encoding: str, place: str) -> _Packed | None:
    """How to undo this Content-Encoding; None where nothing is to be undone.

    Raises AddressUnusable where it cannot be.
    """
    kinds = [kind for kind in re.split(r"[,\s]+", encoding.lower()) if kind not in ("", "identity")]
    if not kinds:
        return None
    if kinds in (["gzip"], ["x-gzip"], ["deflate"]):
        return _Packed(place)
    raise AddressUnusable(f"{place} is sent packed as {encoding[:40]!r}, which was not asked for")


def file_name(disposition: str, submitted: str, *paths: str) -> str:
    """What to call a file: as its server says, else as it was submitted or as its address ends.

    Of these the first with an ending is taken. *paths* are those of its addresses. It is a name
    that every system takes.

    >>> file_name('attachment; filename="../../report.pdf"', "", "/x")
    'report.pdf'
    >>> file_name("", "", "/download", "/a/b%20c.pdf"), file_name("", "", "/", "/")
    ('b c.pdf', 'download')
    """
    said = _cleaned(_said(disposition))
    names = [_cleaned(name) for name in (submitted, *map(unquote, paths))]
    whole = (name for name in names if "." in name)
    return said or next(whole, "") or next(filter(None, names), "download")


def _said(disposition: str) -> str:
    if not disposition:
        return ""
    message = Message()
    message["content-disposition"] = re.sub(r"[\r\n\0]", " ", disposition[:2000])
    try:
        return message.get_filename() or ""
    except (ValueError, LookupError, TypeError):
        return ""


def _cleaned(name: str) -> str:
    """*name* as every system takes it; "" where nothing is left."""
    last = re.split(r"[/\\]", name.rstrip("/\\"))[-1]
    # Control signs, and those that turn the direction of writing: "fdp.exe" must not look a PDF.
    kept = "".join(
        sign for sign in unicodedata.normalize("NFC", last) if unicodedata.category(sign)[0] != "C"
    )
    clean = _FORBIDDEN.sub("_", kept).strip(". ")
    if len(clean) > LONGEST_NAME:
        ending = PurePosixPath(clean).suffix[:12]
        clean = clean[: LONGEST_NAME - len(ending)].rstrip(". ") + ending
    return f"_{clean}" if _RESERVED.fullmatch(clean) else clean
