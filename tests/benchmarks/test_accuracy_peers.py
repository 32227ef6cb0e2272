"""Accuracy on labelled pages, ours beside the peers that are installed, in one run.

    pip install pdf-inspector opendataloader-pdf
    pytest -m benchmark -s tests/benchmarks/test_accuracy_peers.py

The pages and the scorer are a folder of their own (``PAGEQUEUE_EVAL``, by default the folder
``shared/eval`` beside the checkout): PDFs of one page under ``dpbench/pdfs``, their Markdown by
hand under ``dpbench/markdown``, and ``score.py``. Each engine writes Markdown as plainly as it can
be asked to. CPU seconds are those of a process that does nothing else.
"""

from __future__ import annotations

import importlib.util
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import fmean
from types import ModuleType

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
    document = parse(Source.from_path(path), ParseOptions.from_mapping({"preserve_images": False}))
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
    "pagequeue": ("toolkit", OURS),
    "liteparse": ("liteparse", LITEPARSE),
    "pdf-inspector": ("pdf_inspector", PDF_INSPECTOR),
    "opendataloader-pdf": ("opendataloader_pdf", OPENDATALOADER),
}


def scorer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("score", EVAL / "score.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["score"] = module
    spec.loader.exec_module(module)
    return module


def measured(script: str, out: Path) -> float:
    """CPU seconds of *script* over all pages, its own start included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", script, out, *PDFS], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


@pytest.mark.benchmark
@pytest.mark.timeout(900)
@pytest.mark.skipif(not PDFS, reason="the labelled pages are not here")
def test_accuracy_beside_peers():
    score = scorer()
    print(f"\n{'engine':20} {'overall':>8} {'nid':>7} {'teds':>7} {'mhs':>7} {'CPU s/page':>11}")
    overall = {}
    for name, (module, script) in ENGINES.items():
        if importlib.util.find_spec(module) is None:
            print(f"{name:20} not installed")
            continue
        with tempfile.TemporaryDirectory() as folder:
            seconds = measured(script, Path(folder)) / len(PDFS)
            pages = []
            for path in PDFS:
                guess = Path(folder, f"{path.stem}.md")
                truth = (EVAL / "dpbench" / "markdown" / f"{path.stem}.md").read_text("utf-8")
                pages.append(score.score(truth, guess.read_text("utf-8") if guess.exists() else ""))
        mean = {
            kind: fmean(page[kind] for page in pages if kind in page)
            for kind in ("overall", "nid", "teds", "mhs")
        }
        overall[name] = mean["overall"]
        print(f"{name:20} {mean['overall']:8.4f} {mean['nid']:7.4f} {mean['teds']:7.4f}", end=" ")
        print(f"{mean['mhs']:7.4f} {seconds:11.3f}")
    assert overall["pagequeue"] == max(overall.values())
