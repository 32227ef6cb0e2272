"""What is written is read again, equal to the byte; what contradicts itself is refused."""

from __future__ import annotations

import json
import time

import made
import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from toolkit.document import wire
from toolkit.document.blocks import (
    BLOCK_TYPES,
    Chart,
    Heading,
    Image,
    Paragraph,
    Proof,
    Series,
    Table,
    TextSource,
)
from toolkit.errors import InvalidInput, ParseError

ONE = made.document([made.block(Heading, text="Quarterly Report", level=2)])


def changed(**keys: object) -> bytes:
    """ONE as JSON, with some keys of its only block replaced; ``...`` takes a key out."""
    whole = json.loads(wire.encode(ONE))
    block = whole["pages"][0]["blocks"][0]
    block.update(keys)
    for key in [key for key, value in keys.items() if value is ...]:
        del block[key]
    return json.dumps(whole).encode()


@given(made.documents())
@settings(max_examples=300, deadline=None)
def test_every_document_comes_back_equal_and_byte_identical(document):
    written = wire.encode(document)
    read = wire.decode(written)
    assert read == document
    assert wire.encode(read) == written


@given(made.blocks())
@settings(max_examples=150, deadline=None)
def test_the_wire_says_what_a_block_is_and_how_far_to_trust_it(block):
    document = made.document([block])
    (told,) = json.loads(wire.encode(document))["pages"][0]["blocks"]
    assert told["type"] in BLOCK_TYPES
    assert told["verified"] is (told["text_source"] == "verified")
    assert told["bbox_units"] == "normalized"
    assert {"id", "role", "page", "bbox", "reading_order_index", "confidence"} <= told.keys()


def test_the_shape_is_that_of_the_contract():
    table = made.block(Table, headers=("a",), rows=(("1",),))
    whole = json.loads(wire.encode(made.document([table])))
    assert list(whole) == ["wire_version", "source", "extraction", "pages"]
    assert whole["wire_version"] == wire.WIRE_VERSION
    assert list(whole["pages"][0]["blocks"][0].items()) == [
        ("id", "blk_000001000000"),
        ("type", "table"),
        ("role", None),
        ("page", 1),
        ("bbox", [0.1, 0.2, 0.9, 0.3]),
        ("bbox_units", "normalized"),
        ("reading_order_index", 0),
        ("text_source", "verified"),
        ("confidence", 0.98),
        ("verified", True),
        ("proof", "text_layer"),
        ("headers", ["a"]),
        ("rows", [["1"]]),
    ]


def test_a_hidden_page_says_so_and_no_other_does():
    hidden = replace(ONE, pages=(replace(ONE.pages[0], hidden=True),))
    assert json.loads(wire.encode(hidden))["pages"][0]["hidden"] is True
    assert wire.decode(wire.encode(hidden)) == hidden
    assert "hidden" not in json.loads(wire.encode(ONE))["pages"][0]


def test_whole_numbers_are_written_as_the_shares_that_they_are():
    whole = made.document([made.block(Paragraph, text="x", confidence=1, bbox=(0, 0, 1, 1))])
    broken = made.document(
        [made.block(Paragraph, text="x", confidence=1.0, bbox=(0.0, 0.0, 1.0, 1.0))]
    )
    assert wire.encode(whole) == wire.encode(broken)


def test_the_order_of_keys_does_not_matter_to_the_reader():
    scrambled = json.dumps(json.loads(wire.encode(ONE)), sort_keys=True, indent=2).encode()
    assert wire.decode(scrambled) == ONE


