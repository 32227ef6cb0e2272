"""Documents as HTML, one self-contained page each: no script, nothing fetched, nothing live."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path

from toolkit.document.blocks import (
    Block,
    Callout,
    Caption,
    Cell,
    Chart,
    Code,
    Diagram,
    Footnote,
    Formula,
    Heading,
    Image,
    ListBlock,
    PageFooter,
    PageHeader,
    Paragraph,
    Table,
)
from toolkit.document.document import Document, Page
from toolkit.document.text import figures, text_of
from toolkit.export.cells import without_controls
from toolkit.export.names import Names
from toolkit.export.replacing import replacing
from toolkit.jobs.job import Job

__all__ = ["page_of", "write"]

# A page of 20 MB still opens in any browser; beyond it a picture is said in words.
_LARGEST_PICTURE = 4_000_000
_LARGEST_PAGE = 20_000_000
_MOST_SPAN = 1_000
"""As browsers read colspan; what a table really spans is far below."""

# Characters that turn the text after them round, or hide: shown, so that nothing is read
# otherwise than it is copied.
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")
_KINDS: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF8", "gif"),
    (b"RIFF", "webp"),
)

_STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem;
  background: Canvas; color: CanvasText; overflow-wrap: anywhere; }
section { border-top: 1px solid GrayText; margin-top: 2rem; }
section > p.page, footer, .note { color: GrayText; font-size: .85rem; }
.block { border-left: 3px solid; padding-left: .75rem; margin: .75rem 0; unicode-bidi: isolate; }
.verified { border-left-style: solid; border-left-color: light-dark(#1a7f5a, #5fd0a4); }
.inferred { border-left-style: dashed; border-left-color: light-dark(#a85b00, #ffb454); }
.derived { border-left-style: dotted; border-left-color: GrayText; }
.table { overflow-x: auto; }
table { border-collapse: collapse; }
td, th { border: 1px solid GrayText; padding: .2rem .5rem; text-align: start; vertical-align: top; }
caption { text-align: start; font-style: italic; }
img { max-width: 100%; height: auto; }
pre { white-space: pre-wrap; }
p, li, td, th, h1, h2, h3, h4, h5, h6 { white-space: pre-line; }
"""
_HEAD = (
    '<!doctype html>\n<html lang="und">\n<head>\n<meta charset="utf-8">\n'
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n"
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    '<meta name="referrer" content="no-referrer">\n'
)
_LEGEND = (
    '<p class="block verified">A solid line: the text is equal to what the file itself says.</p>\n'
    '<p class="block inferred">A dashed line: the text was made by a model, such as OCR.</p>\n'
    '<p class="block derived">A dotted line: structure without text of its own.</p>\n'
)


def write(documents: Iterable[tuple[Job, Document | None]], out: Path) -> list[Path]:
    """One ``.html`` file a document into the folder *out*; their paths, in order.

    What stands in a document is text there, whatever it looks like. Raises UnreadablePath where
    *out* may not be written to.
    """
    names, written = Names(), []
    for job, document in documents:
        if document is None:
            continue
        name = job.filename or document.source.filename
        path = out / names.take(name, ".html")
        with replacing(path) as file:
            for part in page_of(document, name):
                file.write(part.encode())
        written.append(path)
    return written


def page_of(document: Document, name: str) -> Iterator[str]:
    """*document* as an HTML page entitled *name*, part after part."""
    source, extraction = document.source, document.extraction
    yield f"{_HEAD}<title>{_text(name)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
    yield f'<header>\n<h1 dir="auto">{_text(name)}</h1>\n{_LEGEND}</header>\n<main>\n'
    pictures = _Pictures()
    for page in document.pages:
        yield from _section(page, pictures)
    yield "</main>\n<footer>\n"
    for failure in extraction.per_page_failures:
        said = f"page {failure.page}: {failure.code}: {failure.message}"
        yield f'<p class="failure">{_text(said)}</p>\n'
    read = f"{source.page_count} pages, faithfulness {extraction.faithfulness_score:.3f}"
    yield f"<p>{_text(source.file_hash)}<br>{_text(extraction.model)}: {read}</p>\n"
    yield "</footer>\n</body>\n</html>\n"


def _section(page: Page, pictures: _Pictures) -> Iterator[str]:
    yield f'<section id="page-{page.page}">\n<p class="page">Page {page.page}</p>\n'
    for block in page.blocks:
        trust = f"{block.text_source}, confidence {block.confidence:.2f}"
        yield (
            f'<div class="block {block.text_source.value}" id="{_attribute(block.id)}" '
            f'title="{_attribute(trust)}" dir="auto">{_block(block, pictures)}</div>\n'
        )
    yield "</section>\n"


