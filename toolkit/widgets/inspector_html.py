"""A document with its pages, boxes and blocks as one HTML file: no script, nothing fetched."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape

from toolkit.document import Document
from toolkit.document.document import Page
from toolkit.errors import ToolkitError
from toolkit.widgets.inspector_leaf import Plain, detail, plain
from toolkit.widgets.inspector_palette import COLOURS, DASHES, LABELS, SOURCES, sureness
from toolkit.widgets.words import bulk, count, escaped, thing

__all__ = ["page_of"]

# A file of 20 MB still opens in any browser and goes into a mail; a page has about 100 kB.
LARGEST = 20_000_000
WIDTH = 1000

_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 1500px; padding: 1.5rem;
  background: Canvas; color: CanvasText; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; margin: 0 0 .25rem; } h2 { font-size: 1rem; margin: 2rem 0 .5rem; }
.quiet { opacity: .75; font-size: .85rem; }
.legend span { white-space: nowrap; margin-right: 1rem; }
.legend i { display: inline-block; width: .7em; height: .7em; border-radius: 2px;
  margin-right: .3em; }
.page { display: grid; grid-template-columns: minmax(20rem, 11fr) minmax(20rem, 9fr); gap: 1.5rem;
  align-items: start; }
@media (max-width: 60rem) { .page { display: block; } }
.paper { position: sticky; top: 1rem; }
.paper svg { width: 100%; height: auto; max-height: 96vh; background: #fff;
  border: 1px solid #8886; }
rect { fill-opacity: .07; stroke-width: 1.5; } a:hover rect, a:focus rect { fill-opacity: .25; }
.block { border-left: 3px solid; padding: .1rem 0 .1rem .75rem; margin: 0 0 .9rem; }
.block:target { outline: 2px solid Highlight; outline-offset: 4px; }
.inferred { border-left-style: dashed; } .derived { border-left-style: dotted; }
.text { white-space: pre-wrap; unicode-bidi: isolate; margin: .15rem 0; }
h3.text { font-size: 1.05rem; } pre.text { font-size: .85rem; }
.grid { overflow-x: auto; } table { border-collapse: collapse; font-size: .85rem; }
td, th { border: 1px solid #8888; padding: .15rem .5rem; text-align: start; vertical-align: top;
  white-space: pre-wrap; }
th { background: #8882; } .block img { max-width: 100%; height: auto; }
"""
_HEAD = (
    '<!doctype html>\n<html lang="und">\n<head>\n<meta charset="utf-8">\n'
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n"
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    '<meta name="referrer" content="no-referrer">\n'
)
_KINDS = ((b"\x89PNG", "png"), (b"\xff\xd8\xff", "jpeg"), (b"GIF8", "gif"), (b"RIFF", "webp"))

Draw = Callable[[int, int], bytes]


def page_of(document: Document, draw: Draw, *, pages: Sequence[int] | None = None) -> str:
    """*document* as an HTML page; *draw* (page, width) gives the pictures of its pages.

    *pages* are all by default. Beyond ``LARGEST`` bytes pictures, and then pages, are left out,
    which it says.
    """
    wanted = [page for page in document.pages if pages is None or page.page in pages]
    parts, size, left = [_top(document)], 0, 0
    for page in wanted:
        if size > LARGEST:
            left += 1
            continue
        made = "".join(_section(document, page, draw, LARGEST - size))
        size += len(made)
        parts.append(made)
    parts.append(_bottom(document, left=left, other=len(document.pages) - len(wanted)))
    return "".join(parts)


def _top(document: Document) -> str:
    source, name = document.source, escaped(document.source.filename)
    found = dict.fromkeys(str(block.__struct_config__.tag) for block in document.blocks)
    squares = "".join(
        f'<span><i style="background:{COLOURS[kind]}"></i>{LABELS.get(kind, kind)}</span>'
        for kind in found
    )
    lines = {"verified": "solid", "inferred": "dashed", "derived": "dotted"}
    trust = "".join(
        f"<span>{line} line: <strong>{one}</strong>, {SOURCES[one]}</span>"
        for one, line in lines.items()
    )
    score = document.extraction.faithfulness_score
    return (
        f"{_HEAD}<title>{name}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<header>\n"
        f'<h1 dir="auto">{name}</h1>\n<div class="quiet">{thing(source.page_count, "page")}, '
        f"{thing(sum(1 for _ in document.blocks), 'block')}, faithfulness {score:.3f}</div>\n"
        f'<p class="legend">{squares}<br>{trust}</p>\n</header>\n<main>\n'
    )


def _bottom(document: Document, *, left: int, other: int) -> str:
    notes = [
        escaped(f"page {failure.page}: {failure.code}: {failure.message}", 600)
        for failure in document.extraction.per_page_failures
    ]
    if left:
        notes.append(
            f"{thing(left, 'page')} left out: one file holds about {bulk(LARGEST)}. "
            "Ask for them with pages=."
        )
    if other:
        notes.append(f"{thing(other, 'page')} not asked for.")
    source, engine = document.source.file_hash, document.extraction.model
    notes.append(f"{escaped(source)} · {escaped(engine)}")
    inside = "".join(f"<p>{note}</p>\n" for note in notes)
    return f'</main>\n<footer class="quiet">\n{inside}</footer>\n</body>\n</html>\n'


