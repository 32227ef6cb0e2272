"""Names of blocks that are the same whenever the same file is read in the same way."""

from __future__ import annotations

import hashlib
from collections.abc import Container

from toolkit.document.geometry import NormalizedBox

__all__ = ["block_id"]


def block_id(
    *, page: int, kind: str, bbox: NormalizedBox, text: str = "", taken: Container[str] = ()
) -> str:
    """``"blk_"`` and 12 hex digits, made from what the block is and where.

    *kind* is the block's type. *taken* holds the ids given so far in the document, in reading
    order: where the digits are in it (two equal blocks at one place, or an accident), the next
    free variant is given, so that the ids of one document differ and stay the same from run to
    run. The caller adds the answer to *taken*.

    >>> first = block_id(page=1, kind="paragraph", bbox=(0.1, 0.1, 0.9, 0.2), text="Hello")
    >>> first
    'blk_0e3735e024c4'
    >>> block_id(
    ...     page=1, kind="paragraph", bbox=(0.1, 0.1, 0.9, 0.2), text="Hello", taken={first}
    ... ) == first
    False
    """
    place = ",".join(format(share + 0.0, ".5f") for share in bbox)
    # Fields are parted by a character that cannot stand in any but the last.
    subject = f"{page}\x1f{kind}\x1f{place}\x1f{text}".encode("utf-8", "surrogatepass")
    variant = 0
    while True:
        salt = variant.to_bytes(4, "big")
        found = "blk_" + hashlib.blake2b(subject, digest_size=6, salt=salt).hexdigest()
        if found not in taken:
            return found
        variant += 1