@pytest.mark.parametrize(
    "keys",
    [
        {"verified": False},
        {"verified": 1},
        {"verified": ...},
        {"text_source": "inferred"},
        {"text_source": "inferred", "verified": False},  # and still names a proof
        {"proof": None},
        {"proof": "my word"},
        {"confidence": 1.5},
        {"confidence": None},
        {"confidence": "high"},
        {"bbox": [0.5, 0, 0.1, 1]},
        {"bbox": [0, 0, 1]},
        {"bbox": [0, 0, 300, 400]},
        {"bbox_units": "points"},
        {"page": 2},
        {"reading_order_index": 1},
        {"level": 0},
        {"level": 7},
        {"type": "headline"},
        {"type": ...},
        {"type": ["heading"]},
        {"text": ...},
        {"confidance": 0.9},
        {"rows": []},
    ],
    ids=str,
)
def test_a_block_that_cannot_be_meant_is_refused(keys):
    with pytest.raises(ParseError):
        wire.decode(changed(**keys))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"wire_version": 1}',
        b'{"wire_version": true}',
        b'{"wire_version": "1"}',
        b'{"wire_version": 1, "source": 1, "extraction": [], "pages": {}}',
        b'{"wire_version": 1, "pages": [1, {"blocks": [2, {"type": {}}]}]}',
        b"\xff\xfe",
        b"%PDF-1.7",
        b"[" * 100_000,
        b'{"wire_version": 1, "pages": ' + b"[" * 100_000,
    ],
    ids=lambda content: repr(content[:40]),
)
def test_what_is_no_document_is_refused(content):
    with pytest.raises(ParseError):
        wire.decode(content)


def test_nan_written_by_another_program_is_refused():
    with pytest.raises(ParseError):
        wire.decode(changed().replace(b"0.98", b"NaN"))
    with pytest.raises(ParseError):
        wire.decode(changed().replace(b"0.98", b"1e999"))


def test_a_newer_version_says_that_it_is_newer():
    newer = wire.encode(ONE).replace(b'"wire_version":1', b'"wire_version":2')
    with pytest.raises(InvalidInput, match="newer pagequeue"):
        wire.decode(newer)


def test_unknown_keys_are_named():
    with pytest.raises(ParseError, match="'confidance'"):
        wire.decode(changed(confidance=1))
    whole = json.loads(wire.encode(ONE))
    whole["source"]["colour"] = "red"
    with pytest.raises(ParseError, match=r"source has unknown keys: 'colour'"):
        wire.decode(json.dumps(whole).encode())


@pytest.mark.parametrize(
    "block",
    [
        made.block(Paragraph, text="x", confidence=float("nan")),
        made.block(Paragraph, text="x", bbox=(0.0, 0.0, float("inf"), 1.0)),
        made.block(Paragraph, text="half a pair \ud800"),
        made.block(Paragraph, text="x", proof=None),
        made.block(Paragraph, text="x", text_source=TextSource.INFERRED),
        made.block(Chart, series=(Series(name="a", values=(1.0, float("inf"))),)),
        made.block(Chart, data_table=(("a", float("nan")),)),
        made.block(Image, url="a.png", image_b64="iVBO"),
        made.block(Table, headers=("a", "b"), rows=(("1",),)),
        made.block(Table, headers=(), rows=(("1",),), header_rows=10**9),
    ],
)
def test_what_may_not_be_read_cannot_be_written(block):
    with pytest.raises(ParseError):
        wire.encode(made.document([block]))


def test_two_blocks_of_one_name_are_refused():
    page = ONE.pages[0]
    twice = replace(page, blocks=(page.blocks[0], replace(page.blocks[0], reading_order_index=1)))
    with pytest.raises(ParseError, match="two blocks"):
        wire.encode(replace(ONE, pages=(twice,)))


def test_a_verified_table_has_no_inferred_cell():
    from toolkit.document.blocks import Cell

    cells = (Cell(row=0, column=0, text="1", text_source=TextSource.INFERRED),)
    table = made.block(Table, headers=(), rows=(("1",),), cells=cells)
    with pytest.raises(ParseError, match="inferred"):
        wire.encode(made.document([table]))
    honest = replace(table, text_source=TextSource.INFERRED, proof=None)
    wire.encode(made.document([honest]))


def test_proofs_are_those_of_the_contract():
    assert set(Proof) == {"text_layer", "pptx_shape", "faithfulness_check"}


def test_a_hundred_pages_take_a_fraction_of_the_time_to_read_them():
    pages = [[made.block(Paragraph, text="Lorem ipsum dolor " * 20)] * 20] * 100
    document = made.document(*pages)
    started = time.process_time()
    wire.decode(wire.encode(document))
    # About 0.05 s; twenty times that is no noise but a fault.
    assert time.process_time() - started < 1
