"""The file that an asset tool is given, read whole and bounded."""

from __future__ import annotations

from toolkit.errors import EmptyFile, FileTooLarge, InvalidInput, UnreadablePath
from toolkit.jobs.tool import Task

__all__ = ["content_of", "refuse_large"]


def refuse_large(size: int, *, most: int, filename: str) -> None:
    """Raise FileTooLarge where *size* is more than *most* bytes."""
    if size > most:
        raise FileTooLarge(f"{filename} has {size:,} bytes; at most {most:,} are taken")


def content_of(task: Task, *, most: int, wanted: str) -> bytes:
    """The bytes of the task's file. Raises InvalidInput where it has none, saying what is *wanted*,
    EmptyFile, FileTooLarge and UnreadablePath."""
    if task.source is None:
        raise InvalidInput(f"{wanted} is needed")
    try:
        refuse_large(task.source.stat().st_size, most=most, filename=task.filename)
        content = task.source.read_bytes()
    except OSError as exc:
        raise UnreadablePath(f"{task.filename}: {exc.strerror or exc}") from exc
    if not content:
        raise EmptyFile(f"{task.filename} has no bytes")
    return content
