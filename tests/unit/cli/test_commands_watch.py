"""``pagequeue jobs --watch``: it stays until everything has ended, and shows hostile names."""

from __future__ import annotations

import subprocess
import sys

import toolkit


def test_it_stays_until_all_has_ended(tmp_path):
    with toolkit.open(tmp_path / "q.db", work=False) as ws:
        ws.submit([("a\x1b[31mb.pdf", b"%PDF-1.4")], name="march")
        command = [sys.executable, "-m", "toolkit", "jobs", "--watch", "--db", str(ws.store.path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watching:
            try:
                watching.wait(1.0)
            except subprocess.TimeoutExpired:
                ws.cancel(ws.ids())
            said, _ = watching.communicate(timeout=60)
    assert watching.returncode == 0
    assert "1 of 1 job" in said
    assert "cancelled" in said
    assert "\x1b[31m" not in said
