"""A real web server on the loopback, which does what each test tells it to."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 40 + b"\n%%EOF\n"
PAGE = b"<!doctype html><html><title>Please log in</title></html>"


class Visit(BaseHTTPRequestHandler):
    """One request. An answer to a path is a function of it."""

    protocol_version = "HTTP/1.1"
    server: Host
    answers: ClassVar[dict[str, Callable[[Visit], None]]] = {}

    def do_GET(self) -> None:
        self.close_connection = True
        host = self.server
        host.asked.append((self.path, dict(self.headers)))
        answer = host.answers.get(self.path.partition("?")[0])
        # Clients leave in the middle here: that is what is tested.
        with suppress(ConnectionError, ValueError):
            if answer is None:
                self.say(404)
            else:
                answer(self)

    def say(self, status: int = 200, body: bytes = b"", **headers: str) -> None:
        """A plain answer; ``Content_Length=""`` leaves that header out."""
        self.send_response(status)
        for name, value in ({"Content_Length": str(len(body))} | headers).items():
            if value:
                self.send_header(name.replace("_", "-"), value)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        return


class Host(ThreadingHTTPServer):
    """The server. ``gate`` holds up the answers that wait for it; it opens when the test ends."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Visit)
        self.answers: dict[str, Callable[[Visit], None]] = {"/a.pdf": lambda v: v.say(body=PDF)}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.connections = 0
        self.gate = threading.Event()
        self.begun = threading.Event()

    @property
    def port(self) -> int:
        return self.server_address[1]

    def at(self, path: str, *, name: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{name}:{self.port}{path}"

    def verify_request(self, *_: object) -> bool:
        self.connections += 1
        return True

    def handle_error(self, *_: object) -> None:
        """A client that left is no news."""

    def trickle(self, visit: Visit) -> None:
        """Half a file, and then nothing until the gate opens."""
        visit.send_response(200)
        visit.send_header("Content-Length", str(len(PDF)))
        visit.end_headers()
        visit.wfile.write(PDF[: len(PDF) // 2])
        visit.wfile.flush()
        self.begun.set()
        self.gate.wait(30)
        visit.wfile.write(PDF[len(PDF) // 2 :])


@contextmanager
def hosting(certificate: Path | None = None, port: int = 0):
    """A server at work, over TLS where it is given a *certificate* with its key."""
    host = Host(port)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        host.socket = context.wrap_socket(host.socket, server_side=True)
    thread = threading.Thread(target=host.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield host
    finally:
        host.gate.set()
        host.shutdown()
        thread.join(10)
        host.server_close()


class Names:
    """A resolver that knows some names by heart, counts the questions, and may change its mind."""

    def __init__(self) -> None:
        self.known: dict[str, list[str]] = {}
        self.questions: list[str] = []

    def look_up(self, host: str, port: int, *args: object, **kwargs: object):
        self.questions.append(host)
        if host not in self.known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [
            (
                socket.AF_INET6 if ":" in ip else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (ip, port),
            )
            for ip in self.known[host]
        ]