def _block(block: Block, pictures: _Pictures) -> str:  # one case a type
    match block:
        case Heading(text=text, level=level):
            # The page's own name is its only first heading.
            tag = f"h{min(6, max(1, level) + 1)}"
            return f"<{tag}>{_text(text)}</{tag}>"
        case ListBlock():
            return _list(block)
        case Code(text=text):
            return f"<pre><code>{_text(text)}</code></pre>"
        case Table():
            return _table(block)
        case Image(image_b64=content, alt=alt, caption=caption, embedded_text=text):
            words = alt or caption or block.image_type.value
            return pictures.shown(content, words) + _paragraphs(caption, text)
        case Diagram(image_b64=content, caption=caption):
            picture = pictures.shown(content, caption or "diagram")
            return picture + _paragraphs(caption, text_of(block))
        case Chart(image_b64=content, title=title, caption=caption):
            picture = pictures.shown(content, title or caption or "chart")
            return picture + _paragraphs(title, caption) + _numbers(figures(block))
        case Formula(text=text, latex=latex, rendered_image_b64=content):
            picture = pictures.shown(content, latex or text) if content else ""
            return f"{picture}<p><code>{_text(latex or text)}</code></p>"
        case Callout(text=text):
            return f"<blockquote>{_paragraphs(text)}</blockquote>"
        case Footnote(text=text) | PageHeader(text=text) | PageFooter(text=text):
            return f'<p class="note">{_text(text)}</p>'
        case Caption(text=text):
            return f"<p><em>{_text(text)}</em></p>"
        case Paragraph(text=text):
            return _paragraphs(text)


def _paragraphs(*texts: str | None) -> str:
    return "".join(f"<p>{_text(text)}</p>" for text in texts if text)


def _list(block: ListBlock) -> str:
    if not block.items:
        return _paragraphs(block.text)
    tag, parts, depth = ("ol" if block.ordered else "ul"), [], -1
    levels = block.levels or (0,) * len(block.items)
    for wanted, item in zip(levels, block.items, strict=False):
        level = min(depth + 1, max(0, wanted))
        parts.append(f"<{tag}>" if level > depth else "</li>" + f"</{tag}></li>" * (depth - level))
        parts.append(f"<li>{_text(item)}")
        depth = level
    return "".join(parts) + f"</li></{tag}>" * (depth + 1)


def _table(table: Table) -> str:
    """The table from its cells with their spans; without cells, from its rows."""
    caption = f"<caption>{_text(table.caption)}</caption>" if table.caption else ""
    body = _from_cells(table) if table.cells else _from_rows(table.headers, table.rows)
    return f'<div class="table"><table>{caption}{body}</table></div>'


def _from_cells(table: Table) -> str:
    height = max(table.header_rows + len(table.rows), 1 + max(cell.row for cell in table.cells))
    rows: list[list[str]] = [[] for _ in range(height)]
    for cell in sorted(table.cells, key=lambda cell: (cell.row, cell.column)):
        rows[cell.row].append(_cell(cell))
    return "".join(f"<tr>{''.join(row)}</tr>" for row in rows)


def _cell(cell: Cell) -> str:
    tag = "th" if cell.header else "td"
    spans = (("rowspan", cell.row_span), ("colspan", cell.column_span))
    shown = "".join(f' {name}="{min(n, _MOST_SPAN)}"' for name, n in spans if n > 1)
    return f'<{tag}{shown} dir="auto">{_text(cell.text)}</{tag}>'


def _from_rows(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th dir="auto">{_text(text)}</th>' for text in headers)
    lines = ("".join(f'<td dir="auto">{_text(text)}</td>' for text in row) for row in rows)
    return "".join(f"<tr>{line}</tr>" for line in [*([head] if head else []), *lines])


def _numbers(rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    return f'<div class="table"><table>{_from_rows(rows[0], rows[1:])}</table></div>'


class _Pictures:
    """Pictures as part of the page, as long as the page has room for them."""

    def __init__(self) -> None:
        self._room = _LARGEST_PAGE

    def shown(self, content: str | None, words: str) -> str:
        """The picture in base64 as an ``img``; *words* where there is none that can be shown."""
        kind = _picture_kind(content) if content else None
        if content is None or kind is None:
            return f'<p class="note">[{_text(words)}]</p>'
        if len(content) > min(_LARGEST_PICTURE, self._room):
            return f'<p class="note">[{_text(words)}: left out, {len(content):,} characters]</p>'
        self._room -= len(content)
        return f'<img alt="{_attribute(words)}" src="data:image/{kind};base64,{content}">'


def _picture_kind(content: str) -> str | None:
    """png, jpeg, gif or webp, if *content* is base64 that begins like one, else None."""
    if not re.fullmatch(r"[A-Za-z0-9+/]+={0,2}", content):
        return None
    try:
        start = base64.b64decode(content[:16])
    except binascii.Error:
        return None
    return next((kind for mark, kind in _KINDS if start.startswith(mark)), None)


def _text(text: str) -> str:
    shown = escape(without_controls(text), quote=True)
    return _TURNING.sub(lambda mark: f"[U+{ord(mark[0]):04X}]", shown)


def _attribute(text: str) -> str:
    return " ".join(_text(text).split())
