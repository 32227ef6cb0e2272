"""What the server tells of itself: a line a request, as JSON or for a terminal, and no secrets."""

from __future__ import annotations

import logging
import re
import secrets
import sys
from collections.abc import MutableMapping
from typing import Any, Final, TextIO, TypeAlias

import msgspec
import structlog

__all__ = ["Log", "adopt", "logger", "request_id"]

_SANE: Final = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")


Log: TypeAlias = structlog.typing.FilteringBoundLogger
"""Where lines go: an event and what belongs to it."""


def logger(*, as_json: bool, stream: TextIO | None = None) -> Log:
    """A log to *stream*, stderr by default: JSON, or lines for a person."""
    moment = structlog.processors.TimeStamper(fmt="iso", utc=True, key="at")
    if as_json:
        shown: list[Any] = [
            structlog.processors.add_log_level,
            moment,
            structlog.processors.format_exc_info,
            _as_json,
        ]
    else:
        shown = [
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
            structlog.dev.ConsoleRenderer(
                colors=(stream or sys.stderr).isatty(),
                exception_formatter=structlog.dev.plain_traceback,
            ),
        ]
    log: Log = structlog.wrap_logger(
        structlog.WriteLogger(stream or sys.stderr),
        processors=shown,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    return log


def request_id(offered: str | None) -> str:
    """The id that the caller offers for its request, where it is one; else a new one."""
    if offered is not None and _SANE.fullmatch(offered):
        return offered
    return "req_" + secrets.token_hex(12)


def adopt(log: Log) -> None:
    """Let what the HTTP server and our own threads have to say come out of *log*."""
    logging.getLogger("pagequeue").handlers[:] = [_Passing(log, "background")]
    theirs = logging.getLogger("uvicorn.error")
    theirs.handlers[:] = [_Passing(log, "http")]
    theirs.propagate = False
    theirs.setLevel(logging.WARNING)
    logging.getLogger("uvicorn.access").handlers[:] = []
    logging.getLogger("uvicorn.access").propagate = False


class _Passing(logging.Handler):
    """Passes records on, but not what was told in the request's own line already."""

    def __init__(self, log: Log, event: str) -> None:
        super().__init__()
        self._log = log
        self._event = event

    def emit(self, record: logging.LogRecord) -> None:
        words = record.getMessage().strip()
        if words.startswith("Exception in ASGI application"):
            return
        tell = self._log.error if record.levelno >= logging.ERROR else self._log.warning
        tell(self._event, words=words, **({"exc_info": record.exc_info} if record.exc_info else {}))


def _as_json(_: Any, __: str, told: MutableMapping[str, Any]) -> str:
    return msgspec.json.encode(told, enc_hook=str).decode()
