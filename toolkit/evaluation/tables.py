"""Pipe tables in Markdown rewritten as HTML, so that both ways to write a table compare."""

from __future__ import annotations

import html
import re

__all__ = ["with_html_tables"]

_RULE = re.compile(r"[-:][-: ]*")


def with_html_tables(markdown: str) -> str:
    """*markdown* with each pipe table as one line of HTML; everything else as it is.

    >>> with_html_tables("| a | b |\\n| - | - |\\n| 1 | 2 |")
    '<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>'
    """
    lines, out, at = markdown.splitlines(), [], 0
    while at < len(lines):
        head, rule = _cells(lines[at]), _cells(lines[at + 1]) if at + 1 < len(lines) else []
        if not head or not _is_rule(rule):
            out.append(lines[at])
            at += 1
            continue
        at += 2
        rows = [head]
        while at < len(lines) and (row := _cells(lines[at])):
            rows.append(row)
            at += 1
        out.append(_table(rows, max(len(head), len(rule))))
    return "\n".join(out)


def _cells(line: str) -> list[str]:
    """The cells of a line of a pipe table; none where it is no such line."""
    line = line.strip()
    if "|" not in line:
        return []
    return [cell.strip() for cell in line.removeprefix("|").removesuffix("|").split("|")]


def _is_rule(cells: list[str]) -> bool:
    return bool(cells) and all(_RULE.fullmatch(cell) for cell in cells)


def _table(rows: list[list[str]], width: int) -> str:
    filled = [_filled(row, width) for row in rows]
    # Pipe tables must have a head; one without words was not meant.
    if not any(filled[0]) and len(filled) > 1:
        filled.pop(0)
    marks = ["th"] + ["td"] * (len(filled) - 1)
    body = "".join(
        "<tr>" + "".join(f"<{mark}>{html.escape(cell)}</{mark}>" for cell in row) + "</tr>"
        for mark, row in zip(marks, filled, strict=True)
    )
    return f"<table>{body}</table>"


def _filled(row: list[str], width: int) -> list[str]:
    """*row* with exactly *width* cells; of three in a wider table, the middle one spans."""
    if len(row) == 3 < width:
        return [row[0], *[row[1]] * (width - 2), row[2]]
    return (row + [""] * width)[:width]
