"""Markdown: deterministic, nothing lost, and a document's text stays text.

What a reader would see is asked of a CommonMark implementation (markdown-it, which rich brings).
"""

from __future__ import annotations

import html
import re

import made
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

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
from toolkit.document.markdown import markdown, pipe_table
from toolkit.errors import InvalidOption

READER = MarkdownIt("commonmark", {"html": True}).enable("table")

# Text made of what Markdown and HTML are made of.
MARKS = [
    *("#", "##", "-", "+", "*", "_", "`", "```", "~~~", "|", "---", "=", "===", "|---|", ">"),
    *("1.", "1)", "[a](b)", "![", "]:", "<script>", "</td>", "<b>", "&", "&lt;", "&amp;", "<!--"),
    *("-->", "<?x", "$", "$$", "\\", "\\#", ":", "::", "a", "B", "word", "http://x.y", "0", "**"),
    *("__", "***", "<a@b.c>"),
]
SPACES = [" ", "\t", "    ", "\n", "\n\n", "\r", "\u2028", "\x00"]
hostile = st.lists(st.sampled_from(MARKS + SPACES), max_size=12).map(" ".join) | st.text(
    st.sampled_from("#*_`|-=+>~<&!/a1. \n\\[]()$:"), max_size=20
)


def seen(text: str) -> str:
    """All the text that a reader of the Markdown sees, without any white space."""
    shown = ("text", "code_inline", "fence", "code_block")
    parts = [part for token in READER.parse(text) for part in token.children or [token]]
    return "".join("".join(part.content for part in parts if part.type in shown).split())


def kinds(text: str) -> set[str]:
    tokens = READER.parse(text)
    return {part.type for token in tokens for part in (token, *(token.children or []))}


def plain(*page) -> str:
    return markdown(made.document(page), "plain")


def rich(*page) -> str:
    return markdown(made.document(page), "rich")


@given(
    made.documents(),
    st.sampled_from(["rich", "plain"]),
    st.sampled_from(["auto", "markdown", "html", "json"]),
)
@settings(max_examples=200, deadline=None)
def test_every_document_can_be_written_and_always_in_the_same_way(document, style, table_format):
    written = markdown(document, style, table_format)
    assert written == markdown(document, style, table_format)
    assert written.endswith("\n")
    assert "\n\n\n" not in re.sub(r"(`{3,}).*?\1", "code", written, flags=re.DOTALL)


@given(hostile)
@settings(max_examples=500, deadline=None)
def test_in_rich_style_a_paragraph_is_a_paragraph_whatever_it_says(text):
    written = rich(made.block(Paragraph, text=text))
    assert kinds(written) <= {"paragraph_open", "inline", "text", "softbreak", "paragraph_close"}
    assert seen(written) == "".join(text.replace("\x00", "").split())


@given(st.lists(hostile, min_size=2, max_size=2))
@settings(max_examples=300, deadline=None)
def test_in_plain_style_no_text_becomes_a_heading_a_table_or_live_html(texts):
    written = plain(*(made.block(Paragraph, text=text) for text in texts))
    forbidden = {"heading_open", "table_open", "html_block", "hr", "fence", "code_block"}
    assert not kinds(written) & forbidden
    assert "html_inline" not in kinds(written)


@given(st.lists(made.blocks(hostile), max_size=3))
@settings(max_examples=150, deadline=None)
def test_no_block_changes_what_the_others_are(blocks):
    written = rich(*blocks)
    levels = [
        block.level
        for block in blocks
        if isinstance(block, Heading) and "".join(block.text.split("\x00")).strip()
    ]
    headings = [token for token in READER.parse(written) if token.type == "heading_open"]
    assert [token.tag for token in headings] == [f"h{level}" for level in levels]
    live = [
        part.content
        for token in READER.parse(written)
        for part in (token, *(token.children or []))
        if part.type in ("html_block", "html_inline")
    ]
    tags = set(re.findall(r"<[^>]*>?", "".join(live)))
    assert {re.sub(r' (row|col)span="\d+"', "", tag) for tag in tags} <= {
        *("<table>", "</table>", "<tr>", "</tr>", "<td>", "</td>", "<th>", "</th>")
    }
    links = [
        c.attrGet("href")
        for t in READER.parse(written)
        for c in t.children or []
        if c.type == "link_open"
    ]
    assert not links


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("# 1 in the market", "\\# 1 in the market"),
        ("#1 in the market", "#1 in the market"),
        ("1. # deep", "1. \\# deep"),
        ("a | b\n--- | ---", "a | b\n\\--- | ---"),
        ("Title\n=====", "Title\n\\====="),
        ("> quoted", "\\> quoted"),
        ("p < 0.05 and a<b>", "p < 0.05 and a&lt;b>"),
        ("3 * 4 _ [5] & `6`", "3 * 4 _ [5] & `6`"),
    ],
)
def test_plain_style_changes_only_what_would_be_misread(text, written):
    assert plain(made.block(Paragraph, text=text)) == written + "\n"


