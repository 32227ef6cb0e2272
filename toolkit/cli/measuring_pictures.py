"""The worst pages as HTML: the page, its truth and what was read of it, side by side."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from toolkit.cli.gallery import picture_of
from toolkit.cli.measuring_reading import Reading
from toolkit.document.markdown import markdown
from toolkit.evaluation import Measured
from toolkit.evaluation.differences import MOST_WORDS, Piece, differences
from toolkit.export.names import Names
from toolkit.widgets.words import count, escaped, shown_lines

__all__ = ["write_pictures"]

# Of a long file the first pages are enough to see what is wrong.
_MOST_PAGES = 4
_LONGEST = 400_000
_TABLE = re.compile(r"<table\b.*?</table>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"\s*(</?[a-zA-Z][^<>]*>)\s*")
_STYLE = """
:root { color-scheme: light dark; }
body { font: 14px/1.5 system-ui, sans-serif; margin: 0; padding: 1rem; background: Canvas;
  color: CanvasText; overflow-wrap: anywhere; }
h1 { font-size: 1.2rem; margin: 0; } h2 { font-size: 1rem; margin: 0 0 .5rem; }
.quiet { opacity: .75; font-size: .85rem; }
.three { display: grid; grid-template-columns: 5fr 4fr 4fr; gap: 1rem; align-items: start; }
@media (max-width: 60rem) { .three { display: block; } }
img { width: 100%; height: auto; border: 1px solid #8886; }
pre { white-space: pre-wrap; font: inherit; margin: 0; border: 1px solid #8886; padding: .5rem;
  unicode-bidi: plaintext; }
del { background: #f7c6c0; color: #000; text-decoration: none; border-bottom: 2px solid #b3261e; }
ins { background: #bfe5c8; color: #000; text-decoration: none; border-bottom: 2px dotted #1b6e35; }
td, th { padding: .1rem .8rem .1rem 0; text-align: left; }
"""
_HEAD = (
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n"
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    '<meta name="referrer" content="no-referrer">\n'
)


def write_pictures(
    folder: Path,
    names: Sequence[str],
    pages: Mapping[str, Measured],
    readings: Mapping[str, Reading],
    truths: Mapping[str, str],
) -> Path:
    """An HTML file for each of *names* into *folder*, and index.html, whose path is returned."""
    folder.mkdir(parents=True, exist_ok=True)
    files, rows = Names(), []
    files.take("index.html", ".html")
    for name in names:
        file = files.take(f"{name}.html", ".html")
        reading = readings.get(name, Reading(""))
        content = _page(name, pages[name], reading, truths[name])
        (folder / file).write_text(content, "utf-8")
        rows.append(
            f'<tr><td><a href="{escape(file)}">{escaped(name)}</a></td>'
            f"<td>{escape(_scores(pages[name]))}</td></tr>"
        )
    index = folder / "index.html"
    index.write_text(
        f"{_HEAD}<title>The worst pages</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>The worst pages</h1>\n<table>{''.join(rows)}</table>\n</body>\n</html>\n",
        "utf-8",
    )
    return index


def _scores(page: Measured) -> str:
    known = {
        name: value
        for name in page.scores.__struct_fields__
        if (value := getattr(page.scores, name)) is not None
    }
    if page.characters and page.characters.error_rate is not None:
        known["CER"] = page.characters.error_rate
    return " · ".join(f"{name} {value:.3f}" for name, value in known.items())


def _page(name: str, page: Measured, reading: Reading, truth: str) -> str:
    said = reading.said if isinstance(reading.said, str) else markdown(reading.said, style="plain")
    wanted, found = differences(_tidied(truth)[:_LONGEST], _tidied(said)[:_LONGEST])
    long = len(wanted) == len(found) == 1 and truth.strip() != said.strip()
    note = f"<p>More than {count(MOST_WORDS)} words: not compared.</p>" if long else ""
    return (
        f"{_HEAD}<title>{escaped(name)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f'<h1>{escaped(name)}</h1>\n<p class="quiet">{escape(_scores(page))}. '
        "Marked with a solid line: in the truth alone; with a dotted line: in the reading alone."
        f'</p>{note}\n<div class="three">\n<section><h2>Page</h2>{_pictures(reading)}</section>\n'
        f"<section><h2>Truth</h2><pre>{_marked(wanted, 'del')}</pre></section>\n"
        f"<section><h2>Read</h2><pre>{_marked(found, 'ins')}</pre></section>\n"
        "</div>\n</body>\n</html>\n"
    )


def _tidied(text: str) -> str:
    """*text* with each row of an HTML table on a line: how it is laid out is no difference."""
    return _TABLE.sub(lambda found: _TAG.sub(_parted, found[0]), text)


def _parted(tag: re.Match[str]) -> str:
    return f"\n{tag[1]} " if tag[1].startswith(("<tr", "</table")) else f" {tag[1]} "


def _marked(pieces: Sequence[Piece], tag: str) -> str:
    texts = [(escape(shown_lines(piece.text, _LONGEST)), piece.same) for piece in pieces]
    return "".join(text if same else f"<{tag}>{text}</{tag}>" for text, same in texts)


def _pictures(reading: Reading) -> str:
    if reading.shown is None:
        return '<p class="quiet">No picture: only its Markdown was given.</p>'
    numbers = [1]
    if not isinstance(reading.said, str):
        numbers = [page.page for page in reading.said.pages][:_MOST_PAGES]
    pictures = [picture_of(reading.shown, number, {}) for number in numbers]
    return "".join(
        f'<img alt="page {number}" src="data:image/webp;base64,'
        f'{base64.b64encode(picture).decode("ascii")}">'
        for number, picture in zip(numbers, pictures, strict=True)
        if picture
    )
