"""What lies over a page by itself: remarks, and the fields of a form with what they are filled in.

The pictures of a page show both, as far as the file says how they look. None of it is in the text
layer, unless somebody flattened it.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import numpy as np
from pypdfium2 import raw

from toolkit.document.geometry import Box
from toolkit.engine.marks import Annotation, FormField, Frame

__all__ = ["STEERING", "Annotated", "annotated", "has_fields"]

Annotated = tuple[tuple[Annotation, ...], tuple[FormField, ...]]

# A page of a form has a few hundred; a reviewed one some dozens.
_MOST = 2000
# Characters that are kept of one remark or value; bytes that are looked at.
_LONGEST, _LARGEST = 20_000, 2**22
_HIDDEN, _NO_VIEW = 2, 32
_PASSWORD = 1 << 13
_KINDS = {
    raw.FPDF_ANNOT_TEXT: "note",
    raw.FPDF_ANNOT_FREETEXT: "free_text",
    raw.FPDF_ANNOT_LINE: "line",
    raw.FPDF_ANNOT_SQUARE: "square",
    raw.FPDF_ANNOT_CIRCLE: "circle",
    raw.FPDF_ANNOT_POLYGON: "polygon",
    raw.FPDF_ANNOT_POLYLINE: "polyline",
    raw.FPDF_ANNOT_HIGHLIGHT: "highlight",
    raw.FPDF_ANNOT_UNDERLINE: "underline",
    raw.FPDF_ANNOT_SQUIGGLY: "squiggly",
    raw.FPDF_ANNOT_STRIKEOUT: "strikeout",
    raw.FPDF_ANNOT_STAMP: "stamp",
    raw.FPDF_ANNOT_CARET: "caret",
    raw.FPDF_ANNOT_INK: "ink",
    raw.FPDF_ANNOT_POPUP: "popup",
    raw.FPDF_ANNOT_FILEATTACHMENT: "attachment",
}
_FIELDS = {
    raw.FPDF_FORMFIELD_PUSHBUTTON: "button",
    raw.FPDF_FORMFIELD_CHECKBOX: "checkbox",
    raw.FPDF_FORMFIELD_RADIOBUTTON: "radio",
    raw.FPDF_FORMFIELD_COMBOBOX: "choice",
    raw.FPDF_FORMFIELD_LISTBOX: "choice",
    raw.FPDF_FORMFIELD_TEXTFIELD: "text",
    raw.FPDF_FORMFIELD_SIGNATURE: "signature",
}
# ISO 32000-1, table 181: what a stamp without a text of its own says.
_STAMPS = re.compile(
    "Approved|Experimental|NotApproved|AsIs|Expired|NotForPublicRelease|Confidential|Final|Sold|"
    "Departmental|ForComment|TopSecret|Draft|ForPublicRelease"
)
_INNER_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
STEERING = dict.fromkeys({*range(32), *range(127, 160)} - {9, 10})
"""Signs that steer a terminal, and say nothing."""
_TAG = re.compile(r"<[^<>]*>")
_PARAGRAPH = re.compile(r"</p>|<br\s*/?>", re.IGNORECASE)


def has_fields(page: Any) -> bool:
    """Whether *page* has fields of a form."""
    widget = raw.FPDF_ANNOT_WIDGET
    return any(raw.FPDFAnnot_GetSubtype(note) == widget for note in _annotations(page))


def annotated(page: Any, frame: Frame, form: Any | None) -> Annotated:
    """The remarks and the fields that lie on *page*, from its top, as seen in *frame*.

    *form* is PDFium's handle of the file's form; without one, only fields are read that say all of
    themselves. Empty fields are among them; what is hidden, and what a password is, is not.
    """
    remarks: list[Annotation] = []
    fields: list[FormField] = []
    for note in _annotations(page):
        if raw.FPDFAnnot_GetFlags(note) & (_HIDDEN | _NO_VIEW):
            continue
        kind = raw.FPDFAnnot_GetSubtype(note)
        if kind == raw.FPDF_ANNOT_WIDGET:
            field = _field(note, _box(note, frame), form)
            fields += [field] if field else []
        elif kind in _KINDS and not raw.FPDFAnnot_HasKey(note, b"StateModel"):
            remark = _remark(note, _KINDS[kind], _box(note, frame))
            remarks += [remark] if remark else []
    return _merged(remarks), tuple(sorted(fields, key=lambda f: (f.box.top, f.box.left)))


def _annotations(page: Any) -> Iterator[Any]:
    for at in range(min(_MOST, raw.FPDFPage_GetAnnotCount(page))):
        note = raw.FPDFPage_GetAnnot(page, at)
        if note:
            try:
                yield note
            finally:
                raw.FPDFPage_CloseAnnot(note)


def _merged(remarks: list[Annotation]) -> tuple[Annotation, ...]:
    """*remarks* from the top, without those windows that only repeat what they belong to."""
    said = {remark.text for remark in remarks if remark.kind != "popup"}
    own = [remark for remark in remarks if remark.kind != "popup" or remark.text not in said]
    return tuple(sorted(own, key=lambda remark: (remark.box.top, remark.box.left)))


def _remark(note: Any, kind: str, box: Box) -> Annotation | None:
    text = _said(note, b"Contents") or _plain(_said(note, b"RC"))
    if not text and kind == "stamp":
        name = _said(note, b"Name")
        text = _INNER_CAPITAL.sub(" ", name) if _STAMPS.fullmatch(name) else ""
    return Annotation(kind, box, text, _said(note, b"T") or None) if text else None


def _plain(rich: str) -> str:
    """The text of the XHTML that a remark may be written in."""
    return unescape(_TAG.sub("", _PARAGRAPH.sub("\n", rich))).strip()


def _said(note: Any, key: bytes) -> str:
    return _text(lambda buffer, length: raw.FPDFAnnot_GetStringValue(note, key, buffer, length))


def _text(ask: Any) -> str:
    """What *ask* (buffer, bytes) -> bytes writes in UTF-16, with its line ends as such."""
    length = ask(None, 0)
    if not 2 < length <= _LARGEST:
        return ""
    buffer = ctypes.create_string_buffer(length)
    ask(ctypes.cast(buffer, ctypes.POINTER(raw.FPDF_WCHAR)), length)
    text = buffer.raw[: length - 2].decode("utf-16-le", "replace")[:_LONGEST]
    return "\n".join(text.splitlines()).translate(STEERING).strip()


def _box(note: Any, frame: Frame) -> Box:
    rect = raw.FS_RECTF()
    raw.FPDFAnnot_GetRect(note, rect)
    corners = np.array([[rect.left, rect.bottom, rect.right, rect.top]], dtype=float)
    corners = np.clip(np.nan_to_num(corners), -1e6, 1e6)
    return Box(*map(float, frame.boxes_seen(corners)[0]))


def _field(note: Any, box: Box, form: Any | None) -> FormField | None:
    if form is None:
        return _alone(note, box)
    kind = _FIELDS.get(raw.FPDFAnnot_GetFormFieldType(form, note))
    if kind is None:
        return None

    def asked(of: Any) -> str:
        return _text(lambda buffer, length: of(form, note, buffer, length))

    match kind:
        case "checkbox" | "radio":
            # The state is what is drawn; some forms say another one elsewhere.
            state = _said(note, b"AS")
            checked = state != "Off" if state else raw.FPDFAnnot_IsChecked(form, note)
            value = (asked(raw.FPDFAnnot_GetFormFieldExportValue) or "on") if checked else ""
        case "choice":
            value = _chosen(form, note) or asked(raw.FPDFAnnot_GetFormFieldValue)
        case "text":
            secret = raw.FPDFAnnot_GetFormFieldFlags(form, note) & _PASSWORD
            value = "" if secret else asked(raw.FPDFAnnot_GetFormFieldValue)
        case _:
            value = _signed(note) if kind == "signature" else ""
    label = asked(raw.FPDFAnnot_GetFormFieldAlternateName)
    return FormField(kind, box, asked(raw.FPDFAnnot_GetFormFieldName), value, label)


def _chosen(form: Any, note: Any) -> str:
    labels = [
        _text(
            lambda buffer, length, at=at: raw.FPDFAnnot_GetOptionLabel(
                form, note, at, buffer, length
            )
        )
        for at in range(min(_MOST, max(0, raw.FPDFAnnot_GetOptionCount(form, note))))
        if raw.FPDFAnnot_IsOptionSelected(form, note, at)
    ]
    return ", ".join(filter(None, labels))


def _signed(note: Any) -> str:
    return "signed" if raw.FPDFAnnot_HasKey(note, b"V") else ""


def _alone(note: Any, box: Box) -> FormField | None:
    """A field as it stands: where the form as a whole is not asked."""
    flags = ctypes.c_float()
    raw.FPDFAnnot_GetNumberValue(note, b"Ff", flags)
    bits, value = int(flags.value), _said(note, b"V")
    match _said(note, b"FT"):
        case "Tx":
            # What is said of it elsewhere is not seen here, and may be that it is a password.
            told = raw.FPDFAnnot_HasKey(note, b"Ff") or not raw.FPDFAnnot_HasKey(note, b"Parent")
            kind, value = "text", value if told and not bits & _PASSWORD else ""
        case "Ch":
            kind = "choice"
        case "Sig":
            kind, value = "signature", _signed(note)
        case "Btn":
            kind = "button" if bits & 1 << 16 else "radio" if bits & 1 << 15 else "checkbox"
            value = (
                "" if kind == "button" or _said(note, b"AS") in ("", "Off") else _said(note, b"AS")
            )
        case _:
            return None
    return FormField(kind, box, _said(note, b"T"), value, _said(note, b"TU"))