@given(made.tables(hostile))
@settings(max_examples=200, deadline=None)
def test_a_pipe_table_has_the_cells_of_the_table(table):
    table = made.block(Table, headers=table.headers, rows=table.rows)
    assume(table.headers or table.rows)
    rows: list[list[str]] = []
    for token in READER.parse(markdown(made.document([table]), "rich", "markdown")):
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append("".join(child.content for child in token.children))
    width = len(table.headers or table.rows[0])
    expected = [list(table.headers) or [""] * width, *map(list, table.rows)]
    assert [["".join(cell.split()) for cell in row] for row in rows] == [
        ["".join(cell.replace("\x00", "").split()) for cell in row] for row in expected
    ]


@given(made.tables(hostile))
@settings(max_examples=200, deadline=None)
def test_an_html_table_has_the_cells_and_spans_of_the_table(table):
    written = plain(
        made.block(
            Table,
            headers=table.headers,
            rows=table.rows,
            cells=table.cells,
            header_rows=table.header_rows,
        )
    )
    cells = re.findall(r"<td( rowspan=\"(\d+)\")?( colspan=\"(\d+)\")?> (.*?) ?</td>", written)
    found = sorted((int(c[1] or 1), int(c[3] or 1), html.unescape(c[4])) for c in cells)
    if table.cells:
        expected = [(c.row_span, c.column_span, c.text) for c in table.cells]
    else:
        expected = [(1, 1, text) for row in (table.headers, *table.rows) for text in row]
    assert found == sorted((r, c, " ".join(t.replace("\x00", "").split())) for r, c, t in expected)


def test_plain_style_is_the_text_alone():
    page = [
        made.block(PageHeader, text="Annual Report"),
        made.block(Heading, text="Results of\nthe year", level=2),
        made.block(Paragraph, text="Revenue rose by 5 % & costs < plan;\nsee *note* [1]."),
        made.block(ListBlock, text="• one\n• two", items=("one", "two")),
        made.block(ListBlock, text="(a) one\n3. two", items=("one", "two"), ordered=True),
        made.block(Table, headers=("A", "B"), rows=(("1", "x & y"),), caption="Table 1"),
        made.block(Caption, text="Table 1"),
        made.block(Image, url="a.png", alt="A lake", embedded_text="Lake\nView"),
        made.block(
            Chart, title="Sales", categories=("Q1",), series=(Series(name="N", values=(1.5,)),)
        ),
        made.block(
            Diagram, nodes=(Node(id="a", label="Start"),), edges=(Edge(source="a", target="a"),)
        ),
        made.block(Formula, text="E = mc2", latex="E = mc^2"),
        made.block(Callout, text="Mind this"),
        made.block(Footnote, text="1 A note"),
        made.block(Code, text="# one\n  two"),
        made.block(PageFooter, text="12"),
    ]
    assert plain(*page) == (
        "Annual Report\n\n## Results of the year\n\n"
        "Revenue rose by 5 % & costs < plan;\nsee *note* [1].\n\n"
        "- one\n- two\n\n- (a) one\n3. two\n\n"
        "<table>\n<tr> <td> A </td> <td> B </td> </tr>\n"
        "<tr> <td> 1 </td> <td> x &amp; y </td> </tr>\n</table>\n\n"
        "Table 1\n\nLake\nView\n\n"
        "Sales\nN\nQ1 1.5\n\nStart\n\nE = mc^2\n\nMind this\n\n1 A note\n\n"
        "```\n# one\n  two\n```\n\n12\n"
    )


