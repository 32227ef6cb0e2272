"""A receiver of webhooks on the loopback: it keeps every letter, and answers as it is told to."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import contextmanager
from typing import NamedTuple

from webhost import Host, Visit, hosting


class Letter(NamedTuple):
    path: str
    headers: dict[str, str]
    body: bytes
    at: float


class Post(Visit):
    """One delivery."""

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        body = self.rfile.read(length)
        if len(body) < length:
            return  # the sender died while it sent: no receiver takes that for a letter
        letter = Letter(self.path, dict(self.headers), body, time.time())
        self.server.letters.append(letter)  # type: ignore[attr-defined]
        if self.path.partition("?")[0] not in self.server.answers:
            self.server.answers[self.path.partition("?")[0]] = lambda v: v.say(204)
        self.do_GET()


@contextmanager
def receiving(certificate=None, port: int = 0):
    """A host whose ``letters`` are all that came; it answers 204 where nothing else is said."""
    with hosting(certificate, port) as host:
        host.RequestHandlerClass = Post
        host.letters = []
        yield host


def in_turn(*answers: Callable[[Visit], None]) -> Callable[[Visit], None]:
    """Each answer once, and the last one ever after."""
    left = list(answers)

    def answer(visit: Visit) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(visit)

    return answer


def saying(status: int, **headers: str) -> Callable[[Visit], None]:
    return lambda visit: visit.say(status, **headers)


__all__ = ["Host", "Letter", "in_turn", "receiving", "saying"]
