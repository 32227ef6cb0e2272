"""What Binder makes of this repository: the Dockerfile that it would build, without building it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BINDER = ROOT / "binder"


@pytest.fixture(scope="module")
def dockerfile() -> str:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "repo2docker", "--no-build", "--debug", str(ROOT)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout + done.stderr


def test_the_image_installs_this_checkout_with_every_extra(dockerfile):
    lines = (BINDER / "requirements.txt").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")] == [".[all]"]
    assert 'pip install --no-cache-dir -r "binder/requirements.txt"' in dockerfile
    # The whole checkout must be there before it: the line above names the root.
    assert dockerfile.index("COPY --chown=0:0 src/ ${REPO_DIR}/") < dockerfile.index(
        'pip install --no-cache-dir -r "binder/requirements.txt"'
    )


def test_the_image_has_a_python_that_the_package_takes(dockerfile):
    version = (BINDER / "runtime.txt").read_text().strip().removeprefix("python-")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == f">={version}"
    assert f"Building conda environment for python={version}\n" in dockerfile


def test_the_build_warms_up_and_a_visit_is_bounded(dockerfile):
    assert "RUN ./binder/postBuild" in dockerfile
    assert 'R2D_ENTRYPOINT="${REPO_DIR}/binder/start"' in dockerfile
    for script in ("postBuild", "start"):
        assert os.access(BINDER / script, os.X_OK)
        assert subprocess.run(["bash", "-n", BINDER / script]).returncode == 0
    assert "jupyter trust" in (BINDER / "postBuild").read_text()
    assert (BINDER / "start").read_text().rstrip().endswith('exec "$@"')


def test_what_a_visitor_runs_reaches_the_command(tmp_path):
    command = [BINDER / "start", "sh", "-c", "echo $PAGEQUEUE_SLOTS"]
    assert subprocess.run(command, capture_output=True, text=True).stdout == "1\n"


def test_the_badge_opens_a_notebook_that_exists():
    readme = (ROOT / "README.md").read_text()
    opened = re.findall(r"mybinder\.org/v2/gh/[^)\s]+urlpath=lab/tree/([^)\s]+)", readme)
    assert opened
    assert all((ROOT / path).is_file() for path in opened)
