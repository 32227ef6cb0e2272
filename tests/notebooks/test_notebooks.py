"""Every notebook runs from top to bottom, and its answers are those that are saved in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
# Every output is compared, not only those of the cells that are marked for it.
STRICT = {"03_tables_in_pandas.ipynb"}


def name(path: Path) -> str:
    return path.name


def read(path: Path):
    return nbformat.read(path, as_version=4)


def test_there_are_notebooks():
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_a_notebook_runs(path, tmp_path):
    command = [sys.executable, "-m", "pytest", "--nbval-current-env"]
    command += ["--nbval" if path.name in STRICT else "--nbval-lax"]
    command += ["--nbval-cell-timeout=180", "--nbval-sanitize-with"]
    command += [str(Path(__file__).with_name("sanitize.cfg")), "-p", "no:cacheprovider"]
    environ = os.environ | {"PYDEVD_DISABLE_FILE_VALIDATION": "1", "PAGEQUEUE_LINGER": "0"}
    # Some older parts of Jupyter warn of themselves; what this repository does wrong still fails.
    command += ["-W", "ignore", str(path)]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    cells = [cell for cell in read(path).cells if cell.cell_type == "code"]
    assert f"{len(cells)} passed" in done.stdout


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_a_notebook_was_saved_with_its_outputs(path):
    book = read(path)
    cells = [cell for cell in book.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    kinds = {output.output_type for cell in cells for output in cell.outputs}
    assert "error" not in kinds
    assert any("nbval-check-output" in cell.metadata.get("tags", []) for cell in cells)
    assert {notebook.name for notebook in NOTEBOOKS} >= STRICT


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_its_widgets_read_well_without_a_kernel(path):
    """The widgets' state is in the file, and beside each a picture that needs neither."""
    book = read(path)
    outputs = [o for c in book.cells if c.cell_type == "code" for o in c.outputs if "data" in o]
    live = "application/vnd.jupyter.widget-view+json"
    shown = [output.data["text/plain"] for output in outputs if live in output.data]
    if not shown:
        pytest.skip("no widget in this notebook")
    texts = [output.data.get("text/html", "") for output in outputs]
    pictures = [text for text in texts if "twin-pq" in text]
    boards = [text for text in shown if text.startswith("<Board")]
    inspectors = [text for text in shown if text.startswith("<Inspector")]
    assert len([text for text in pictures if "finished" in text]) == len(boards)
    assert len([text for text in pictures if "a box around each block" in text]) == len(inspectors)
    states = book.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"]
    ids = {o.data[live]["model_id"] for o in outputs if live in o.data}
    assert ids <= states.keys()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_a_notebook_says_nothing_of_the_machine_it_was_made_on(path):
    text = json.dumps(json.loads(path.read_text("utf-8")))
    assert str(ROOT) not in text
    assert str(Path.home()) + "/" not in text
