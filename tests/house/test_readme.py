"""What the README promises runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from toolkit import samples

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")


def test_it_names_the_two_commands():
    for name in ("run", "test"):
        assert re.search(rf"<!-- command: {name} -->\n```sh\n.+\n```", README)


def test_its_first_lesson_runs(tmp_path):
    [code] = re.findall(r"<!-- runs -->\n```python\n(.+?)```", README, re.DOTALL)
    samples.write(tmp_path / "demo" / "documents")
    # Unguarded, as a new user would save it.
    script = tmp_path / "lesson.py"
    script.write_text(code + "\nprint(len(blocks), len(tables), document)\n", "utf-8")
    done = subprocess.run(
        [sys.executable, script], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    blocks, tables, *_ = done.stdout.split()
    assert int(blocks) > int(tables) > 0
    assert (tmp_path / "out" / "blocks.parquet").stat().st_size > 0


def test_its_pictures_are_there():
    for picture in re.findall(r"!\[.+?\]\((?!https://mybinder\.org/)(.+?)\)", README):
        assert (ROOT / picture).is_file(), picture