def _section(document: Document, page: Page, draw: Draw, room: int) -> Iterator[str]:
    number = page.page
    sizes = document.source.page_sizes
    width, height = sizes[number - 1] if number <= len(sizes) else (8.5, 11.0)
    picture, words = b"", ""
    try:
        picture = draw(number, WIDTH)
    except ToolkitError as exc:
        words = f"{exc.code}: {exc}"
    if len(picture) * 4 // 3 > room:
        picture, words = b"", "The picture is left out, since the file is large enough."
    yield f'<section id="page-{number}">\n<h2>Page {number}</h2>\n<div class="page">\n'
    yield f'<div class="paper">{_paper(page, picture, height / max(width, 0.01))}'
    yield f'<p class="quiet">{escaped(words, 600)}</p></div>\n<div>\n'
    for block in page.blocks:
        yield _block(plain(block), detail(block, whole=True))
    yield "</div>\n</div>\n</section>\n"


def _paper(page: Page, picture: bytes, ratio: float) -> str:
    high = max(1, round(1000 * ratio))
    image = ""
    if picture:
        content = base64.b64encode(picture).decode("ascii")
        image = f'<image width="1000" height="{high}" href="data:image/webp;base64,{content}"/>'
    boxes = "".join(_box(plain(block), high) for block in page.blocks)
    return (
        f'<svg viewBox="0 0 1000 {high}" role="img" aria-label="page {page.page} with a box around '
        f'each block">{image}{boxes}</svg>'
    )


def _box(one: Plain, high: int) -> str:
    x0, y0, x1, y1 = one["b"]
    colour, kind = COLOURS[one["t"]], LABELS.get(one["t"], one["t"])
    dash = f' stroke-dasharray="{DASHES[one["s"]]}"' if DASHES[one["s"]] else ""
    title = escaped(f"{kind}, {one['s']}: {one['x']}", 200)
    return (
        f'<a href="#{_name(one["i"])}"><rect x="{1000 * x0:.1f}" y="{high * y0:.1f}" '
        f'width="{1000 * (x1 - x0):.1f}" height="{high * (y1 - y0):.1f}" fill="{colour}" '
        f'stroke="{colour}"{dash}><title>{title}</title></rect></a>'
    )


def _name(block_id: str) -> str:
    return re.sub(r"[^\w-]", "_", block_id)


def _block(one: Plain, own: Plain) -> str:
    kind = LABELS.get(one["t"], one["t"])
    trust = f"{kind} · {one['s']} · confidence {one['c']:.2f}, {sureness(one['c'])}"
    return (
        f'<div class="block {one["s"]}" id="{_name(one["i"])}" dir="auto" '
        f'style="border-left-color:{COLOURS[one["t"]]}"><div class="quiet">{escaped(trust)}</div>'
        f"{_content(one, own)}</div>\n"
    )


def _content(one: Plain, own: Plain) -> str:
    match own["k"]:
        case "list":
            items = "".join(
                f'<li class="text" style="margin-left:{1.2 * min(8, level)}em">{escape(text)}</li>'
                for level, text in own["items"]
            )
            tag = "ol" if own["ordered"] else "ul"
            return f"<{tag}>{items}</{tag}>{_more(own)}"
        case "table":
            return _table(own)
        case "chart":
            return _figure(own) + _grid(own["numbers"]) + _more(own)
        case "diagram":
            lines = [f"{a} → {b}" + (f": {label}" if label else "") for a, b, label in own["edges"]]
            return _figure(own) + _texts([*own["nodes"], *lines])
        case "image" | "formula":
            return _figure(own) + _texts([own.get("latex"), own.get("text")])
        case "code":
            return f'<pre class="text">{escape(own["text"])}</pre>{_more(own)}'
        case _:
            tag = "h3" if one["t"] == "heading" else "p"
            return f'<{tag} class="text">{escape(own["text"])}</{tag}>{_more(own)}'


def _texts(texts: Iterable[str | None]) -> str:
    return "".join(f'<p class="text">{escape(text)}</p>' for text in texts if text)


def _more(own: Plain) -> str:
    return f'<p class="quiet">{count(own["more"])} more left out</p>' if own.get("more") else ""


def _table(own: Plain) -> str:
    rows: dict[int, list[str]] = {}
    for row, _, down, across, header, text, *_ in own["cells"]:
        tag = "th" if header else "td"
        spans = "".join(
            f' {name}="{min(number, 1000)}"'
            for name, number in (("rowspan", down), ("colspan", across))
            if number > 1
        )
        rows.setdefault(row, []).append(f'<{tag}{spans} dir="auto">{escape(text)}</{tag}>')
    # A row that others span wholly has no cell of its own, and still is a row.
    last = max(rows, default=-1)
    lines = "".join(f"<tr>{''.join(rows.get(row, []))}</tr>" for row in range(last + 1))
    return f'{_texts([own["caption"]])}<div class="grid"><table>{lines}</table></div>{_more(own)}'


def _grid(rows: list[list[str]]) -> str:
    lines = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f'<div class="grid"><table>{lines}</table></div>' if rows else ""


def _figure(own: Plain) -> str:
    kind = _kind(own.get("picture"))
    words = own.get("alt") or own.get("title") or own.get("caption") or own.get("kind") or own["k"]
    image = (
        f'<img alt="{escaped(words)}" src="data:image/{kind};base64,{own["picture"]}">'
        if kind
        else f'<p class="quiet">[{escaped(words)}]</p>'
    )
    return image + _texts([own.get("title"), own.get("caption")])


def _kind(content: str | None) -> str | None:
    """png, jpeg, gif or webp, if *content* is base64 that begins like one."""
    if not content or not re.fullmatch(r"[A-Za-z0-9+/]+={0,2}", content):
        return None
    try:
        start = base64.b64decode(content[:16])
    except binascii.Error:
        return None
    return next((kind for mark, kind in _KINDS if start.startswith(mark)), None)
