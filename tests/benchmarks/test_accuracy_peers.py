"""Accuracy on labelled pages, ours beside the peers that are installed, in one run.

    pip install pdf-inspector opendataloader-pdf
    pytest -m benchmark -s tests/benchmarks/test_accuracy_peers.py

The pages and the scorer are a folder of their own (``PAGEQUEUE_EVAL``, by default the folder
``shared/eval`` beside the checkout): PDFs of one page under ``dpbench/pdfs``, their Markdown by
hand under ``dpbench/markdown``, and ``score.py``. Each engine writes Markdown as plainly as it can
be asked to. CPU seconds are those of a process that does nothing else and of all that it starts,
its own start included; the last columns say them as a multiple of a peer's. Memory is that of the
largest process, which of opendataloader-pdf is a Java machine.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import fmean
from types import ModuleType
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
EVAL = Path(os.environ.get("PAGEQUEUE_EVAL", ROOT.parent / "shared" / "eval"))
PDFS = sorted((EVAL / "dpbench" / "pdfs").glob("*.pdf")) if EVAL.is_dir() else []

OURS = """
import sys
from pathlib import Path
from toolkit.document.markdown import markdown
from toolkit.engine.options import ParseOptions
from toolkit.engine.pipeline import parse
from toolkit.engine.source import Source
for path in map(Path, sys.argv[2:]):
    options = ParseOptions.from_mapping({"preserve_images": False, "ocr": "WITH"})
    document = parse(Source.from_path(path), options)
    (Path(sys.argv[1]) / f"{path.stem}.md").write_text(markdown(document, style="plain"))
"""

LITEPARSE = """
import sys
from pathlib import Path
from liteparse import LiteParse
parser = LiteParse(output_format="markdown", ocr_enabled=False, extract_links=False,
                   keep_headers_footers=True, quiet=True)
for path in map(Path, sys.argv[2:]):
    (Path(sys.argv[1]) / f"{path.stem}.md").write_text(parser.parse(str(path)).text)
"""

PDF_INSPECTOR = """
import sys
from pathlib import Path
import pdf_inspector
for path in map(Path, sys.argv[2:]):
    text = pdf_inspector.process_pdf(str(path)).markdown or ""
    (Path(sys.argv[1]) / f"{path.stem}.md").write_text(text)
"""

OPENDATALOADER = """
import sys
import opendataloader_pdf
opendataloader_pdf.convert(sys.argv[2:], output_dir=sys.argv[1], format="markdown", quiet=True,
                           include_header_footer=True, table_method="cluster", image_output="off")
"""

ENGINES = {
    "pagequeue": ("toolkit", OURS.replace("WITH", "auto")),
    "pagequeue, no OCR": ("toolkit", OURS.replace("WITH", "never")),
    "liteparse": ("liteparse", LITEPARSE),
    "pdf-inspector": ("pdf_inspector", PDF_INSPECTOR),
    "opendataloader-pdf": ("opendataloader_pdf", OPENDATALOADER),
}
KINDS = ("overall", "nid", "teds", "mhs")


class Result(NamedTuple):
    means: dict[str, float]
    seconds: float
    memory: int


def scorer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("score", EVAL / "score.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["score"] = module
    spec.loader.exec_module(module)
    return module


# Linux remembers of a process's children the largest alone, for as long as it lives: so each engine
# is measured by a process of its own, which prints what its child used.
MEASURING = """
import resource, subprocess, sys
subprocess.run([sys.executable, "-c", *sys.argv[1:]], check=True, stdout=subprocess.DEVNULL,
               stderr=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)
"""


def measured(script: str, out: Path) -> tuple[float, int]:
    """CPU seconds of *script* over all pages, and the bytes of its largest process."""
    command = [sys.executable, "-c", MEASURING, script, out, *PDFS]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(said[0]), int(said[1])


def result(script: str) -> Result:
    score = scorer()
    with tempfile.TemporaryDirectory() as folder:
        seconds, memory = measured(script, Path(folder))
        pages = []
        for path in PDFS:
            guess = Path(folder, f"{path.stem}.md")
            truth = (EVAL / "dpbench" / "markdown" / f"{path.stem}.md").read_text("utf-8")
            pages.append(score.score(truth, guess.read_text("utf-8") if guess.exists() else ""))
    means = {kind: fmean(page[kind] for page in pages if kind in page) for kind in KINDS}
    return Result(means, seconds / len(PDFS), memory)


@pytest.mark.benchmark
@pytest.mark.timeout(1800)
@pytest.mark.skipif(not PDFS, reason="the labelled pages are not here")
def test_accuracy_beside_peers():
    results: dict[str, Result] = {}
    for name, (module, script) in ENGINES.items():
        if importlib.util.find_spec(module) is None:
            print(f"{name:20} not installed")
            continue
        results[name] = result(script)
    peers = [name for name in ("liteparse", "opendataloader-pdf") if name in results]
    columns = (*KINDS, "CPU s/page", "peak MB", *(f"x {name}" for name in peers))
    print(f"\n{'engine':20} " + " ".join(f"{column:>11.20}" for column in columns))
    for name, (means, seconds, memory) in results.items():
        ratios = [f"{seconds / results[peer].seconds:.2f}" for peer in peers]
        shown = [*(f"{means[kind]:.4f}" for kind in KINDS), f"{seconds:.3f}", f"{memory / 1e6:.0f}"]
        cells = zip(columns, (*shown, *ratios), strict=True)
        print(f"{name:20} " + " ".join(f"{cell:>{max(11, len(c))}}" for c, cell in cells))
    overall = {name: found.means["overall"] for name, found in results.items()}
    assert overall["pagequeue"] == max(overall.values())
