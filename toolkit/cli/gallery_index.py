"""The gallery as one HTML page: no script, nothing fetched, every text escaped."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape
from itertools import islice

from toolkit.cli.gallery_drawing import LINES, Leaf
from toolkit.document.blocks import Block, Chart, Diagram, Heading, Table
from toolkit.document.text import figures, text_of
from toolkit.widgets.inspector_leaf import type_of
from toolkit.widgets.inspector_palette import COLOURS, LABELS, SOURCES
from toolkit.widgets.words import escaped, shown_lines, thing

__all__ = ["index_html"]

# Of pictures; a browser still opens it. Later pages are then beside the page, as their PNG only.
_LARGEST = 60_000_000
_TEXT, _ROWS = 1500, 60
_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 1700px; padding: 1.5rem;
  background: Canvas; color: CanvasText; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1.05rem; margin: 2.5rem 0 .5rem; }
.quiet { opacity: .75; font-size: .85rem; }
.legend span { white-space: nowrap; margin-right: 1rem; }
i { display: inline-block; width: .8em; height: .8em; border-radius: 2px; margin-right: .3em; }
.page { display: grid; grid-template-columns: minmax(20rem, 11fr) minmax(20rem, 9fr); gap: 1.5rem;
  align-items: start; }
@media (max-width: 60rem) { .page { display: block; } }
.page > img { width: 100%; height: auto; border: 1px solid #8886; position: sticky; top: 1rem; }
ol.contents { columns: 18rem; } ol.blocks { list-style: none; margin: 0; padding: 0; }
.block { border-left: 4px solid; padding: 0 0 0 .7rem; margin: 0 0 .7rem; }
.inferred { border-left-style: dashed; } .derived { border-left-style: dotted; }
pre { white-space: pre-wrap; font: inherit; margin: 0; unicode-bidi: plaintext; }
table { border-collapse: collapse; font-size: .82rem; display: block; overflow-x: auto; }
td { border: 1px solid #8888; padding: .1rem .4rem; vertical-align: top; }
"""
_HEAD = (
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n"
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    '<meta name="referrer" content="no-referrer">\n<title>Gallery</title>\n'
)


def index_html(pages: Sequence[tuple[Leaf, bytes]]) -> str:
    """*pages* with their drawn pictures (WEBP), each beside the list of its blocks."""
    room, sections = _LARGEST, []
    for at, (leaf, picture) in enumerate(pages):
        room -= len(picture)
        sections.append(_section(at, leaf, picture if room > 0 else b""))
    contents = "".join(
        f'<li><a href="#p{at}">{escaped(leaf.title)}</a></li>' for at, (leaf, _) in enumerate(pages)
    )
    return (
        f"{_HEAD}<style>{_STYLE}</style>\n</head>\n<body>\n<h1>Gallery</h1>\n"
        f'<p class="legend">{_legend()}</p>\n<ol class="contents">{contents}</ol>\n<main>\n'
        f"{''.join(sections)}</main>\n</body>\n</html>\n"
    )


def _legend() -> str:
    colours = "".join(
        f'<span><i style="background:{colour}"></i>{LABELS.get(kind, kind)}</span>'
        for kind, colour in COLOURS.items()
    )
    lines = "".join(
        f"<span>{line}: <strong>{name}</strong>, {SOURCES[name]}</span>"
        for name, line in LINES.items()
    )
    return f"{colours}<br>{lines}<br>Numbers: the reading order."


def _section(at: int, leaf: Leaf, picture: bytes) -> str:
    counts = Counter(type_of(block) for block in leaf.blocks)
    kinds = ", ".join(f"{number} {LABELS.get(kind, kind)}" for kind, number in counts.items())
    verified = sum(block.verified for block in leaf.blocks)
    words = f"{thing(len(leaf.blocks), 'block')}, {verified} verified: {kinds}"
    failures = "".join(f"<p>{escaped(said, 600)}</p>" for said in leaf.failures)
    content = base64.b64encode(picture).decode("ascii")
    shown_picture = (
        f'<img alt="the page with a box around each block" src="data:image/webp;base64,{content}">'
        if picture
        else '<p class="quiet">The picture is left out, since this file is large enough.</p>'
    )
    return (
        f'<section id="p{at}">\n<h2>{escaped(leaf.title)}</h2>\n'
        f'<p class="quiet">{escaped(words, 400)}</p>{failures}\n<div class="page">{shown_picture}\n'
        f'<ol class="blocks">{"".join(map(_block, leaf.blocks))}</ol>\n</div>\n</section>\n'
    )


def _block(block: Block) -> str:
    kind = type_of(block)
    level = f" {block.level}" if isinstance(block, Heading) else ""
    parts = [f"{block.reading_order_index + 1} · {LABELS.get(kind, kind)}{level}"]
    parts += [str(block.role)] if block.role else []
    parts += [str(block.text_source), f"confidence {block.confidence:.2f}"]
    return (
        f'<li class="block {block.text_source}" style="border-left-color:{COLOURS[kind]}">'
        f'<div class="quiet">{escaped(" · ".join(parts))}</div>{_content(block)}</li>\n'
    )


def _content(block: Block) -> str:
    match block:
        case Table(headers=headers, rows=rows):
            return _grid([headers, *rows] if headers else rows)
        case Chart():
            title = f"<pre>{_said(block.title or '')}</pre>"
            return title + _grid(figures(block))
        case Diagram():
            return f"<pre>{_said(chr(10).join(_lines(block)))}</pre>"
    return f"<pre>{_said(text_of(block))}</pre>"


def _lines(diagram: Diagram) -> Iterator[str]:
    labels = {node.id: node.label for node in diagram.nodes}
    yield from labels.values()
    for edge in diagram.edges:
        label = f": {edge.label}" if edge.label else ""
        yield f"{labels.get(edge.source, '?')} → {labels.get(edge.target, '?')}{label}"


def _grid(rows: Sequence[Sequence[str]]) -> str:
    lines = "".join(
        "<tr>" + "".join(f"<td>{_said(cell)}</td>" for cell in row) + "</tr>"
        for row in islice(rows, _ROWS)
    )
    rest = len(rows) - _ROWS
    more = f'<p class="quiet">and {thing(rest, "more row")}</p>' if rest > 0 else ""
    return f"<table>{lines}</table>{more}" if rows else ""


def _said(text: str) -> str:
    return escape(shown_lines(text, _TEXT))
