"""PDFs written by hand for the tests of what a file tells of itself besides its text."""

from __future__ import annotations

from collections.abc import Sequence

from engine_made import objects


def page_of(
    content: bytes,
    *extra: bytes,
    page: bytes = b"",
    catalog: bytes = b"",
    resources: bytes = b"",
) -> bytes:
    """A page of 600 by 800 with Helvetica as /F1; *extra* are the objects from number 6 on.

    *page* and *catalog* are more entries of theirs.
    """
    return objects(
        b"<</Type/Catalog/Pages 2 0 R%s>>" % catalog,
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R"
        b"/Resources<</Font<</F1 5 0 R>>%s>>%s>>" % (resources, page),
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
        *extra,
    )


def written(text: str, *, x: float = 50, y: float = 700, size: float = 12) -> bytes:
    """One line of text in a content stream."""
    return b"BT /F1 %g Tf %g %g Td (%s) Tj ET\n" % (size, x, y, text.encode("cp1252"))


def marked(texts: Sequence[tuple[str, str]], *, y: float = 700, leading: float = 40) -> bytes:
    """(kind, text) below each other, each in the marked content of its number."""
    return b"".join(
        b"/%s <</MCID %d>> BDC %s EMC\n" % (kind.encode(), at, written(text, y=y - at * leading))
        for at, (kind, text) in enumerate(texts)
    )


def tagged(
    content: bytes, kids: bytes, parents: bytes, *elements: bytes, roles: bytes = b""
) -> bytes:
    """A page with a structure tree: its root is object 6, the elements follow from 8 on.

    *kids* are the root's, *parents* the element of each marked content, as references.
    """
    return page_of(
        content,
        b"<</Type/StructTreeRoot/K[%s]/ParentTree 7 0 R/RoleMap<<%s>>>>" % (kids, roles),
        b"<</Nums[0 [%s]]>>" % parents,
        *elements,
        page=b"/StructParents 0",
        catalog=b"/StructTreeRoot 6 0 R/MarkInfo<</Marked true>>",
    )


def element(kind: str, kids: bytes, *, parent: int = 6, more: bytes = b"") -> bytes:
    """An element of a structure tree on the page."""
    return b"<</Type/StructElem/S/%s/P %d 0 R/Pg 3 0 R/K[%s]%s>>" % (
        kind.encode(),
        parent,
        kids,
        more,
    )


def refs(*numbers: int) -> bytes:
    """References to objects."""
    return b" ".join(b"%d 0 R" % number for number in numbers)
