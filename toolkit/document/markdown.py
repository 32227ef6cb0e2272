"""A document as Markdown, the same bytes for the same document.

Two styles. *plain* is the text alone: no emphasis, links or image marks, quotation marks
straight, and tables as HTML with spaces between the tags, whose cells keep their spans. *rich* is
for reading: emphasis, image marks, and pipe tables where no cell spans. In both, what stands in a
document stays text: it can become neither a heading, a table, nor live HTML.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal, TypeAlias, get_args
from urllib.parse import quote, urlsplit

import msgspec
from msgspec.structs import replace

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
    Role,
    Table,
)
from toolkit.document.document import Document, Page
from toolkit.document.normal import folded
from toolkit.document.text import figures, text_of
from toolkit.errors import InvalidOption

__all__ = ["Style", "TableFormat", "html_table", "json_table", "markdown", "pipe_table"]

Style: TypeAlias = Literal["rich", "plain"]
TableFormat: TypeAlias = Literal["auto", "markdown", "html", "json"]

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x7f]")
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
# What makes a line of text something else, even in plain style: a heading, a quotation, an
# underline or a table's delimiter row, a rule, a code fence; also after the mark of a list.
_PLAIN_START = re.compile(r"#{1,6}(?:\s|$)|>|[-=]$|[-=|:\s]{2,}$|(?:[*_]\s*){3,}$|`{3}|~{3}")
_LIST_MARKS = re.compile(r"(?:(?:[-+*]|\d{1,9}[.)])\s)*")
_CLOSING_MARKS = re.compile(r"(?<=\s)(?=#+$)")
_RICH_INLINE = re.compile(r"[\\`*_\[\]~$]")
_RICH_ENTITY = re.compile(r"&(?=#?\w+;)")
_RICH_START = re.compile(r"[-+](?:\s|$)|" + _PLAIN_START.pattern)
_RICH_NUMBER = re.compile(r"^(\d{1,9})(?=[.)](?:\s|$))")
_NUMBER = re.compile(r"^(\d+)(?=[.)])")
_NUMBER = re.compile(r"\d{1,9}[.)]")
_COMMENT = re.compile(r"(?<!\\)%.*")
# Plain style is for comparing texts, which differ in their quotation marks by typesetting alone.
_STRAIGHT = str.maketrans("\u2018\u2019\u201c\u201d", "''\"\"")
_LANGUAGE = re.compile(r"[\w+#.-]{1,30}", re.ASCII)

_Inline: TypeAlias = Callable[[str], str]
"""Text as one line that says nothing but itself, in one of the styles."""


def markdown(document: Document, style: Style = "rich", table_format: TableFormat = "auto") -> str:
    """*document* as Markdown, page after page; ends with a newline.

    *table_format* "auto" means HTML in plain style, and in rich style pipe tables where no cell
    spans; "json" is a fenced block of it. Raises InvalidOption for another style or format.
    """
    if style not in get_args(Style):
        raise InvalidOption(f"style {style!r}: rich or plain is needed")
    if table_format not in get_args(TableFormat):
        known = ", ".join(get_args(TableFormat))
        raise InvalidOption(f"table_format {table_format!r}: one of {known} is needed")
    if table_format == "auto" and style == "plain":
        table_format = "html"
    written = _plain if style == "plain" else _rich
    parts = (written(block, table_format) for block in _without_repeats(document.pages))
    return "\n\n".join(part for part in parts if part) + "\n"


def _without_repeats(pages: Iterable[Page]) -> Iterator[Block]:
    """Every block; a caption that is also a block of its own on the page is said once."""
    for page in pages:
        said = {folded(block.text) for block in page.blocks if isinstance(block, Caption)}
        for block in page.blocks:
            match block:
                case (
                    Table(caption=str(own))
                    | Image(caption=str(own))
                    | Diagram(caption=str(own))
                    | Chart(caption=str(own))
                ) if folded(own) in said:
                    yield replace(block, caption=None)
                case _:
                    yield block


def _plain(block: Block, table_format: TableFormat) -> str:  # one case a type
    match block:
        case ListBlock(role=Role.TOC, text=text):
            # Its entries have their own numbers, and no marks.
            return _lines(text, _plain_line)
        case Heading(text=text, level=level):
            return _heading(text, level, _plain_line)
        case ListBlock():
            return _list(block, _plain_line)
        case Code(text=text, language=language):
            return _fenced(text, language)
        case Table() if table_format == "json":
            return _fenced(json_table(block), "json")
        case Table():
            written = pipe_table(block) if table_format == "markdown" else _html(block)
            return _stacked(_lines(block.caption, _plain_line), written)
        case Image(embedded_text=text, caption=caption):
            return _stacked(_lines(text, _plain_line), _lines(caption, _plain_line))
        case Diagram(caption=caption) | Chart(caption=caption):
            return _stacked(_lines(text_of(block), _plain_line), _lines(caption, _plain_line))
        case Formula(latex=latex, text=text):
            return _lines(latex or text, _plain_line)
        case (
            Paragraph(text=text)
            | Caption(text=text)
            | Footnote(text=text)
            | PageHeader(text=text)
            | PageFooter(text=text)
            | Callout(text=text)
        ):
            return _lines(text, _plain_line)


def _rich(block: Block, table_format: TableFormat) -> str:  # one case a type
    match block:
        case Heading(text=text, level=level):
            return _heading(text, level, _rich_line)
        case ListBlock():
            return _list(block, _rich_line)
        case Code(text=text, language=language):
            return _fenced(text, language)
        case Table() if table_format == "json":
            return _fenced(json_table(block), "json")
        case Table():
            return _stacked(_emphasis(block.caption), _rich_table(block, table_format))
        case Image(url=url, alt=alt, caption=caption, image_type=kind, embedded_text=text):
            mark = _image_mark(block.id, url, alt or caption or kind.value)
            return _stacked(mark, _lines(text, _rich_line), _emphasis(caption))
        case Diagram(image_url=url, caption=caption):
            mark = _image_mark(block.id, url, caption or "diagram")
            return _stacked(mark, _connections(block), _emphasis(caption))
        case Chart(image_url=url, title=title, embedded_text=besides, caption=caption):
            mark = _image_mark(block.id, url, title or caption or "chart")
            head, *body = figures(block) or [()]
            numbers = _pipe_table(head, body, _rich_line)
            remarks = _lines(besides, _rich_line)
            return _stacked(mark, _emphasis(title), numbers, remarks, _emphasis(caption))
        case Formula(latex=latex, text=text):
            return _mathematics(latex) if latex else _lines(text, _rich_line)
        case Caption(text=text):
            return _emphasis(text)
        case Callout(text=text):
            return _lines(text, lambda line: f"> {_rich_line(line)}")
        case (
            Paragraph(text=text)
            | Footnote(text=text)
            | PageHeader(text=text)
            | PageFooter(text=text)
        ):
            return _lines(text, _rich_line)


def _on_one_line(text: str) -> str:
    return " ".join(_CONTROL.sub("", text).split())


def _plain_line(text: str) -> str:
    line = _TAG.sub("&lt;", _on_one_line(text)).translate(_STRAIGHT)
    marks = _LIST_MARKS.match(line)
    for at in (0, marks.end() if marks else 0):
        if _PLAIN_START.match(line, at):
            return f"{line[:at]}\\{line[at:]}"
    return line


def _rich_line(text: str) -> str:
    line = _RICH_ENTITY.sub("&amp;", _on_one_line(text))
    line = line.replace("<", "&lt;").replace(">", "&gt;")
    line = _RICH_INLINE.sub(r"\\\g<0>", line)
    line = _RICH_NUMBER.sub(r"\1\\", line)
    return "\\" + line if _RICH_START.match(line) else line


def _lines(text: str | None, inline: _Inline) -> str:
    """*text* line by line, without its empty lines, which would end the block."""
    return "\n".join(inline(line) for line in (text or "").splitlines() if _on_one_line(line))


def _stacked(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)


def _emphasis(text: str | None) -> str:
    line = _rich_line(text or "")
    return f"*{line}*" if line else ""


def _heading(text: str, level: int, inline: _Inline) -> str:
    # A heading's end is where Markdown allows closing marks, which would swallow "F #".
    line = _CLOSING_MARKS.sub(r"\\", inline(text))
    return f"{'#' * min(6, max(1, level))} {line}" if line else ""


def _fenced(code: str, language: str | None) -> str:
    text = "\n".join(_CONTROL.sub("", line).rstrip() for line in code.splitlines())
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    named = language if language and _LANGUAGE.fullmatch(language) else ""
    return f"{fence}{named}\n{text}\n{fence}" if text.strip() else ""


def _list(block: ListBlock, inline: _Inline) -> str:
    if not block.items:
        return _lines(block.text, inline)
    lines, depth = [], -1
    levels = block.levels or (0,) * len(block.items)
    for level, mark, item in zip(levels, _item_marks(block, inline), block.items, strict=True):
        if line := inline(item):
            # Markdown knows no item that is two levels deeper than the one before.
            depth = min(depth + 1, max(0, level))
            lines.append(f"{'    ' * depth}{mark} {line}")
    return "\n".join(lines)


def _item_marks(block: ListBlock, inline: _Inline) -> list[str]:
    """What stands before each item: its own number where Markdown has such numbers, else a dash.

    Other marks of an ordered list, such as "(a)", follow the dash as text.
    """
    if not block.ordered:
        return ["-"] * len(block.items)
    lines = [_on_one_line(line) for line in block.text.splitlines()]
    bare = lines == [_on_one_line(item) for item in block.items]
    if bare or len(lines) != len(block.items):
        return _counted(block)
    marks = []
    for line, item in zip(lines, block.items, strict=True):
        own = line.removesuffix(_on_one_line(item)).strip()
        marks.append(own if _NUMBER.fullmatch(own) else f"- {inline(own)}".rstrip())
    return marks


def _counted(block: ListBlock) -> list[str]:
    """Numbers where a list has none of its own in its text; each level counts for itself."""
    counts: list[int] = []
    marks = []
    for level in block.levels or (0,) * len(block.items):
        depth = max(0, level)
        counts = (counts + [0] * (depth + 1 - len(counts)))[: depth + 1]
        counts[depth] += 1
        marks.append(f"{counts[depth]}.")
    return marks


def _rich_table(table: Table, table_format: TableFormat) -> str:
    spans = any(cell.row_span > 1 or cell.column_span > 1 for cell in table.cells)
    if table_format == "html" or (table_format == "auto" and spans):
        # Jupyter looks for formulas in HTML too.
        return _html(table, head="th").replace("$", "&#36;")
    return _pipe_table(table.headers, table.rows, _rich_line)


def pipe_table(table: Table) -> str:
    """*table* alone as a pipe table in plain style; a spanned cell repeats its text."""
    return _pipe_table(table.headers, table.rows, _plain_line)


def _pipe_table(head: Sequence[str], body: Sequence[Sequence[str]], inline: _Inline) -> str:
    """A pipe table; its head is empty where there is none, since Markdown demands one."""
    width = max(map(len, (head, *body)))
    if not width:
        return ""

    def row(cells: Sequence[str]) -> str:
        texts = (inline(cell).replace("|", "\\|") for cell in cells)
        return "| " + " | ".join([*texts, *[""] * (width - len(cells))]) + " |"

    return "\n".join([row(head), "|" + " --- |" * width, *map(row, body)])


def json_table(table: Table) -> str:
    """*table* as its headers and rows stand in the document, and its caption if it has one."""
    told: dict[str, Any] = {"headers": table.headers, "rows": table.rows}
    if table.caption is not None:
        told = {"caption": table.caption, **told}
    return msgspec.json.format(msgspec.json.encode(told), indent=2).decode()


def html_table(table: Table) -> str:
    """*table* as HTML, whose cells keep their spans."""
    return _html(table, head="th")


def _html(table: Table, head: str = "td") -> str:
    """The table as HTML with spaces between its tags, one line a row, from escaped text alone.

    *head* is the tag of header cells; plain style tells them from the others by place alone.
    """
    rows = [
        " ".join(["<tr>", *(_html_cell(cell, head) for cell in row), "</tr>"])
        for row in _rows_of_cells(table)
    ]
    return "\n".join(["<table>", *rows, "</table>"]) if rows else ""


def _html_cell(cell: Cell, head: str) -> str:
    tag = head if cell.header else "td"
    spans = "".join(
        f' {name}="{count}"'
        for name, count in (("rowspan", cell.row_span), ("colspan", cell.column_span))
        if count > 1
    )
    text = html.escape(_on_one_line(cell.text), quote=False)
    return f"<{tag}{spans}> {text} </{tag}>" if text else f"<{tag}{spans}> </{tag}>"


def _rows_of_cells(table: Table) -> list[list[Cell]]:
    """The cells, row by row from the left; a row that others span wholly has none."""
    cells = table.cells or [
        Cell(row=row, column=column, text=text, header=row == 0 and bool(table.headers))
        for row, texts in enumerate([table.headers, *table.rows] if table.headers else table.rows)
        for column, text in enumerate(texts)
    ]
    places = set(range(table.header_rows + len(table.rows))) if table.cells else set()
    rows: dict[int, list[Cell]] = {row: [] for row in sorted(places | {c.row for c in cells})}
    for cell in sorted(cells, key=lambda cell: cell.column):
        rows[cell.row].append(cell)
    return list(rows.values())


def _image_mark(block_id: str, url: str | None, alt: str) -> str:
    """An image by its address, or by its block's id where its bytes are in the JSON alone."""
    safe = url is not None and urlsplit(url).scheme in ("http", "https", "")
    address = quote(url, safe="/:?#@!$&'*+,;=%~-._") if url and safe else f"#{block_id}"
    return f"![{_rich_line(alt)}]({address})"


def _connections(diagram: Diagram) -> str:
    labels = {node.id: node.label for node in diagram.nodes}
    joined = {end for edge in diagram.edges for end in (edge.source, edge.target)}
    lines = [node.label for node in diagram.nodes if node.id not in joined]
    for edge in diagram.edges:
        ends = f"{labels.get(edge.source, edge.source)} → {labels.get(edge.target, edge.target)}"
        lines.append(f"{ends}: {edge.label}" if edge.label else ends)
    return "\n".join(f"- {_rich_line(line)}" for line in lines)


def _mathematics(latex: str) -> str:
    # On one line, and with nothing in it that could end it, start a tag, or be a link to a
    # reader of Markdown that knows no mathematics. Each has another spelling in LaTeX.
    text = " ".join(_on_one_line(_COMMENT.sub("", line)) for line in latex.splitlines())
    text = text.replace(r"\$", "$").replace("$", r"\$").replace("](", "] (")
    text = text.replace("<", r"\lt ").replace(">", r"\gt ").strip()
    return f"$$ {text} $$" if text else ""
