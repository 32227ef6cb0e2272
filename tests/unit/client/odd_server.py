"""A server that answers as a test says, byte for byte."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

HELLO = b'{"version":"1","owner":"ann","upload_bytes":1000}'


def reply(
    body: bytes = b"{}", status: str = "200 OK", kind: str = "application/json", **headers: str
) -> bytes:
    """An answer as it goes over the line, after which the connection is closed."""
    named = {"Content-Type": kind, "Content-Length": str(len(body)), "Connection": "close"}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in named.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def fault(code: str, message: str = "why", status: str = "422 No", **headers: str) -> bytes:
    body = b'{"error":{"code":"%s","message":"%s"}}' % (code.encode(), message.encode())
    return reply(body, status, **headers)


class OddServer:
    """Answers each request by the next of *answers*, the last one again and again.

    An answer is bytes, or a function that is given the connection. Requests are kept, head and
    body in one.
    """

    def __init__(self, *answers: bytes | Callable[[socket.socket], None]) -> None:
        self.answers = list(answers)
        self.requests: list[bytes] = []
        self.ended = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=50)
        self.port = self._listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(10)
            try:
                self.requests.append(_request(connection))
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if isinstance(answer, bytes):
                    connection.sendall(answer)
                else:
                    answer(connection)
            except OSError:
                pass  # the client has gone

    def __enter__(self) -> OddServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        # A thread that waits in accept() is not woken by closing what it waits on.
        socket.create_connection(("127.0.0.1", self.port)).close()
        self._listening.close()


def _request(connection: socket.socket) -> bytes:
    got = b""
    while b"\r\n\r\n" not in got:
        got += _more(connection)
    head, _, body = got.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            while len(body) < int(value):
                body += _more(connection)
    return head + b"\r\n\r\n" + body


def _more(connection: socket.socket) -> bytes:
    chunk = connection.recv(65536)
    if not chunk:
        raise OSError("the client has gone")
    return chunk
