"""What a runner and its children say to each other, and nothing else can be said.

A message is four bytes of length and a MessagePack map of one of the types below. The child reads
hostile files and may be taken over by one: what comes from it is bounded and checked against its
type, never unpickled.
"""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import msgspec

from toolkit.errors import ChildCrashed
from toolkit.jobs.job import Stage
from toolkit.jobs.tool import Limits

__all__ = [
    "INLINE",
    "MOST_RESULT",
    "RESULT_NAME",
    "Answer",
    "Begun",
    "Done",
    "Raised",
    "Told",
    "Work",
    "decode_answer",
    "decode_work",
    "read_message",
    "read_result",
    "write_message",
]

INLINE: Final = 256 * 2**10
"""Bytes of a result up to which it travels in the message; a larger one is left in a file."""
MOST_MESSAGE: Final = 2 * 2**20
MOST_RESULT: Final = 512 * 2**20
RESULT_NAME: Final = ".result"
_LENGTH = struct.Struct("!I")


class Work(msgspec.Struct, frozen=True, kw_only=True, tag="work"):
    """What a child is to do. ``code`` is a pickled function whose seal was compared already."""

    target: str
    limits: Mapping[str, float]
    work_folder: str
    code: bytes | None = None
    filename: str = ""
    source: str | None = None
    sha256: str = ""
    options: Mapping[str, Any] = msgspec.field(default_factory=dict)
    cut_pages: Mapping[int, tuple[str, str]] = msgspec.field(default_factory=dict)
    processes: int = 1

    @property
    def bounds(self) -> Limits:
        """The limits as the tool's function is given them."""
        asked = self.limits
        return Limits(**{k: type(v)(asked.get(k, v)) for k, v in asdict(Limits()).items()})

    @property
    def ours(self) -> bool:
        """Whether the function is one of pagequeue's own."""
        return self.code is None and self.target.startswith("toolkit.")


class Begun(msgspec.Struct, frozen=True, tag="begun"):
    """The child has the work in its hands: from now on its death is the work's."""


class Told(msgspec.Struct, frozen=True, kw_only=True, tag="told"):
    """Progress."""

    percent: float
    stage: Stage
    page: int
    pages: int


class Done(msgspec.Struct, frozen=True, kw_only=True, tag="done"):
    """The tool's function returned. ``content`` is None where it is in the result file."""

    content: bytes | None
    size: int
    media_type: str
    filename: str | None
    pages: int
    cacheable: bool
    cpu_seconds: float
    left_processes: bool
    """The function started processes and did not wait for them."""


class Raised(msgspec.Struct, frozen=True, kw_only=True, tag="raised"):
    """The tool's function raised an error, or what it returned cannot be sent."""

    code: str
    message: str
    cpu_seconds: float
    out_of_memory: bool
    left_processes: bool


Answer = Begun | Told | Done | Raised

decode_work = msgspec.msgpack.Decoder(Work).decode
decode_answer = msgspec.msgpack.Decoder(Answer).decode


def write_message(descriptor: int, message: Work | Answer) -> None:
    """Write *message* whole. Raises OSError (BrokenPipeError) where nobody reads any more."""
    body = msgspec.msgpack.encode(message)
    rest = memoryview(_LENGTH.pack(len(body)) + body)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def read_message(descriptor: int, most: int = MOST_MESSAGE) -> bytes | None:
    """The bytes of the next message, or None when the other side is gone.

    Raises ChildCrashed for one of more than *most* bytes.
    """
    head = _read_exactly(descriptor, _LENGTH.size)
    if head is None:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > most:
        raise ChildCrashed(f"the child announced a message of {length} bytes")
    return _read_exactly(descriptor, length)


def _read_exactly(descriptor: int, count: int) -> bytes | None:
    parts: list[bytes] = []
    while count:
        try:
            part = os.read(descriptor, min(count, 2**20))
        except OSError:  # a reset connection is an end, too
            return None
        if not part:
            return None
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def read_result(folder: Path, size: int) -> bytes:
    """The content of the result file that a child left in *folder*.

    Raises ChildCrashed where it is not a plain file of exactly *size* bytes.
    """
    if size > MOST_RESULT:
        raise ChildCrashed(f"the child announced a result of {size} bytes")
    # Neither a link nor a named pipe, at which opening would wait, is followed.
    ways = ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY", "O_CLOEXEC")
    flags = os.O_RDONLY | sum(getattr(os, way, 0) for way in ways)
    try:
        with os.fdopen(os.open(folder / RESULT_NAME, flags), "rb") as file:
            plain = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            content = file.read(size + 1) if plain else b""
    except OSError as exc:
        raise ChildCrashed(f"the child's result cannot be read: {exc}") from exc
    if not plain or len(content) != size:
        raise ChildCrashed("the child's result is not the file that it announced")
    return content