def test_rich_style_is_for_reading():
    page = [
        made.block(Heading, text="C #"),
        made.block(Paragraph, text="1. <b>bold</b> & *stars*\n- dash"),
        made.block(Caption, text="Figure 1: a_b"),
        made.block(Callout, text="Mind\nthis"),
        made.block(Image, url="pic 1.png", alt="A [lake]"),
        made.block(Image, url="javascript:alert(1)", caption="Bad"),
        made.block(Image, image_b64="iVBO"),
        made.block(Table, headers=(), rows=(("a|b", "$5"),)),
        made.block(Formula, latex="a < b $$ <script>"),
        made.block(
            Diagram,
            nodes=(Node(id="a", label="Start"), Node(id="b", label="End")),
            edges=(Edge(source="a", target="b", label="go"),),
        ),
    ]
    assert rich(*page) == (
        "# C \\#\n\n"
        "1\\. &lt;b&gt;bold&lt;/b&gt; & \\*stars\\*\n\\- dash\n\n*Figure 1: a\\_b*\n\n"
        "> Mind\n> this\n\n![A \\[lake\\]](pic%201.png)\n\n![Bad](#blk_000001000005)\n\n*Bad*\n\n"
        "![unknown](#blk_000001000006)\n\n|  |  |\n| --- | --- |\n| a\\|b | \\$5 |\n\n"
        "$$ a \\lt  b \\$\\$ \\lt script\\gt $$\n\n"
        "![diagram](#blk_000001000009)\n\n- Start → End: go\n"
    )


def test_a_spanned_table_is_html_with_its_spans():
    cells = (
        Cell(row=0, column=0, text="Name", row_span=2, header=True),
        Cell(row=0, column=1, text="Votes", column_span=2, header=True),
        Cell(row=1, column=2, text="Second", header=True),
        Cell(row=1, column=1, text="First", header=True),
        Cell(row=2, column=0, text="$1"),
    )
    table = made.block(
        Table,
        headers=("Name", "Votes / First", "Votes / Second"),
        rows=(("$1", "", ""),),
        cells=cells,
        header_rows=2,
    )
    assert plain(table) == (
        '<table>\n<tr> <td rowspan="2"> Name </td> <td colspan="2"> Votes </td> </tr>\n'
        "<tr> <td> First </td> <td> Second </td> </tr>\n<tr> <td> $1 </td> </tr>\n</table>\n"
    )
    assert '<th rowspan="2"> Name </th>' in rich(table)
    assert "&#36;1" in rich(table)
    assert markdown(made.document([table]), "rich", "markdown") == (
        "| Name | Votes / First | Votes / Second |\n| --- | --- | --- |\n| \\$1 |  |  |\n"
    )
    assert pipe_table(table).endswith("| $1 |  |  |")


def test_a_row_that_others_span_wholly_keeps_its_place():
    cells = (Cell(row=0, column=0, text="a", row_span=2), Cell(row=2, column=0, text="b"))
    table = made.block(Table, headers=(), rows=(("a",), ("a",), ("b",)), cells=cells)
    assert plain(table).count("<tr>") == 3


def test_a_document_that_says_nothing_is_one_line_end():
    assert plain() == "\n"
    assert rich(made.block(Paragraph, text=" \n ")) == "\n"


def test_code_cannot_leave_its_fence():
    written = rich(made.block(Code, text="```\n<script>\n````", language="py\nevil"))
    assert written == "`````\n```\n<script>\n````\n`````\n"
    assert kinds(written) == {"fence"}


@pytest.mark.parametrize(
    "text",
    ["1.1 Results", "Alder & Finch | Report", "-5 % (+3)", "#1 of 3: a = b", "2025 (p. 3)"],
)
def test_rich_style_leaves_alone_what_cannot_be_misread(text):
    assert rich(made.block(Heading, text=text)) == f"# {text}\n"
    assert rich(made.block(Paragraph, text=text)) == f"{text}\n"


@pytest.mark.parametrize("options", [{"style": "fancy"}, {"table_format": "csv"}])
def test_unknown_styles_are_refused(options):
    with pytest.raises(InvalidOption):
        markdown(made.document(), **options)


def test_nested_items_stay_items_however_deep_they_say_they_are():
    block = made.block(ListBlock, text="", items=("a", "", "b", "c"), levels=(2, 0, 5, 0))
    assert rich(block) == "- a\n    - b\n- c\n"
    assert [t.type for t in READER.parse(rich(block))].count("list_item_open") == 3


def test_quotation_marks_are_straight_in_plain_style_alone():
    said = "\u201cIt\u2019s \u2018so\u2019\u201d"
    paragraph = made.block(Paragraph, text=said)
    assert plain(paragraph).strip() == "\"It's 'so'\""
    assert rich(paragraph).strip() == said
