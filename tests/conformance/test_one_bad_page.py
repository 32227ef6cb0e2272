"""A page that takes all time, all memory, or its process with it costs that page alone."""

from __future__ import annotations

import os
import signal
import sys
import zlib
from contextlib import suppress

import hostile_made as hostile
import psutil
import pytest

from toolkit.document.text import text_of
from toolkit.document.wire import decode
from toolkit.runner import direct
from toolkit.tools.parse import PARSE

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="children are watched as on Linux")


def three_pages(second: bytes, resources: bytes, more: dict[int, bytes]) -> bytes:
    """The first and the last say their number; the middle one paints *second*."""
    font = b"/Font<</F 9 0 R>>"
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources<<%s>>/Contents %d 0 R>>"
    said = [hostile.stream(b"BT /F 20 Tf 72 700 Td (page %d is here) Tj ET" % n) for n in (1, 3)]
    return hostile.pdf(
        {
            1: b"<</Type/Catalog/Pages 2 0 R>>",
            2: b"<</Type/Pages/Kids[6 0 R 7 0 R 8 0 R]/Count 3>>",
            3: said[0],
            4: second,
            5: said[1],
            6: page % (font, 3),
            7: page % (resources, 4),
            8: page % (font, 5),
            9: b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
            **more,
        }
    )


def without_end() -> bytes:
    """Drawings in drawings, ten to the ninth of them."""
    said = b"/Type/XObject/Subtype/Form/BBox[0 0 612 792]/Resources<</XObject<</F %d 0 R>>>>"
    more = {10 + n: hostile.stream(b"/F Do " * 10, said % (11 + n)) for n in range(9)}
    more[19] = hostile.stream(b"0 0 9 9 re f", b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]")
    return three_pages(hostile.stream(b"/F Do"), b"/XObject<</F 10 0 R>>", more)


def swollen(megabytes: int) -> bytes:
    packed = zlib.compress(zlib.compress(b" " * (megabytes * 2**20), 9), 9)
    return three_pages(hostile.stream(packed, b"/Filter[/FlateDecode/FlateDecode]"), b"", {})


def outcome(content: bytes, report=None, **limits):
    document = decode(
        direct.run(PARSE, content, options={"ocr": "never"}, limits=limits, report=report).content
    )
    failures = [(one.page, one.code) for one in document.extraction.per_page_failures]
    return failures, {
        page.page: [text_of(block) for block in page.blocks] for page in document.pages
    }


OTHERS = {1: ["page 1 is here"], 3: ["page 3 is here"]}


def test_a_page_over_its_time(monkeypatch):
    failures, pages = outcome(without_end(), page_seconds=2.0, memory=8 * 2**30)
    assert failures == [(2, "PAGE_TIMEOUT")]
    assert pages == OTHERS


def test_a_page_over_its_memory():
    failures, pages = outcome(swollen(600), page_seconds=60.0, memory=500 * 2**20)
    assert failures == [(2, "MEMORY_EXCEEDED")]
    assert pages == OTHERS


def test_a_page_that_ends_its_process():
    killed = []

    def kill(progress):
        if progress.page == 2:
            # Servers that other tests share are children of this process, too.
            forkservers = [
                child
                for child in psutil.Process().children()
                if any("forkserver" in part for part in child.cmdline())
            ]
            alive = {child.pid for server in forkservers for child in server.children()}
            if alive - set().union(*killed):
                killed.append(alive)
            for pid in alive:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    failures, pages = outcome(without_end(), kill, page_seconds=60.0, memory=8 * 2**30)
    assert failures == [(2, "CHILD_CRASHED")]
    assert pages == OTHERS
    # Each of its attempts begins on it, until the last one leaves it out.
    assert len(killed) == 3
