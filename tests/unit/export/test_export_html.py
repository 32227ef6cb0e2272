"""HTML: a page of its own in which nothing runs, nothing is fetched, and every text is there."""

from __future__ import annotations

import base64
from html.parser import HTMLParser

import made
import pytest
from export_made import HOSTILE, PNG, job, of_text
from hypothesis import given, settings

from toolkit.document.blocks import Cell, Heading, Image, ListBlock, Paragraph, Table, TextSource
from toolkit.export import html
from toolkit.export.cells import without_controls

INERT = {
    *("html", "head", "meta", "title", "style", "body", "header", "main", "footer", "section"),
    *("div", "p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "pre", "code", "em", "br"),
    *("blockquote", "table", "caption", "tr", "th", "td", "img"),
}
ATTRIBUTES = {
    *("lang", "charset", "http-equiv", "content", "name", "class", "id", "title", "dir"),
    *("rowspan", "colspan", "alt", "src"),
}
VOID = {"meta", "img", "br"}


class Page(HTMLParser):
    """What a browser would make of a page: tags, attributes, text."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(content)
        self.close()
        assert not self._open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, text):
        self.texts.append(text)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def page_of(document, name="report.pdf") -> Page:
    return Page("".join(html.page_of(document, name)))


def assert_inert(page: Page) -> None:
    assert {tag for tag, _ in page.tags} <= INERT
    for _, attributes in page.tags:
        assert set(attributes) <= ATTRIBUTES
    for image in page.all("img"):
        assert image["src"].startswith("data:image/")


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_only_text(text):
    page = page_of(of_text(text), text[:100])
    assert_inert(page)
    whole = "".join(page.texts)
    assert without_controls(whole) == whole
    assert "\u202e" not in whole
    if "\u202e" in text:
        assert "invoice[U+202E]fdp.exe" in whole
    else:
        assert whole.count(without_controls(text)) > 20


@given(made.documents())
@settings(max_examples=60, deadline=None)
def test_any_document_is_a_sound_page(document):
    assert_inert(page_of(document, document.source.filename))


def test_a_page_may_run_and_fetch_nothing():
    policy = [m["content"] for m in page_of(made.document([])).all("meta") if "http-equiv" in m]
    assert policy == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]


def test_cells_keep_their_spans():
    table = made.block(
        Table,
        headers=("Site", "Staff / a", "Staff / b"),
        rows=(("Oslo", "1", "2"),),
        header_rows=2,
        cells=(
            Cell(row=0, column=0, text="Site", row_span=2, header=True),
            Cell(row=0, column=1, text="Staff", column_span=2, header=True),
            Cell(row=1, column=1, text="a", header=True),
            Cell(row=1, column=2, text="b", header=True),
            *(Cell(row=2, column=n, text=text) for n, text in enumerate(("Oslo", "1", "2"))),
        ),
    )
    content = "".join(html.page_of(made.document([table]), "a"))
    assert (
        '<tr><th rowspan="2" dir="auto">Site</th><th colspan="2" dir="auto">Staff</th></tr>'
        '<tr><th dir="auto">a</th><th dir="auto">b</th></tr>'
        '<tr><td dir="auto">Oslo</td><td dir="auto">1</td><td dir="auto">2</td></tr>'
    ) in content


def test_lists_are_nested():
    block = made.block(ListBlock, text="", items=("a", "b", "c", "d"), levels=(0, 1, 3, 0))
    content = "".join(html.page_of(made.document([block]), "a"))
    assert "<ul><li>a<ul><li>b<ul><li>c</li></ul></li></ul></li><li>d</li></ul>" in content


def test_trust_is_shown_by_the_line():
    guessed = {"text_source": TextSource.INFERRED, "proof": None, "confidence": 0.5}
    page = page_of(
        made.document([made.block(Heading, text="a"), made.block(Paragraph, text="b", **guessed)])
    )
    legend, blocks = page.all("p")[:3], page.all("div")
    assert [p["class"] for p in legend] == ["block verified", "block inferred", "block derived"]
    assert [div["class"] for div in blocks] == ["block verified", "block inferred"]
    assert blocks[1]["title"] == "inferred, confidence 0.50"


def picture(content: str | None, **more):
    return page_of(made.document([made.block(Image, image_b64=content, alt="a pump", **more)]))


def test_a_picture_is_part_of_the_page():
    [image] = picture(PNG).all("img")
    assert image == {"alt": "a pump", "src": f"data:image/png;base64,{PNG}"}


@pytest.mark.parametrize(
    "content",
    [None, "", "iVBO", "not base64!", base64.b64encode(b"<svg onload=alert(1)>").decode()],
)
def test_what_is_no_picture_is_said_in_words(content):
    page = picture(content)
    assert not page.all("img")
    assert "[a pump]" in page.texts


def test_pictures_elsewhere_are_not_fetched():
    page = picture(None, url="https://example.com/pixel.png")
    assert not page.all("img")


def test_a_page_has_room_for_so_many_pictures(monkeypatch):
    monkeypatch.setattr(html, "_LARGEST_PAGE", 2 * len(PNG))
    page = page_of(made.document([made.block(Image, image_b64=PNG, alt="x") for _ in range(3)]))
    assert len(page.all("img")) == 2
    assert f"[x: left out, {len(PNG)} characters]" in page.texts


def test_a_page_is_a_file_with_a_safe_name(tmp_path):
    document = made.document([made.block(Paragraph, text="é")])
    written = html.write([(job(n, "../a<b>.pdf"), document) for n in range(2)], tmp_path)
    assert [path.name for path in written] == ["a_b_.html", "a_b_-2.html"]
    assert "é" in written[0].read_text("utf-8")
