"""Zip and tar files as the files in them, however hostile: an offer a member, in their order.

Nothing is unpacked to a place that the archive names. A member is read as a stream whose bytes are
counted, and its name is only a label. An archive within an archive is not opened.
"""

from __future__ import annotations

import gzip
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal, TypeAlias

from toolkit.errors import DamagedFile, FileTooLarge, InvalidInput, ToolkitError, UnreadablePath
from toolkit.store import zipped
from toolkit.workspace.offers import LONGEST_NAME, Offer, offered, parts_of, refusal

__all__ = ["SUFFIXES", "Archive", "kind_of", "looks_like_one"]

Kind: TypeAlias = Literal["zip", "tar", "tar.gz"]

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz")
"""How the archives that are opened end."""
OTHERS = (".7z", ".rar", ".bz2", ".xz", ".zst", ".gz")

MOST_MEMBERS = 10_000
MOST_BYTES = 16 * 2**30
"""Bytes that all members of one archive may have together."""
LONGEST_LISTING = 32 * 2**20
"""Bytes of a zip's list of contents: 10,000 members with names of 3,000 letters."""
LONGEST_ORIGIN = 1000

# Office files, books and programs are zips too: what these say is not theirs to be taken apart.
_ONE_THING = frozenset(("[Content_Types].xml", "mimetype", "META-INF/MANIFEST.MF"))
_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")
_GZIP = b"\x1f\x8b"
_TAR_MARK = slice(257, 262)
_FAULTS = (tarfile.TarError, *zipped.FAULTS)


def looks_like_one(name: str) -> bool:
    """Whether a file of this name would be an archive that is opened."""
    return name.lower().endswith(SUFFIXES)


def kind_of(file: IO[bytes]) -> Kind | None:
    """Which archive the bytes of *file* begin, or None; *file* is at its start afterwards."""
    try:
        head = file.read(512)
        file.seek(0)
        if head.startswith(_ZIP_STARTS):
            return "zip"
        if head[_TAR_MARK] == b"ustar":
            return "tar"
        if head.startswith(_GZIP):
            inside = gzip.GzipFile(fileobj=file).read(512)
            file.seek(0)
            return "tar.gz" if inside[_TAR_MARK] == b"ustar" else None
    except zipped.FAULTS:
        file.seek(0)
    return None


