"""A form as it comes over the line: its text fields kept within bounds, its file handed on.

The parser is fed what arrives and calls back; nothing is held but the text fields and what of the
file has not been written yet.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from email.message import Message
from typing import Final
from urllib.parse import unquote_to_bytes

from python_multipart import MultipartParser, QuerystringParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from toolkit.errors import FileTooLarge, InvalidInput

__all__ = ["FORM", "MOST_TEXT", "MULTIPART", "Form", "kind_of"]

MULTIPART: Final = "multipart/form-data"
FORM: Final = "application/x-www-form-urlencoded"

MOST_FIELDS: Final = 64
LONGEST_FIELD: Final = 256 * 1024
"""Bytes of one text field."""
MOST_TEXT: Final = 2**20
"""Bytes of all text fields together."""
LONGEST_LABEL: Final = 100
LONGEST_BOUNDARY: Final = 70
"""As RFC 2046 has it."""
_PLAIN: Final = frozenset({"", "7bit", "8bit", "binary"})

# It warns of every broken form, whose sender is told anyway.
logging.getLogger("python_multipart.multipart").setLevel(logging.ERROR)


def kind_of(content_type: str) -> tuple[str, bytes]:
    """The media type that a Content-Type header names, and its boundary (b"" where it has none).

    >>> kind_of('multipart/form-data; boundary="x y"')
    ('multipart/form-data', b'x y')
    """
    kind, options = parse_options_header(content_type[:1000].encode("latin-1", "replace"))
    return kind.decode("latin-1"), options.get(b"boundary", b"")


class Form:
    """A form that grows by what arrives.

    *text* are its text fields. *take* is called with what came of its one file, of which at most
    *largest* bytes are taken; *field* and *filename* (as the sender wrote it) are then known.
    """

    def __init__(self, content_type: str, *, largest: int, take: Callable[[bytes], None]) -> None:
        self.text: dict[str, str] = {}
        self.field: str | None = None
        self.filename = ""
        self.size = 0
        self._largest = largest
        self._take = take
        self._room = MOST_TEXT
        self._name = b""
        self._header = b""
        self._headers: dict[str, bytes] = {}
        self._value = bytearray()
        self._in_file = False
        self._ended = False
        kind, boundary = kind_of(content_type)
        self._parser = self._multipart(boundary) if kind == MULTIPART else self._urlencoded(kind)

    def feed(self, chunk: bytes) -> None:
        """Take *chunk* in. Raises InvalidInput for what is no form, and FileTooLarge."""
        try:
            self._parser.write(chunk)
        except FormParserError as exc:
            raise InvalidInput(f"the body is no form as its Content-Type says: {exc}") from exc

    def end(self) -> None:
        """The body has ended. Raises InvalidInput where the form has not."""
        if isinstance(self._parser, QuerystringParser):
            self._parser.finalize()
        if not self._ended:
            raise InvalidInput(
                "the body ends in the middle of the form: its last boundary is missing"
            )

    def _multipart(self, boundary: bytes) -> MultipartParser:
        if not 0 < len(boundary) <= LONGEST_BOUNDARY or re.search(rb"[^\x20-\x7e]", boundary):
            raise InvalidInput(
                "the Content-Type names no boundary of 1 to 70 plain characters for its form"
            )
        return MultipartParser(
            boundary,
            {
                "on_part_begin": self._part_begins,
                "on_header_field": self._header_named,
                "on_header_value": self._header_said,
                "on_header_end": self._header_ends,
                "on_headers_finished": self._headers_end,
                "on_part_data": self._said,
                "on_part_end": self._part_ends,
                "on_end": self._form_ends,
            },
        )

    def _urlencoded(self, kind: str) -> QuerystringParser:
        if kind != FORM:
            raise InvalidInput(f"a form is sent as {MULTIPART}, not as {kind[:100] or 'nothing'}")
        return QuerystringParser(
            {
                "on_field_start": self._part_begins,
                "on_field_name": self._field_named,
                "on_field_data": self._said,
                "on_field_end": self._pair_ends,
                "on_end": self._form_ends,
            }
        )

    def _form_ends(self) -> None:
        self._ended = True

    def _part_begins(self) -> None:
        self._headers, self._header, self._name = {}, b"", b""
        self._value, self._in_file = bytearray(), False

    def _header_named(self, content: bytes, start: int, end: int) -> None:
        self._name += content[start:end]

    def _header_said(self, content: bytes, start: int, end: int) -> None:
        self._header += content[start:end]

    def _header_ends(self) -> None:
        self._headers[self._name.decode("latin-1").lower()] = self._header
        self._name = self._header = b""

    def _headers_end(self) -> None:
        coding = self._headers.get("content-transfer-encoding", b"").decode("latin-1").lower()
        if coding.strip() not in _PLAIN:
            raise InvalidInput(f"a part of the form is sent as {coding[:40]!r}; send it plainly")
        said = self._headers.get("content-disposition", b"")
        kind, options = parse_options_header(said)
        if kind != b"form-data" or b"name" not in options:
            raise InvalidInput("a part of the form has no name")
        self._name = options[b"name"]
        filename = _filename_of(said, options)
        if filename is not None:
            self._begin_file(filename)

    def _begin_file(self, filename: str) -> None:
        if self.field is not None:
            raise InvalidInput(f"the form has more than one file; one is taken, {self.field!r}")
        self._in_file = True
        self.field, self.filename = self._label(), filename

    def _field_named(self, content: bytes, start: int, end: int) -> None:
        self._name += content[start:end]
        self._spend(end - start)

    def _said(self, content: bytes, start: int, end: int) -> None:
        if not self._in_file:
            self._value += content[start:end]
            self._spend(end - start)
            return
        self.size += end - start
        if self.size > self._largest:
            raise FileTooLarge(f"the file has more than the {self._largest:,} bytes that are taken")
        self._take(content[start:end])

    def _spend(self, size: int) -> None:
        self._room -= size
        if len(self._value) > LONGEST_FIELD or self._room < 0:
            most = f"{LONGEST_FIELD:,} bytes in a text field and {MOST_TEXT:,} in all"
            raise InvalidInput(f"the form has too much text: at most {most} are taken")

    def _pair_ends(self) -> None:
        if self._name or self._value:
            self._name, self._value = _unquoted(self._name), bytearray(_unquoted(self._value))
            self._part_ends()

    def _part_ends(self) -> None:
        if self._in_file:
            if not self.size and not self.filename:
                self.field = None  # what a browser sends for a file that nobody chose
            return
        label = self._label()
        if label in self.text:
            raise InvalidInput(f"the form has the field {label!r} twice")
        if len(self.text) == MOST_FIELDS:
            raise InvalidInput(f"the form has more than {MOST_FIELDS} text fields")
        try:
            self.text[label] = self._value.decode("utf-8")
        except UnicodeDecodeError as exc:
            raise InvalidInput(f"the form's field {label!r} is no text in UTF-8") from exc

    def _label(self) -> str:
        try:
            label = bytes(self._name).decode("utf-8")
        except UnicodeDecodeError as exc:
            raise InvalidInput("the form has a field whose name is no text in UTF-8") from exc
        if len(label) > LONGEST_LABEL:
            raise InvalidInput(
                f"the form has a field whose name has over {LONGEST_LABEL} characters"
            )
        return label


def _filename_of(said: bytes, options: dict[bytes, bytes]) -> str | None:
    """The file name that a part gives, however it is written; None for a text field."""
    if b"filename" in options:
        name = options[b"filename"]
        # As browsers write what would end the quotes.
        for quoted, sign in ((b"%22", b'"'), (b"%0D", b"\r"), (b"%0A", b"\n")):
            name = name.replace(quoted, sign)
        try:
            return name.decode("utf-8")
        except UnicodeDecodeError:
            return name.decode("latin-1")
    if re.search(rb";\s*filename\*", said, re.IGNORECASE):
        # Not meant for forms (RFC 7578), but some clients write names so that are not ASCII.
        message = Message()
        message["content-disposition"] = re.sub(rb"[\r\n\0]", b" ", said).decode("latin-1")
        try:
            return message.get_filename("")
        except (ValueError, LookupError, TypeError):
            return ""
    return None


def _unquoted(content: bytes | bytearray) -> bytes:
    return unquote_to_bytes(bytes(content).replace(b"+", b" "))
