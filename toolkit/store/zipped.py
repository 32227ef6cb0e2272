"""Reading a zip file that somebody else made: every size is counted, none is believed.

Nothing here gives a name to a file: members are streams of bytes under a label.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from typing import IO, Any

from toolkit.errors import (
    DamagedFile,
    FileTooLarge,
    PasswordProtected,
    ToolkitError,
    UnsupportedFileType,
)

__all__ = ["BLANK", "CHUNK", "RATIO", "Bounded", "chunks", "opened", "overlapping"]

CHUNK = 2**20
BLANK = 32 * 2**20
"""Bytes of one member that may come out of next to nothing: a blank page packs that well."""
RATIO = 250
"""How many bytes may come out of one that is packed, beyond ``BLANK``. Deflate's own end is 1,032;
scans and slides of the kind that is sent around stay below 20."""

_ENCRYPTED = 0x1
# What else there is unpacks whole blocks at once: 4 kB of bzip2 make 5 GB.
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
# Beside the name: what stands before a member's content, at the least.
_LOCAL_HEADER = 30
FAULTS = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error, EOFError, OSError),
    *(ValueError, RuntimeError, ArithmeticError, LookupError, TypeError, AttributeError),
    *(AssertionError, MemoryError),
)
"""What the standard library raises on archives that somebody damaged, or made to harm."""


class Bounded(io.RawIOBase):
    """*file*, of which never more than *most* bytes are read at once, or further than *end*."""

    def __init__(self, file: IO[bytes], *, most: int, end: int | None = None) -> None:
        super().__init__()
        self._file, self._most, self._end = file, most, end

    def read(self, size: int | None = -1, /) -> bytes:
        wanted = self._most + 1 if size is None or size < 0 else size
        # The list of contents is read in one piece, and how long it is, it says itself.
        content = self._file.read(min(wanted, self._most + 1))
        if len(content) > self._most:
            raise FileTooLarge(f"its list of contents is longer than {self._most:,} bytes")
        self._refuse_further(self._file.tell())
        return content

    def seek(self, offset: int, whence: int = 0, /) -> int:
        if whence == 0:
            self._refuse_further(offset)
        return self._file.seek(offset, whence)

    def _refuse_further(self, place: int) -> None:
        if self._end is not None and place > self._end:
            raise FileTooLarge(
                f"it unpacks to more than {self._end:,} bytes; unpack it, and give the files"
            )

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True


def opened(file: IO[bytes], *, listing: int) -> zipfile.ZipFile:
    """The archive in *file*, whose list of contents has at most *listing* bytes.

    Raises DamagedFile or FileTooLarge.
    """
    try:
        bounded: Any = Bounded(file, most=listing)
        return zipfile.ZipFile(bounded)
    except ToolkitError:
        raise
    except FAULTS as exc:
        raise DamagedFile(f"its list of contents cannot be read: {exc}") from exc


def overlapping(members: Sequence[zipfile.ZipInfo]) -> set[int]:
    """Where the members begin that share bytes with another one, as they do in a zip bomb."""
    found: set[int] = set()
    end, last = -1, -1
    for member in sorted(members, key=lambda one: one.header_offset):
        start = member.header_offset
        if start < end:
            found |= {last, start}
        # At the least: its name has as many bytes as letters, or more.
        reach = start + _LOCAL_HEADER + len(member.orig_filename) + member.compress_size
        if reach > end:
            end, last = reach, start
    return found


def chunks(archive: zipfile.ZipFile, member: zipfile.ZipInfo, *, largest: int) -> Iterator[bytes]:
    """The content of *member*, at most *largest* bytes.

    Raises PasswordProtected, UnsupportedFileType (a method of packing that is not ours),
    FileTooLarge and DamagedFile; what came before is then of no use.
    """
    if member.flag_bits & _ENCRYPTED:
        raise PasswordProtected("it is encrypted within the archive; unpack it and give the file")
    if member.compress_type not in _METHODS:
        raise UnsupportedFileType(
            f"it is packed with method {member.compress_type}, which is not opened here; pack it"
            " the usual way (deflate)"
        )
    size = 0
    try:
        with archive.open(member) as stream:
            while chunk := stream.read(CHUNK):
                size += len(chunk)
                refuse_swollen(size, member.compress_size, largest=largest)
                yield chunk
    except ToolkitError:
        raise
    except FAULTS as exc:
        raise DamagedFile(f"it cannot be unpacked: {exc}") from exc
    if size != member.file_size:
        said = f"the archive says {member.file_size:,} bytes, and {size:,} came out"
        raise DamagedFile(f"it cannot be unpacked: {said}")


def refuse_swollen(size: int, packed: int, *, largest: int) -> None:
    """Raise FileTooLarge where *size* bytes are too many, or too many to come out of *packed*."""
    if size > largest:
        raise FileTooLarge(f"it unpacks to more than {largest:,} bytes, which is the most taken")
    if size > BLANK and size > RATIO * packed:
        raise FileTooLarge(
            f"more than {RATIO} bytes come out of each one that is packed: a zip bomb, or a file of"
            " blanks"
        )
