"""One file as a document, without a queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Literal

from toolkit.document import Document
from toolkit.document.wire import decode
from toolkit.errors import InvalidInput
from toolkit.runner import direct
from toolkit.tools.registry import installed
from toolkit.workspace.inputs import Inputs, Offer, gather
from toolkit.workspace.options import checked

__all__ = ["parse"]


def parse(
    source: Inputs,
    *,
    pages: str | None = None,
    password: str | None = None,
    profile: Literal["standard", "advanced"] = "standard",
    ocr: Literal["auto", "never", "force"] = "auto",
    languages: Sequence[str] = (),
    preserve_images: bool = True,
    limits: Mapping[str, float] | None = None,
) -> Document:
    """The document in one file: a path, bytes, ``(name, bytes)`` or an open file.

    It is read in a process of its own, so that a hostile file cannot harm this one; nothing is
    stored. *pages* is like ``"1-3,7,12-"``. Raises the error that says what is wrong with the
    file (``toolkit.errors``), or InvalidInput for several files.
    """
    tool, offer = installed()["parse"], _only(source)
    options = {
        "pages": pages,
        "profile": profile,
        "ocr": ocr,
        "languages": list(languages),
        "preserve_images": preserve_images,
    }
    asked = checked(tool, options, password=password, limits=limits or {})
    outcome = direct.run(
        tool,
        offer.content if offer.path is None else offer.path,
        filename=offer.filename,
        options=asked.options,
        secrets=asked.secrets,
        limits=asked.limits,
    )
    return decode(outcome.content)


def _only(source: Inputs) -> Offer:
    offers = list(islice(gather(source, wanted=lambda _: True), 2))
    if len(offers) != 1:
        raise InvalidInput("parse takes one file; use toolkit.open().submit(...) for several")
    if offers[0].refused is not None:
        raise offers[0].refused
    if offers[0].path is None and offers[0].content is None:
        raise InvalidInput("an address is fetched by a runner: use toolkit.open().submit(...)")
    return offers[0]
