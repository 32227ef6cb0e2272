"""Trees of a PDF that hold themselves, or branch beyond any use, found before a reader walks them.

Readers follow /Kids as they are written: a tree that holds itself ends their stack, and one whose
branches meet again and again takes them longer than anybody waits.
"""

from __future__ import annotations

import re
import zlib
from bisect import bisect
from collections.abc import Iterator

__all__ = ["knotted", "loops", "tangled"]

# A list of kids, and a reference to one: of pages and fields, and of a structure tree.
_KIDS = re.compile(rb"/Kids\s*\[([^\]]*)\]"), re.compile(rb"/Kids\s+(\d{1,10})\s+\d{1,10}\s+R")
_PARTS = re.compile(rb"/K\s*\[([^\]]*)\]"), re.compile(rb"/K\s+(\d{1,10})\s+\d{1,10}\s+R")
_OBJECT = re.compile(rb"(?<!\d)(\d{1,10})\s+\d{1,10}\s+obj")
_LISTED = re.compile(rb"(?<!\d)(\d{1,10})\s+\d{1,10}\s+obj\s*\[([^\]]*)\]")
_REFERENCE = re.compile(rb"(?<!\d)(\d{1,10})\s+\d{1,10}\s+R")
_PACKED = re.compile(rb"/ObjStm\b")
_STREAM = re.compile(rb"stream[\r\n]*")
_FIRST = re.compile(rb"/First\s+(\d{1,10})")
_COUNT = re.compile(rb"/N\s+(\d{1,10})")
# Bytes of one packed stream, of all of them, and of what stands before one.
_LARGEST, _ALL, _HEAD = 2**23, 2**26, 4096
# The largest forms have some ten thousand fields.
_MOST_PATHS = 200_000
# A book of 1,000 pages has some hundred thousand elements.
_MOST_ENTRIES = 5_000_000
# Ways are not counted beyond: their number may have as many figures as the tree is deep.
_COUNTED = 10**9

Kids = dict[int, list[int]]
_Named = tuple[re.Pattern[bytes], re.Pattern[bytes]]


def loops(content: bytes) -> bool:
    """Whether a page tree that is written plainly holds itself."""
    return _paths(_written(content, _KIDS)) is None


def knotted(content: bytes) -> bool:
    """Whether following a structure tree that is written plainly takes beyond all use.

    One that holds itself does no harm: its readers look out for that.
    """
    if b"/StructTreeRoot" not in content:
        return False
    paths = _paths(_written(content, _PARTS))
    return paths is not None and paths > _MOST_ENTRIES


def tangled(content: bytes) -> bool:
    """Whether following the trees of *content* may not end, packed objects included.

    Of packed objects that are encrypted nothing is known.
    """
    kids = _written(content, _KIDS)
    for text in _unpacked(content):
        kids |= text
    paths = _paths(kids)
    return paths is None or paths > _MOST_PATHS


def _references(text: bytes) -> list[int]:
    return [int(kid) for kid in _REFERENCE.findall(text)]


def _lists(pattern: re.Pattern[bytes], content: bytes) -> Iterator[re.Match[bytes]]:
    """Where *pattern*, which ends in a bracket, matches. Where none follows, each that begins would
    be looked for until the end."""
    return pattern.finditer(content, 0, content.rfind(b"]") + 1)


def _written(content: bytes, named: _Named) -> Kids:
    """The kids of each object by number, as far as they are written plainly."""
    listed_here, listed_elsewhere = named
    found = [(match.start(), _references(match[1])) for match in _lists(listed_here, content)]
    elsewhere = [(match.start(), [int(match[1])]) for match in listed_elsewhere.finditer(content)]
    kids: Kids = {}
    if elsewhere:
        kids |= {int(match[1]): _references(match[2]) for match in _lists(_LISTED, content)}
    if not (found or elsewhere):
        return kids
    heads = [(match.start(), int(match[1])) for match in _OBJECT.finditer(content)]
    for at, own in (*found, *elsewhere):
        before = bisect(heads, (at, 0)) - 1
        if before >= 0:
            kids[heads[before][1]] = own
    return kids


def _unpacked(content: bytes) -> Iterator[Kids]:
    """The same of the objects in each packed stream."""
    left, end = _ALL, 0
    for match in _PACKED.finditer(content):
        begun = _STREAM.search(content, match.end(), match.end() + 500)
        if begun is None or match.start() < end:
            continue
        end = content.find(b"endstream", begun.end(), begun.end() + _LARGEST)
        if end < 0 or left <= 0:
            return
        before = max(0, match.start() - _HEAD)
        head = content[max(before, content.rfind(b"obj", before, match.start())) : begun.start()]
        first, count = _FIRST.search(head), _COUNT.search(head)
        if not (first and count):
            continue
        try:
            text = zlib.decompressobj().decompress(content[begun.end() : end], _LARGEST)
        except zlib.error:
            continue
        left -= len(text)
        yield _of_packed(text, int(first[1]), int(count[1]))


def _of_packed(text: bytes, first: int, count: int) -> Kids:
    parts = text[:first].split()[: 2 * count]
    table = [int(part) for part in parts if part.isdigit() and len(part) <= 10]
    numbers, offsets = table[::2], table[1::2]
    ends = [*offsets[1:], len(text) - first]
    kids: Kids = {}
    # Each stands once: where places overlap, all of it would be looked through for each.
    left = 2 * len(text)
    for number, start, end in zip(numbers, offsets, ends, strict=False):
        body = text[first + start : first + end] if left > 0 else b""
        left -= len(body)
        if match := next(_lists(_KIDS[0], body), None):
            kids[number] = _references(match[1])
        elif match := _KIDS[1].search(body):
            kids[number] = [int(match[1])]
        elif body.lstrip().startswith(b"["):
            kids.setdefault(number, _references(body))
    return kids


def _paths(kids: Kids) -> int | None:
    """How many ways lead from a node of *kids* down to a leaf, at most; None where one ends never.

    >>> _paths({1: [2, 3], 2: [4], 3: [4]}), _paths({1: [2], 2: [1]})
    (2, None)
    """
    ways: dict[int, int] = {}
    for start in kids:
        stack, path = [(start, 0)], set[int]()
        while stack:
            node, stage = stack.pop()
            if stage == 1:
                path.discard(node)
                every = sum(ways.get(kid, 1) for kid in kids[node])
                ways[node] = min(max(1, every), _COUNTED)
            elif node in path:
                return None
            elif node not in ways and node in kids:
                path.add(node)
                stack.append((node, 1))
                stack += [(kid, 0) for kid in kids[node]]
    return max(ways.values(), default=0)
