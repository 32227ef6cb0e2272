"""What a page took is given back after it."""

from __future__ import annotations

import subprocess
import sys

import pytest
from PIL import Image

from toolkit.engine import ocr
from toolkit.engine.ocr import recognising, sessions
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


APART = """
import ctypes
from pathlib import Path
from toolkit.engine.ocr.memory import LARGE, keep_large_blocks_apart
def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
assert keep_large_blocks_apart()
library = ctypes.CDLL(None)
library.malloc.restype = ctypes.c_void_p
library.malloc.argtypes = [ctypes.c_size_t]
library.free.argtypes = [ctypes.c_void_p]
before = resident()
for _ in range(20):
    block = library.malloc(2 * LARGE)
    ctypes.memset(block, 1, 2 * LARGE)
    # What is asked for afterwards lies behind it in a heap, and would keep its hole.
    library.malloc(1000)
    library.free(block)
print(resident() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc alone is told")
def test_a_large_block_is_given_back_when_it_is_freed():
    done = subprocess.run(
        [sys.executable, "-c", APART], capture_output=True, timeout=60, check=True
    )
    assert int(done.stdout) < 8_000_000


@pytest.mark.skipif(not ocr.available(), reason="the extra ocr is not installed")
def test_large_blocks_are_kept_apart_before_a_model_is_loaded(monkeypatch):
    done = []
    monkeypatch.setattr(sessions, "keep_large_blocks_apart", lambda: done.append("apart"))
    monkeypatch.setattr(sessions, "Session", lambda path: done.append(path.name))
    sessions.session.__wrapped__("a/model.onnx")
    assert done == ["apart", "model.onnx"]
