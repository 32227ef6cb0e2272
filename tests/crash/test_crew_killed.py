"""A child that reads a long file with others is killed: they go with it, and nothing is lost."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading

import psutil
import pytest
from patience import eventually
from reportlab.pdfgen.canvas import Canvas

from toolkit.document.wire import decode
from toolkit.runner import direct
from toolkit.tools.parse import PARSE

pytestmark = [
    pytest.mark.crash,
    pytest.mark.skipif(sys.platform != "linux", reason="the forkserver is Linux's"),
]


def book(pages: int) -> bytes:
    held = io.BytesIO()
    canvas = Canvas(held, pagesize=(595, 842))
    for number in range(1, pages + 1):
        for line in range(56):
            canvas.drawString(60, 780 - 13 * line, f"Line {line} of page {number}: nothing new.")
        canvas.showPage()
    canvas.save()
    return held.getvalue()


def crew() -> list[psutil.Process]:
    """The processes that read beside a child of ours."""
    found = []
    for one in psutil.Process().children(recursive=True):
        try:
            if any("toolkit.engine.crew" in word for word in one.cmdline()):
                found.append(one)
        except psutil.Error:
            continue
    return found


@pytest.mark.timeout(240)
def test_they_go_with_the_child_that_called_them(monkeypatch):
    monkeypatch.setenv("PAGEQUEUE_SLOTS", "2")
    direct.close()
    answers = []
    content = book(400)
    work = threading.Thread(
        target=lambda: answers.append(direct.run(PARSE, content, options={"ocr": "never"}))
    )
    try:
        work.start()
        eventually(crew, "another process is called", seconds=60)
        (first, *_) = crew()
        os.kill(first.ppid(), signal.SIGKILL)
        eventually(lambda: not first.is_running(), "it went with its child", seconds=20)
        work.join()
    finally:
        direct.close()
    document = decode(answers[0].content)
    assert len(document.pages) == 400
    assert not document.extraction.per_page_failures
    assert not crew()
