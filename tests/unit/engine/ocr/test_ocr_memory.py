"""What a page took is given back after it."""

from __future__ import annotations

import subprocess
import sys

import pytest
from PIL import Image

from toolkit.engine import ocr
from toolkit.engine.ocr import recognising
from toolkit.errors import PageTimeout

HOLES = """
from pathlib import Path
from toolkit.engine.ocr.memory import give_back
def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
kept = [bytearray(60_000) for _ in range(4000)]
kept = kept[::40]
before = resident()
give_back()
print(before - resident())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc alone keeps them")
def test_holes_between_what_is_still_in_use_are_given_back():
    done = subprocess.run(
        [sys.executable, "-c", HOLES], capture_output=True, timeout=60, check=True
    )
    assert int(done.stdout) > 100_000_000


@pytest.mark.skipif(not ocr.available(), reason="the extra ocr is not installed")
def test_it_is_given_back_after_every_page_however_it_ends(monkeypatch):
    given = []
    monkeypatch.setattr(recognising, "give_back", lambda: given.append(None))
    page = Image.new("RGB", (300, 200), "white")
    ocr.recognise(page)

    def check():
        raise PageTimeout("slow")

    with pytest.raises(PageTimeout):
        ocr.recognise(page, check=check)
    assert len(given) == 2
