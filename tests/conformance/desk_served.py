"""A real server in a thread of the test, and clients of owners that nobody else has."""

from __future__ import annotations

import logging
import threading
import time
from itertools import count
from pathlib import Path

import uvicorn

import toolkit
from toolkit.server.app import create_app
from toolkit.settings import Settings
from toolkit.store import keys
from toolkit.store.store import Store

_NUMBERS = count(1)


class Served:
    """The application over a file of its own, on a free port of this machine."""

    def __init__(self, path: Path, *, work: bool, anonymous: bool = False, port: int = 0) -> None:
        self.store = Store.open(path)
        app = create_app(
            self.store,
            settings=Settings.read(),
            work=work,
            anonymous=anonymous,
            log=_Silent("desk served"),
        )
        config = uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, ws="none")
        self._server = uvicorn.Server(config)
        self._ending = app.state.end_waits
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        for _ in range(500):
            if self._server.started:
                break
            time.sleep(0.02)
        (listening, *_) = self._server.servers[0].sockets
        self.port = listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def key(self, owner: str | None = None, **how) -> str:
        """A key of *owner*, or of a new one."""
        owner = owner or f"owner {next(_NUMBERS)}"
        with self.store.write() as conn:
            how = {"scopes": keys.SCOPES, **how}
            return keys.create(conn, owner=owner, now=time.time(), **how).secret

    def connect(self, owner: str | None = None, **how) -> toolkit.Client:
        return toolkit.connect(self.url, key=self.key(owner, **how))

    def stop(self) -> None:
        self._ending()
        self._server.should_exit = True
        self._thread.join(20)
        self.store.close()


class _Silent:
    """A log that keeps nothing."""

    def __init__(self, name: str) -> None:
        self._log = logging.getLogger(name)

    def __getattr__(self, name: str):
        return lambda *_, **__: None
