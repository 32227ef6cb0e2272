"""A face hands names on and does nothing."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FACES = sorted((ROOT / "toolkit").rglob("__init__.py"))
MODULES = [p for p in sorted((ROOT / "toolkit").rglob("*.py")) if p.name != "__main__.py"]


def place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def rank(name: str) -> tuple[int, str]:
    """Constants first, then classes, then the rest: the order that ruff keeps."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("path", FACES, ids=place)
def test_a_face_has_a_docstring_and_a_sorted_all(path):
    tree = ast.parse(path.read_text("utf-8"))
    assert ast.get_docstring(tree), "a face says what lives in its room"
    face = importlib.import_module(module_name(path))
    offered = list(getattr(face, "__all__", []))
    assert offered == sorted(offered, key=rank)
    for name in offered:
        assert getattr(face, name) is not None


@pytest.mark.parametrize("path", [p for p in FACES if p.parent.name != "toolkit"], ids=place)
def test_a_face_only_imports(path):
    body = ast.parse(path.read_text("utf-8")).body[1:]
    allowed = (ast.Import, ast.ImportFrom, ast.Assign)
    assert all(isinstance(node, allowed) for node in body)


@pytest.mark.parametrize("path", MODULES, ids=place)
def test_every_module_says_what_it_is(path):
    assert ast.get_docstring(ast.parse(path.read_text("utf-8")))


def test_import_has_no_side_effects_and_is_light():
    """``import toolkit`` starts nothing and loads no heavy library."""
    code = (
        "import sys, threading, toolkit\n"
        "heavy = {'pandas', 'ipywidgets', 'pdf_oxide', 'liteparse', 'pypdfium2', 'pyarrow'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "assert threading.active_count() == 1\n"
        "assert 'open' in dir(toolkit) and 'parse' in dir(toolkit)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
