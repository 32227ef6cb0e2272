"""The tile in JupyterLab's launcher: the HTTP API of this folder's queue, behind its log-in.

jupyter-server-proxy starts the server when the tile is first used. It listens on a unix socket
in a folder of its own, so that only Jupyter reaches it, and Jupyter lets in who has logged in.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

__all__ = ["setup"]

NAME: Final = "pagequeue"
"""What the entry point is called: the last part of the path that Jupyter serves it at."""

START_SECONDS: Final = 60.0
"""A small machine that reads everything from disk for the first time takes a while."""


def setup() -> dict[str, Any]:
    """What jupyter-server-proxy is to start and to show."""
    return {
        "command": [
            *(_literal(sys.executable), "-m", "toolkit", "serve", f"{NAME}.db"),
            # It fills these in: where to listen, and Jupyter's own path.
            *("--anonymous", "--uds", "{unix_socket}", "--root-path", "{base_url}" + NAME),
        ],
        "unix_socket": True,
        "timeout": START_SECONDS,
        "new_browser_tab": True,
        "launcher_entry": {
            "title": "Queue over HTTP",
            "icon_path": str(Path(__file__).with_name("icon.svg")),
            "path_info": f"{NAME}/docs",
            # JupyterLab draws icons of its kernels' groups alone.
            "category": "Notebook",
        },
    }


def _literal(text: str) -> str:
    """*text* so that braces in it are not taken for places to be filled in."""
    return text.replace("{", "{{").replace("}", "}}")
