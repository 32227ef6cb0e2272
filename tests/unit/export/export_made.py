"""Jobs and documents for the tests of exports, among them hostile ones."""

from __future__ import annotations

import base64
from typing import Any

import made

from toolkit.document.blocks import (
    Callout,
    Caption,
    Cell,
    Chart,
    Code,
    Diagram,
    Edge,
    Footnote,
    Formula,
    Heading,
    Image,
    ListBlock,
    Node,
    PageFooter,
    PageHeader,
    Paragraph,
    Series,
    Table,
)
from toolkit.document.document import Document
from toolkit.jobs.job import Job
from toolkit.jobs.state import JobState

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(40)).decode()

HOSTILE = {
    "formula": "=cmd|' /C calc'!A0",
    "link": '=HYPERLINK("http://example.com","click")',
    "plus": "+1+cmd()",
    "at": "@SUM(A1:A9)",
    "script": "<script>alert(1)</script>",
    "style": "</style></title><script>alert(1)</script>",
    "event": '"><img src=x onerror=alert(1)>',
    "entity": "&lt;b&gt; &#x41; &amp;",
    "terminal": "\x1b]0;owned\x07\x1b[2J text \x9b31m",
    "controls": "a\x00b\x01c\x0bd\x0ce\x1ff\x7f",
    "rtl": "invoice\u202efdp.exe \u2066x\u2069",
    "lines": 'one\ntwo\r\nthree\rfour "quoted", comma\ttab',
    "emoji": "\U0001f600" * 3 + "\ufffe\uffff",
    "error": "#N/A",
    "missing": "NA",
    "script_url": "javascript:alert(1)",
    "long": "x" * 1_000_000,
}


def job(number: int, filename: str | None = "report.pdf", **more: Any) -> Job:
    return Job(
        **{
            "id": f"job_{number:016x}",
            "number": number,
            "tool": "parse",
            "status": JobState.COMPLETED,
            "filename": filename,
            "origin": None,
            "sha256": "ab" * 32,
            "size": 10,
            "media_type": "application/pdf",
            "batch": None,
            "owner": "",
            "priority": 0,
            "created_at": 1_760_000_000.123456,
            **more,
        }
    )


def of_text(text: str) -> Document:
    """A document that says *text* wherever a document can say something."""
    cell = Cell(row=0, column=0, text=text, header=True)
    return made.document(
        [
            made.block(Heading, text=text),
            made.block(Paragraph, text=text),
            made.block(ListBlock, text=text, items=(text, text), levels=(0, 1)),
            made.block(Caption, text=text, target=text),
            made.block(Footnote, text=text, marker=text),
            made.block(PageHeader, text=text),
            made.block(PageFooter, text=text),
            made.block(Callout, text=text),
            made.block(Code, text=text, language=text),
            made.block(Table, headers=(text, text), rows=((text, "5"),), header_rows=1),
            made.block(
                Table, headers=(text,), rows=((text,),), header_rows=1, caption=text, cells=(cell,)
            ),
            made.block(Image, image_b64=text, alt=text, caption=text, embedded_text=text),
            made.block(Image, url=text, alt=text),
            made.block(
                Diagram,
                nodes=(Node(id=text, label=text),),
                edges=(Edge(source=text, target=text, label=text),),
                caption=text,
            ),
            made.block(
                Chart,
                title=text,
                categories=(text,),
                series=(Series(name=text, values=(1.5,)),),
                caption=text,
            ),
            made.block(Formula, text=text, latex=text, rendered_image_b64=text),
        ],
        filename=text[:200],
    )  # fmt: skip
