"""Wake-ups: a datagram to the runners of this machine after a commit, and a net below it.

A datagram gets through in half a millisecond and costs an idle listener nothing. Where one is
lost, or the change came from another machine, ``PRAGMA data_version`` shows it within a second.
"""

from __future__ import annotations

import hmac
import os
import selectors
import socket
import sqlite3
import time
from typing import Self

from toolkit.store.connection import connect
from toolkit.store.runners import this_host
from toolkit.store.store import Store

__all__ = ["Listener", "ring"]

NET_SECONDS = 1.0
"""How often a listener looks for changes that no datagram told of."""

_LOOPBACK = "127.0.0.1"


def ring(store: Store) -> None:
    """Wake the runners of this machine; call it after the commit."""
    conn = store.read()
    ports = conn.execute("SELECT port FROM runners WHERE host = ?", [this_host()]).fetchall()
    if not ports:
        return
    secret = _secret(conn)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        for (port,) in ports:
            _send(sender, secret, port)


class Listener:
    """Waits for changes of a store. Its ``port`` goes into the runner's row.

    One thread waits; any other may call ``wake``.
    """

    def __init__(self, store: Store) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((_LOOPBACK, 0))
        self._socket.setblocking(False)
        self.port: int = self._socket.getsockname()[1]
        # Not select(): it fails in a process with more than 1,024 open files.
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._socket, selectors.EVENT_READ)
        self._secret = _secret(store.read())
        # data_version tells of the commits of *other* connections only: so it has its own.
        self._conn = connect(store.path)
        self._pid = os.getpid()
        self._seen = self._version()
        self._looked = time.monotonic()

    def wait(self, timeout: float) -> bool:
        """Wait up to *timeout* seconds; True as soon as something may have changed."""
        end = time.monotonic() + timeout
        while True:
            now = time.monotonic()
            if now - self._looked >= NET_SECONDS and self._has_changed(now):
                return True
            pause = min(end, self._looked + NET_SECONDS) - now
            if self._selector.select(max(0.0, pause)) and self._rung():
                return True
            if time.monotonic() >= end:
                return False

    def wake(self) -> None:
        """Let ``wait`` return True at once."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            _send(sender, self._secret, self.port)

    def close(self) -> None:
        self._selector.close()
        self._socket.close()
        if self._pid == os.getpid():
            self._conn.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _rung(self) -> bool:
        """Take all datagrams in; whether one of them was meant for us."""
        rung, expected = False, _cookie(self._secret, self.port)
        while True:
            try:
                content = self._socket.recv(64)
            except (BlockingIOError, ConnectionResetError):
                break
            rung |= hmac.compare_digest(content, expected)
        if rung:
            # What the datagram told of need not be told again by the net.
            self._has_changed(time.monotonic())
        return rung

    def _has_changed(self, now: float) -> bool:
        self._looked, before = now, self._seen
        self._seen = self._version()
        return self._seen != before

    def _version(self) -> int:
        (version,) = self._conn.execute("PRAGMA data_version").fetchone()
        return int(version)


def _send(sender: socket.socket, secret: bytes, port: int) -> None:
    try:
        sender.sendto(_cookie(secret, port), (_LOOPBACK, port))
    except OSError:
        # A full buffer or a runner that is gone: the net of data_version is below.
        return


def _cookie(secret: bytes, port: int) -> bytes:
    """What a datagram to *port* says: only who can read the file can know it."""
    return hmac.digest(secret, port.to_bytes(2, "big"), "sha256")


def _secret(conn: sqlite3.Connection) -> bytes:
    (secret,) = conn.execute("SELECT secret FROM this_file").fetchone()
    return bytes(secret)
