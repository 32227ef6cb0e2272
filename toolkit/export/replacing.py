"""Files that are there whole or not at all."""

from __future__ import annotations

import errno
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from toolkit.errors import UnreadablePath

__all__ = ["replacing"]


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write, which takes *path*'s place when the block ends well.

    Until then, and after an error, what was at *path* stays as it was. Makes the folder. Raises
    UnreadablePath where it may not be written to.
    """
    draft = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = draft.open("xb")
    except OSError as exc:
        raise _refused(path, exc) from exc
    try:
        with file:
            yield file
        draft.replace(path)
    except OSError as exc:
        # Other errors of this kind may be those of whatever is read meanwhile.
        if exc.errno in (errno.ENOSPC, errno.EDQUOT, errno.EISDIR):
            raise _refused(path, exc) from exc
        raise
    finally:
        draft.unlink(missing_ok=True)


def _refused(path: Path, exc: OSError) -> UnreadablePath:
    return UnreadablePath(f"{path}: cannot be written ({exc.strerror or exc})")
