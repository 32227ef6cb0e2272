"""A key that cannot be shown by accident."""

from __future__ import annotations

from collections.abc import Generator
from typing import NoReturn, final

import httpx

from toolkit.errors import InvalidInput

__all__ = ["Bearer", "Secret"]


@final
class Secret:
    """Text that no repr, traceback, log or pickle shows."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = str(text).strip()

    def refuse_unsound(self) -> None:
        """Raise InvalidInput where it can be no key.

        Not as it is made: then the frame of whoever made it would hold the text still.
        """
        if not self._text or not self._text.isascii() or not self._text.isprintable():
            raise InvalidInput("key=…: this is no key; one has letters, digits and '_' only")

    def __repr__(self) -> str:
        return "<key>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is not pickled: connect again where it is needed")

    def bearer(self) -> str:
        """What stands in the header."""
        return f"Bearer {self._text}"


class Bearer(httpx.Auth):
    """Puts the key into a request at the last moment, on its way to the one server that it is for.

    ``requires_response_body`` stays off: an answer is never read for it, nor a request repeated.
    """

    def __init__(self, key: Secret) -> None:
        self._key = key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = self._key.bearer()
        yield request