@dataclass(slots=True)
class Archive:
    """One archive, its members called ``"<origin>!/<inner name>"``.

    *wanted* says which members are taken; *largest* is in bytes, for each of them.
    """

    origin: str
    wanted: Callable[[Path], bool]
    largest: int
    _left: int = field(default=MOST_BYTES)
    _found: int = 0
    """Members that were taken, or refused with a reason."""

    def offers(self, file: IO[bytes], kind: Kind, *, size: int) -> Iterator[Offer] | None:
        """What *file*, an archive of *kind* with *size* bytes, holds.

        None where it is one thing after all, such as an Office file.
        """
        try:
            if kind != "zip":
                return self._all(self._of_tar(file, kind, size))
            archive = zipped.opened(file, listing=LONGEST_LISTING)
        except ToolkitError as exc:
            return iter([self._refusal(exc)])
        if not _ONE_THING.isdisjoint(archive.namelist()):
            return None
        return self._all(self._of_zip(archive))

    def _all(self, offers: Iterator[Offer]) -> Iterator[Offer]:
        try:
            yield from offers
        except ToolkitError as exc:
            yield self._refusal(exc)
            return
        except _FAULTS as exc:
            yield self._refusal(DamagedFile(f"it is damaged from here on: {exc}"))
            return
        if not self._found:
            yield self._refusal(UnreadablePath("it has no file of a known type"))

    def _refusal(self, error: ToolkitError) -> Offer:
        """The archive as a whole, or the rest of it, cannot be taken."""
        self._found += 1
        told = type(error)(f"the archive {_short(self.origin)!r}: {error}")
        return refusal(self.origin, told, filename=_last(self.origin))

    # --- zip ----------------------------------------------------------------------------------

    def _of_zip(self, archive: zipfile.ZipFile) -> Iterator[Offer]:
        # Asked of the text: a name of which nothing is left before its NUL breaks ``is_dir``.
        members = [one for one in archive.infolist() if not one.filename.endswith("/")]
        shared = zipped.overlapping(members)
        if shared:
            number = sum(one.header_offset in shared for one in members)
            why = f"{number:,} of its members lie over each other, as in a zip bomb: left out"
            yield self._refusal(DamagedFile(why))
        for member in _some(one for one in members if one.header_offset not in shared):
            parts = parts_of(member.orig_filename)
            mode = member.external_attr >> 16
            odd = "a link, and links are not followed" if stat.S_ISLNK(mode) else None
            yield from self._member(
                parts, odd, zipped.chunks(archive, member, largest=self.largest)
            )

    # --- tar ----------------------------------------------------------------------------------

    def _of_tar(self, file: IO[bytes], kind: Kind, size: int) -> Iterator[Offer]:
        inside: Any = gzip.GzipFile(fileobj=file) if kind == "tar.gz" else file
        # To pass a member over is to unpack it too, so that the end is where the archive ends.
        end = max(zipped.BLANK, min(MOST_BYTES, size * zipped.RATIO))
        bounded: Any = zipped.Bounded(inside, most=LONGEST_LISTING, end=end)
        with tarfile.open(fileobj=bounded, mode="r:") as archive:
            for member in _some(archive):
                if member.isdir():
                    continue
                yield from self._member(
                    parts_of(member.name), _oddity(member), self._tar_chunks(archive, member)
                )

    def _tar_chunks(self, archive: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[bytes]:
        size = 0
        try:
            stream = archive.extractfile(member)
            while stream is not None and (chunk := stream.read(zipped.CHUNK)):
                size += len(chunk)
                zipped.refuse_swollen(size, size, largest=self.largest)
                yield chunk
        except _FAULTS as exc:
            raise DamagedFile(f"it cannot be unpacked: {exc}") from exc
        if size != member.size:
            said = f"the archive says {member.size:,} bytes, and {size:,} came out"
            raise DamagedFile(f"it cannot be unpacked: {said}")

    # --- both ---------------------------------------------------------------------------------

    def _member(
        self, parts: list[str], odd: str | None, chunks: Iterator[bytes]
    ) -> Iterator[Offer]:
        """The offer of one member; none for what is hidden or another program's."""
        if not parts or any(part.startswith((".", "__MACOSX")) for part in parts):
            return
        inner = "/".join(parts)[-LONGEST_ORIGIN:]
        filename, origin = parts[-1][-LONGEST_NAME:], f"{self.origin}!/{inner}"
        lower = filename.lower()
        if lower.endswith((*SUFFIXES, *OTHERS)):
            odd = "an archive within the archive; unpack the outer one and give this one by itself"
        elif not self.wanted(Path(filename)):
            yield Offer(filename=filename, origin=origin, inner=inner, left_out=True)
            return
        self._found += 1
        if odd is not None:
            why = InvalidInput(f"{_short(inner)!r} is {odd}")
            yield Offer(filename=filename, origin=origin, inner=inner, refused=why)
            return
        yield from offered(self._counted(chunks), filename=filename, origin=origin, inner=inner)

    def _counted(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self._left -= len(chunk)
            if self._left < 0:
                raise FileTooLarge(
                    f"the archive unpacks to more than {MOST_BYTES:,} bytes; unpack it yourself"
                    " and give the files"
                )
            yield chunk


def _oddity(member: tarfile.TarInfo) -> str | None:
    if member.issym() or member.islnk():
        return "a link, and links are not followed"
    if member.issparse() or not member.isreg() or member.size < 0:
        return "no regular file"
    return None


def _some(members: Iterable[Any]) -> Iterator[Any]:
    """The first of *members*. Raises FileTooLarge where there are more than are taken."""
    for number, member in enumerate(members):
        if number == MOST_MEMBERS:
            raise FileTooLarge(
                f"it has more than {MOST_MEMBERS:,} members, of which the first were taken; unpack"
                " it yourself and give the folder"
            )
        yield member


def _short(text: str) -> str:
    return text if len(text) <= 120 else f"…{text[-119:]}"


def _last(origin: str) -> str:
    return (parts_of(origin) or [origin])[-1][-LONGEST_NAME:]
