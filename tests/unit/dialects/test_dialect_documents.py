"""A document as answers show it: boxes, pictures, Markdown and chunks."""

from __future__ import annotations

import json

import made
import msgspec
import pytest
import speaking
from hypothesis import given, settings
from speaking import CONTENT, DOCUMENT, PICTURE, call, job, route, told, view

from toolkit.dialects.documents import pieces, shown
from toolkit.document import chunks as cut
from toolkit.document.blocks import Table
from toolkit.document.markdown import markdown
from toolkit.document.wire import decode, encode
from toolkit.jobs.state import JobState


def told_of(**presentation):
    found = route("v1", "GET", "/jobs/{job_id}")
    asked = view(JobState.COMPLETED, presentation=presentation)
    reply = found.write(call(), asked)
    speaking.measure(speaking.spoken("v1"), found, reply)
    body = told(reply)
    return body["document"], body["markdown"]


def chunked(**presentation):
    found = route("job_list", "GET", "/{job_id}")
    reply = found.write(call(), view(JobState.COMPLETED, presentation=presentation))
    speaking.measure(speaking.spoken("job_list"), found, reply)
    return told(reply)["result"]


def test_with_its_layout_a_document_is_the_canonical_one():
    document, written = told_of(include_layout=True)
    assert document == json.loads(CONTENT)
    assert written == markdown(DOCUMENT)


def test_without_it_no_box_is_left_and_nothing_else_is_lost():
    document, written = told_of()
    whole = json.loads(CONTENT)
    for page in whole["pages"]:
        for block in page["blocks"]:
            del block["bbox"], block["bbox_units"]
            for node in block.get("nodes", ()):
                node.pop("bbox", None)
    assert document == whole
    assert "bbox" not in json.dumps(document)
    assert written == markdown(DOCUMENT)


def test_pictures_are_left_out_on_demand():
    document, written = told_of(preserve_images=False, include_layout=True)
    assert PICTURE not in json.dumps(document)
    pictures = [b for page in document["pages"] for b in page["blocks"] if b["type"] == "image"]
    assert [picture["alt"] for picture in pictures] == ["a map"]
    assert "url" not in pictures[0]
    # what is left is a sound document, and its Markdown is that of it
    assert written == markdown(decode(msgspec.json.encode(document)))


def test_the_styles_of_markdown_and_its_tables():
    assert told_of(style="plain")[1] == markdown(DOCUMENT, "plain")
    assert told_of(table_format="html")[1] == markdown(DOCUMENT, "rich", "html")
    assert told_of(table_format="markdown")[1] == markdown(DOCUMENT, "rich", "markdown")
    written = told_of(table_format="json")[1]
    [code] = written.split("```json\n")[1:]
    table = json.loads(code.split("\n```")[0])
    assert table == {"headers": ["Region", "Sales"], "rows": [["North", "12"], ["South", "7"]]}


def test_chunks_are_those_of_the_document():
    result = chunked()
    expected = cut.chunks(DOCUMENT)
    assert len(expected) > 3
    assert [chunk["content"] for chunk in result["chunks"]] == [one.content for one in expected]
    first = result["chunks"][0]
    assert first["metadata"] == {"type": "paragraph", "confidence": 0.98}
    assert first["block_ids"][0] == "blk_000001000000"
    assert result["metadata"]["pages"] == 2
    assert result["metadata"]["chunks"] == len(expected)


def test_chunks_are_cut_as_asked():
    asked = {"strategy": "page", "max_chunk_size": 60}
    result = chunked(**asked)
    # the usual overlap of 100 would be more than half of such a chunk
    expected = cut.chunks(DOCUMENT, "page", max_chars=60, overlap=30)
    assert [chunk["content"] for chunk in result["chunks"]] == [one.content for one in expected]
    assert {chunk["page"] for chunk in result["chunks"]} == {1, 2}
    assert result["metadata"]["strategy"] == "page"


@pytest.mark.parametrize(
    ("table_format", "begin"), [("markdown", "| "), ("html", "<table>"), ("json", "{\n")]
)
def test_tables_stand_in_chunks_as_asked(table_format, begin):
    table = made.block(
        Table,
        headers=("Region", "Sales"),
        rows=(("North", "12"),) * 40,
        header_rows=1,
        caption="Table 1",
    )
    [whole] = pieces(made.document([table]), {"table_format": table_format, "max_chunk_size": 50})
    assert whole.content.startswith(begin)
    assert whole.content.count("North") == 40


@settings(max_examples=50, deadline=None)
@given(document=made.documents())
def test_any_document_can_be_shown_in_any_way(document):
    content = encode(document)
    for presentation in (
        {},
        {"preserve_images": False, "style": "plain", "table_format": "json"},
        {"include_layout": True, "table_format": "html"},
    ):
        raw, written = shown(content, presentation)
        assert msgspec.json.decode(raw)["source"]["filename"] == document.source.filename
        assert written.endswith("\n")
        # the same document gives the same bytes
        assert shown(content, presentation) == (raw, written)
    found = route("v1", "GET", "/jobs/{job_id}")
    reply = found.write(call(), view(JobState.COMPLETED, document=content))
    speaking.measure(speaking.spoken("v1"), found, reply)
    found = route("job_list", "GET", "/{job_id}")
    reply = found.write(call(), view(JobState.COMPLETED, document=content))
    speaking.measure(speaking.spoken("job_list"), found, reply)


def test_a_document_that_was_not_asked_for_is_not_there():
    own = {"job": job(JobState.COMPLETED), "document": None}
    found = route("v1", "GET", "/jobs/{job_id}")
    body = told(found.write(call(), view(JobState.COMPLETED, **own)))
    assert (body["document"], body["markdown"]) == (None, None)


@pytest.mark.parametrize(
    "odd", [{"table_format": "nonsense"}, {"max_chunk_size": -1}, {"style": 5}, {"overlap": 10**9}]
)
def test_a_presentation_that_nobody_checked_breaks_nothing(odd):
    assert shown(CONTENT, odd)[1] == shown(CONTENT, {})[1]
    assert pieces(DOCUMENT, odd)
