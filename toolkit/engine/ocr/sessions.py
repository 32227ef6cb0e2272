"""The engine that runs the models: onnxruntime.

It was measured beside openvino on 60 pages: 1.4 against 1.1 CPU seconds a page, and 400 against
640 MB when settled. It computes in single precision everywhere, so that a page reads the same on
every processor; openvino takes bfloat16 where there is some.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from toolkit.engine.ocr.failures import translated
from toolkit.engine.ocr.memory import keep_large_blocks_apart
from toolkit.engine.ocr.presence import models_folder

__all__ = ["Pixels", "Session", "session"]

Pixels: TypeAlias = NDArray[np.float32]

THREADS: Final = 1
"""The runner already gives every processor a child of its own."""


class Session:
    """A loaded model: an array goes in, an array comes out."""

    def __init__(self, path: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = THREADS
        # The arena keeps the largest page's memory for good.
        options.enable_cpu_mem_arena = False
        with translated("loading a model"):
            providers = ["CPUExecutionProvider"]
            self._loaded = onnxruntime.InferenceSession(path, options, providers=providers)
        self._name = self._loaded.get_inputs()[0].name

    def __call__(self, pixels: Pixels) -> Pixels:
        """What the model makes of *pixels*. Raises OcrError, MemoryExceeded."""
        with translated("a model"):
            return np.asarray(self._loaded.run(None, {self._name: pixels})[0], np.float32)


@cache
def session(name: str) -> Session:
    """The model in the file *name* of the models' folder, loaded once a process.

    At the first use and so after a fork: the runner's forkserver loads none. Raises MissingExtra,
    OcrError, MemoryExceeded.
    """
    keep_large_blocks_apart()
    return Session(models_folder() / name)
