"""What can be set for a machine, and the only place that reads the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

from toolkit.errors import InvalidOption

__all__ = ["Settings"]

PREFIX = "PAGEQUEUE_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Seconds, bytes, counts and hosts that hold for every job on this machine.

    Each can be set by an environment variable of its upper-case name after ``PAGEQUEUE_``,
    as in ``PAGEQUEUE_SLOTS=4``.
    """

    slots: int = 0
    """Children that work at once; 0 takes what the processors and the memory allow."""

    lease: float = 30.0
    """Seconds that a runner holds a job without renewing."""

    renew: float = 10.0
    """Seconds between renewals of a lease."""

    linger: float = 30.0
    """Seconds that a runner started by ``submit`` stays when the queue is empty."""

    recycle_jobs: int = 200
    """Jobs that one warm child does before it is replaced."""

    recycle_memory: int = 650 * 2**20
    """Bytes of resident memory at which a warm child is replaced after its job. One that does OCR
    keeps its models, up to 600 MB with them: loading them again takes longer than a page."""

    max_file_bytes: int = 2 * 2**30
    """A larger file is refused at submission, or when it is fetched."""

    fetch_seconds: float = 300.0
    """Seconds that the download of one input may take."""

    fetch_private: str = ""
    """Hosts at private addresses that inputs may be fetched from all the same: names, addresses
    or networks, by comma (``wiki.corp, *.lab.corp, 10.0.0.0/8``), or ``*`` for every one."""

    webhook_private: str = ""
    """Hosts at private addresses that webhooks may be sent to all the same; as `fetch_private`."""

    webhook_plain: int = 0
    """1: webhooks may go to http:// addresses too, for development."""

    public_url: str = ""
    """The address that others see the server at, for the links in webhooks: without one they are
    paths, as in ``/v1/jobs/…``."""

    delivery_attempts: int = 5
    """How often the delivery of a webhook is tried."""

    delivery_wait: float = 60.0
    """Seconds after which a delivery that failed is tried again; five times as long each time."""

    delivery_seconds: float = 15.0
    """Seconds that one delivery may take."""

    upload_bytes: int = 100 * 2**20
    """Bytes of a file that is sent to the server; a larger one is refused."""

    upload_seconds: float = 300.0
    """Seconds that a request may take to arrive."""

    head_seconds: float = 15.0
    """Seconds that a request's first line and headers may take of it."""

    @classmethod
    def read(cls, environ: Mapping[str, str] | None = None) -> Self:
        """The settings that *environ* (the process's own by default) asks for.

        Raises InvalidOption, naming the variable, where a value is not a positive number.
        """
        environ = os.environ if environ is None else environ
        asked: dict[str, float | int | str] = {}
        for field in fields(cls):
            name = PREFIX + field.name.upper()
            if name in environ:
                asked[field.name] = _value(name, environ[name], str(field.type))
        return cls(**asked)  # type: ignore[arg-type]  # the loop gives each field its own type


def _value(name: str, text: str, kind: str) -> float | int | str:
    return text if kind == "str" else _number(name, text, whole=kind == "int")


def _number(name: str, text: str, *, whole: bool) -> float | int:
    try:
        value = int(text) if whole else float(text)
    except ValueError:
        kind = "a whole number" if whole else "a number"
        raise InvalidOption(f"{name}={text!r}: {kind} is needed") from None
    # `not >=` instead of `<`, so that nan is refused too
    if not value >= 0 or value == float("inf"):
        raise InvalidOption(f"{name}={text!r}: a number from 0 upward is needed")
    return value
