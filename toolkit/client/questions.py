"""The verbs of the wire as questions: arguments into JSON, and answers out of it."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from toolkit.client.transport import ATTEMPTS, Body, Question, Transport
from toolkit.dialects.desk_wire import ARROW, PREFIX, UPLOAD, VERBS, Taken, VerbRow
from toolkit.errors import InvalidInput, ServerFailed

__all__ = ["Questions"]

MOST_JSON: Final = 256 * 2**20
MOST_CONTENT: Final = 4 * 2**30
"""Bytes of a result, a document, or a frame."""
LONGEST_ANSWER: Final = 3600.0
"""Seconds for one of these, however slowly it comes."""
DRAWING_SECONDS: Final = 60.0
"""A page may take this long to be drawn, and others are drawn first."""


class Questions:
    """What can be asked of the server behind *transport*."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def ask(self, verb: str, *, pause: float = 0.0, attempts: int = ATTEMPTS, **named: Any) -> Any:
        """What *verb* gives: its struct, or bytes. *pause* is how long the server may be silent.

        Raises what the server says, ServerUnreachable, and ServerFailed for another answer.
        """
        row = VERBS[verb]
        try:
            body = msgspec.json.encode(row.asks(**named))
        except (TypeError, ValueError, OverflowError) as exc:
            raise InvalidInput(f"{verb}: this cannot be sent: {exc}") from exc
        if row.name == "page_image":
            pause = DRAWING_SECONDS
        small, timeout = row.form == "json", self.transport.timeout
        answer = self.transport.ask(
            Question(
                path=f"{PREFIX}/{verb}",
                body=body,
                media_type=_media_type(row),
                most=MOST_JSON if small else MOST_CONTENT,
                headers={"Content-Type": "application/json"},
                repeat=row.repeat == "always",
                seconds=timeout + pause if small else LONGEST_ANSWER,
                pause=pause,
                attempts=attempts,
            )
        )
        return self._decoded(answer, row.gives) if small else answer

    def send(self, body: Body, *, size: int, boundary: str, key: str) -> Taken:
        """Send a form with a file, of *size* bytes in all; the job that it became.

        With the same *key* it becomes the same job again.
        """
        answer = self.transport.ask(
            Question(
                path=UPLOAD,
                body=body,
                media_type="application/json",
                most=MOST_JSON,
                headers={
                    "Content-Type": f"multipart/form-data; boundary={boundary}",
                    "Content-Length": str(size),
                    "Idempotency-Key": key,
                },
            )
        )
        taken: Taken = self._decoded(answer, Taken)
        return taken

    def _decoded(self, answer: bytes, kind: Any) -> Any:
        try:
            return msgspec.json.decode(answer, type=kind)
        except (msgspec.MsgspecError, RecursionError, UnicodeError) as exc:
            place = self.transport.address.place
            raise ServerFailed(f"{place} answered what is not understood here: {exc}") from exc


def _media_type(row: VerbRow) -> str:
    match row.form:
        case "frame":
            return ARROW
        case "bytes":
            return "image/webp" if row.name == "page_image" else "application/octet-stream"
    return "application/json"
