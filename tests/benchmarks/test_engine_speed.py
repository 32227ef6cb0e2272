"""Speed and memory of the engine: CPU beside peers in one run, a long file's memory, page workers.

    pip install liteparse opendataloader-pdf
    pytest -m benchmark -s tests/benchmarks/test_engine_speed.py

The pages are those of ``test_accuracy_peers`` (``PAGEQUEUE_EVAL``). Each engine is a process that
does nothing else; its start is counted. What is asserted are ratios, which a busy machine changes
little; seconds are printed. A Java program counts the processors that its collector takes.
"""

from __future__ import annotations

import importlib.util
import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pypdfium2
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
options = ParseOptions.from_mapping({"preserve_images": False, "ocr": sys.argv[2]})
for path in map(Path, sys.argv[3:]):
    document = parse(Source.from_path(path), options)
    (Path(sys.argv[1]) / f"{path.stem}.md").write_text(markdown(document, style="plain"))
"""

LITEPARSE = """
import sys
from pathlib import Path
from liteparse import LiteParse
parser = LiteParse(output_format="markdown", ocr_enabled=False, quiet=True)
for path in map(Path, sys.argv[3:]):
    (Path(sys.argv[1]) / f"{path.stem}.md").write_text(parser.parse(str(path)).text)
"""

OPENDATALOADER = """
import sys
import opendataloader_pdf
opendataloader_pdf.convert(sys.argv[3:], output_dir=sys.argv[1], format="markdown", quiet=True,
                           image_output="off")
"""

LONG = """
import hashlib, json, sys, time
import psutil
from toolkit.document.wire import encode
from toolkit.engine.options import ParseOptions
from toolkit.engine.pipeline import parse
from toolkit.engine.source import Source
source = Source.from_path(sys.argv[1])
options = ParseOptions.from_mapping({"ocr": sys.argv[2]})
curve, begun, me = {}, time.monotonic(), psutil.Process()
def report(progress):
    if progress.page % 50 == 1:
        curve.setdefault(progress.page, me.memory_info().rss // 2**20)
document = parse(source, options, report=report, processes=int(sys.argv[3]))
seconds = time.monotonic() - begun
told = json.loads(encode(document))
told["extraction"].pop("duration_ms")
used = me.cpu_times()
print(json.dumps({
    "curve": [curve[page] for page in sorted(curve)], "pages": len(document.pages),
    "seconds": seconds, "own": used.user + used.system,
    "others": used.children_user + used.children_system,
    "hash": hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest(),
}))
"""

pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(not PDFS, reason="the labelled pages are not here"),
]


def measured(script: str, *arguments: object) -> tuple[float, int]:
    """CPU seconds of a process, and the most bytes that it and its children took at once."""
    process = subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    seen, peak, used = psutil.Process(process.pid), 0, 0.0
    while process.poll() is None:
        try:
            family = [seen, *seen.children(recursive=True)]
            peak = max(peak, sum(one.memory_info().rss for one in family))
            used = max(used, sum(sum(one.cpu_times()[:4]) for one in family))
        except psutil.Error:
            pass
        time.sleep(0.02)
    assert process.returncode == 0
    return used, peak


def together(pages: int, folder: Path) -> Path:
    """The labelled pages again and again, as one file."""
    made = pypdfium2.PdfDocument.new()
    for number in range(pages):
        with pypdfium2.PdfDocument(PDFS[number % len(PDFS)]) as one:
            made.import_pages(one, [0])
    place = folder / f"pages-{pages}.pdf"
    made.save(place)
    return place


def long(place: Path, ocr: str, processes: int) -> dict:
    command = [sys.executable, "-c", LONG, str(place), ocr, str(processes)]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def test_cpu_and_memory_beside_peers(tmp_path):
    engines = {
        "pagequeue, no OCR": ("toolkit", OURS, "never"),
        "pagequeue": ("toolkit", OURS, "auto"),
        "liteparse": ("liteparse", LITEPARSE, ""),
        "opendataloader-pdf": ("opendataloader_pdf", OPENDATALOADER, ""),
    }
    print(f"\n{'engine':22} {'CPU s/page':>11} {'ratio':>7} {'peak MB':>8}")
    found: dict[str, float] = {}
    for name, (module, script, ocr) in engines.items():
        if importlib.util.find_spec(module) is None:
            print(f"{name:22} not installed")
            continue
        seconds, peak = measured(script, tmp_path, ocr, *PDFS)
        found[name] = seconds / len(PDFS)
        ratio = found[name] / found["pagequeue, no OCR"]
        print(f"{name:22} {found[name]:11.4f} {ratio:7.2f} {peak / 2**20:8.0f}")
    # Beside a converter in Java that reads no picture either.
    if "opendataloader-pdf" in found:
        assert found["pagequeue, no OCR"] < 2 * found["opendataloader-pdf"]


@pytest.mark.parametrize("ocr", ["never", "auto"])
def test_memory_over_a_thousand_pages(tmp_path, ocr):
    found = long(together(1000, tmp_path), ocr, 1)
    print(f"\nocr={ocr}: {found['own'] / found['pages']:.4f} CPU s/page; MB every 50 pages:")
    print(*found["curve"])
    # Over the second half it grows by what the document itself is, and no more.
    half = found["curve"][len(found["curve"]) // 2]
    assert found["pages"] == 1000
    assert found["curve"][-1] < half + 100


@pytest.mark.parametrize("made", ["born digital", "scanned"])
def test_pages_side_by_side(tmp_path, made):
    if made == "scanned":
        place, ocr = scanned(20, tmp_path), "auto"
    else:
        place, ocr = together(300, tmp_path), "never"
    alone, two = long(place, ocr, 1), long(place, ocr, 2)
    path = max(two["own"], two["others"])
    print(
        f"\n{made}: one process {alone['seconds']:.1f} s ({alone['own']:.1f} CPU s), two "
        f"{two['seconds']:.1f} s ({two['own']:.1f} + {two['others']:.1f} CPU s): "
        f"{alone['seconds'] / two['seconds']:.2f} times as fast by the clock here, "
        f"{alone['own'] / path:.2f} times by the longer of the two"
    )
    assert two["hash"] == alone["hash"]
    assert two["own"] + two["others"] < 1.4 * alone["own"]


def scanned(pages: int, folder: Path) -> Path:
    """Some of the labelled pages as pictures at 150 dpi, without a text layer."""
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    place = folder / "scan.pdf"
    canvas = Canvas(str(place))
    for path in PDFS[:pages]:
        with pypdfium2.PdfDocument(path) as one:
            size = one[0].get_size()
            picture = one[0].render(scale=150 / 72).to_pil().convert("RGB")
        held = io.BytesIO()
        picture.save(held, "JPEG", quality=85)
        held.seek(0)
        canvas.setPageSize(size)
        canvas.drawImage(ImageReader(held), 0, 0, *size)
        canvas.showPage()
    canvas.save()
    return place
