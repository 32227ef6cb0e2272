"""A PowerPoint file as a package of parts, opened only once it is known to be harmless."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

from lxml import etree
from pptx.exc import PythonPptxError
from pptx.package import Package

from toolkit.engine.source import METHODS, UNPACKED_BADLY
from toolkit.errors import DamagedFile, FileTooLarge, PasswordProtected, ToolkitError

__all__ = ["Deck", "open_deck", "refuse_harm", "translated"]

# A deck of a thousand slides has some five thousand parts.
_MOST_MEMBERS = 50_000
_MOST_BYTES = 768 * 2**20
# A parsed tree takes about ten times its text; the largest part of a real deck has a few megabytes.
_MOST_XML = 96 * 2**20
_CHUNK = 2**20
_DOCTYPE = re.compile(rb"<\x00?!\x00?D\x00?O\x00?C\x00?T\x00?Y\x00?P\x00?E")
_XML = (".xml", ".rels", ".vml")
_SLIDE = re.compile(r"ppt/slides/[^/]+\.xml")
_BLANK = (
    b'<p:sld xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main">'
    b"<p:cSld><p:spTree/></p:cSld></p:sld>"
)
_RELATIONS = "{http://schemas.openxmlformats.org/package/2006/relationships}"
_SAYS = frozenset({"Id", "Type", "Target", "TargetMode"})
_FOREIGN = (
    *(*UNPACKED_BADLY, PythonPptxError, etree.LxmlError),
    *(AttributeError, AssertionError, StopIteration),
)


@contextmanager
def translated(error: type[ToolkitError], what: str) -> Iterator[None]:
    """Turn what python-pptx raises on damaged files into *error*."""
    try:
        yield
    except _FOREIGN as exc:
        raise error(f"{what}: {type(exc).__name__}: {str(exc)[:200]}") from exc


class Deck:
    """An opened file: its presentation, and the parts that had to be left out, with the reason."""

    def __init__(self, presentation: Any, broken: dict[str, str]) -> None:
        self.presentation = presentation
        self.broken = broken


def open_deck(content: bytes, filename: str) -> Deck:
    """*content* as a deck. Raises DamagedFile, FileTooLarge and PasswordProtected.

    Where single parts are damaged, the deck is opened without them.
    """
    faults = _checked(content, filename)
    if not faults:
        try:
            with translated(DamagedFile, f"{filename} is not readable as a PowerPoint deck"):
                return Deck(_presentation(content), {})
        except DamagedFile:
            # Some part is no sound XML, or not there: the others may be.
            pass
    with translated(DamagedFile, f"{filename} is not readable as a PowerPoint deck"):
        mended, broken = _mended(content, faults)
        return Deck(_presentation(mended), broken)


def refuse_harm(content: bytes, filename: str) -> None:
    """Raises FileTooLarge, PasswordProtected or DamagedFile where opening *content* may do harm."""
    _checked(content, filename)


def _presentation(content: bytes) -> Any:
    return Package.open(BytesIO(content)).main_document_part.presentation


def _checked(content: bytes, filename: str) -> dict[str, str]:
    """The members that cannot be unpacked, with the reason. Raises where it may do harm."""
    try:
        archive = zipfile.ZipFile(BytesIO(content))
        members = archive.infolist()
    except UNPACKED_BADLY as exc:
        raise DamagedFile(
            f"{filename}: the file is cut off or damaged; its archive cannot be read: {exc}"
        ) from exc
    declared = sum(member.file_size for member in members)
    if len(members) > _MOST_MEMBERS or declared > _MOST_BYTES:
        raise FileTooLarge(
            f"{filename} unpacks to {declared / 2**20:.0f} MB in {len(members)} parts; "
            f"at most {_MOST_BYTES >> 20} MB in {_MOST_MEMBERS} are read"
        )
    room = _Room(filename)
    faults: dict[str, str] = {}
    for member in members:
        if member.flag_bits & 1:
            raise PasswordProtected(f"{filename}: its archive is encrypted")
        try:
            _unpack(archive, member, room)
        except UNPACKED_BADLY as exc:
            faults[member.filename] = f"it cannot be unpacked: {exc}"
    return faults


class _Room:
    """How much may still be unpacked, whatever the archive says of itself."""

    def __init__(self, filename: str) -> None:
        self._filename = filename
        self._left = {True: _MOST_XML, False: _MOST_BYTES}

    def take(self, size: int, xml: bool) -> None:
        """Raises FileTooLarge once there is no room left."""
        self._left[xml] -= size
        if self._left[xml] < 0:
            what = "XML" if xml else "parts"
            raise FileTooLarge(f"{self._filename} unpacks to too much {what}: it may be a zip bomb")

    def refuse(self, name: str) -> None:
        """Raises DamagedFile for a member with declarations that packages may not have."""
        raise DamagedFile(f"{self._filename}: {name} declares entities, which no deck may")


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, room: _Room) -> None:
    if member.compress_type not in METHODS:
        raise NotImplementedError(f"it is packed with method {member.compress_type}")
    xml = member.filename.lower().endswith(_XML)
    before = b""
    with archive.open(member) as stream:
        while chunk := stream.read(_CHUNK):
            room.take(len(chunk), xml)
            if xml and _DOCTYPE.search(before[-32:] + chunk):
                room.refuse(member.filename)
            before = chunk


def _mended(content: bytes, faults: dict[str, str]) -> tuple[bytes, dict[str, str]]:
    """The package without what is damaged: blank slides, other parts as far as they go."""
    archive = zipfile.ZipFile(BytesIO(content))
    broken = dict(faults)
    kept: dict[str, bytes] = {}
    for name in dict.fromkeys(archive.namelist()):
        blob = b"" if name in faults else archive.read(name)
        if name.lower().endswith(_XML):
            fault = faults.get(name) or _fault(blob)
            if fault is not None:
                broken[name] = fault
                blob = _BLANK if _SLIDE.fullmatch(name) else _recovered(blob)
        if name.endswith(".rels"):
            blob = _relations(blob)
        if blob:
            kept[name] = blob
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as out:
        for name, blob in kept.items():
            out.writestr(name, blob)
    return stream.getvalue(), broken


def _parser(*, recover: bool = False) -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, recover=recover)


def _fault(blob: bytes) -> str | None:
    try:
        etree.fromstring(blob, _parser())
    except (etree.LxmlError, ValueError) as exc:
        return f"it is no sound XML: {str(exc)[:120]}"
    return None


def _relations(blob: bytes) -> bytes:
    """The relationships in *blob* that say all that one has to say."""
    try:
        root = etree.fromstring(blob, _parser(recover=True))
    except (etree.LxmlError, ValueError):
        root = None
    clean = etree.Element(f"{_RELATIONS}Relationships", nsmap={None: _RELATIONS[1:-1]})
    for found in () if root is None else root.iter("{*}Relationship", "Relationship"):
        told = {name: value for name, value in found.attrib.items() if name in _SAYS}
        if told.keys() >= {"Id", "Type", "Target"}:
            etree.SubElement(clean, f"{_RELATIONS}Relationship", told)
    return bytes(etree.tostring(clean))


def _recovered(blob: bytes) -> bytes:
    """As much of *blob* as is sound XML; b"" where that is nothing."""
    try:
        root = etree.fromstring(blob, _parser(recover=True))
    except (etree.LxmlError, ValueError):
        return b""
    mended = b"" if root is None else bytes(etree.tostring(root))
    return b"" if _fault(mended) else mended
