"""Tables as frames: they know where they stand, go on over pages, and show themselves briefly."""

from __future__ import annotations

import json

import made
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit import frames
from toolkit.document.blocks import (
    Caption,
    Cell,
    Footnote,
    PageFooter,
    PageHeader,
    Paragraph,
    Table,
    TextSource,
)
from toolkit.jobs.job import Job
from toolkit.jobs.state import JobState

JOB = Job(
    id="job_0123456789abcdef",
    number=7,
    tool="parse",
    status=JobState.COMPLETED,
    filename="other.pdf",
    origin=None,
    sha256="ab" * 32,
    size=1,
    media_type="application/pdf",
    batch=None,
    owner="",
    priority=0,
    created_at=1.0,
)
GUESSED = {"text_source": TextSource.INFERRED, "proof": None, "confidence": 0.6}
LOW, TOP = (0.1, 0.6, 0.9, 0.95), (0.1, 0.05, 0.9, 0.2)
HEAD = ("Item", "Net / 2024")


def table(headers=HEAD, rows=(("Pump", "5"),), **more) -> Table:
    return made.block(Table, headers=headers, rows=rows, header_rows=1 if headers else 0, **more)


def text(words="words", kind=Paragraph, **more):
    return made.block(kind, text=words, **more)


def test_a_frame_has_the_table_and_knows_where_it_stands():
    document = made.document([text()], [table(caption="Sales", bbox=LOW)])
    [frame] = frames.tables([(JOB, document)])
    assert list(frame) == ["Item", "Net / 2024"]
    assert frame.to_numpy().tolist() == [["Pump", "5"]]
    assert set(frame.dtypes) == {pd.StringDtype(na_value=float("nan"))}
    assert frame.attrs == {
        "job_id": JOB.id,
        "document_id": JOB.document_id,
        "file": "other.pdf",
        "file_hash": document.source.file_hash,
        "engine": "pagequeue 0.1.0",
        "page": 2,
        "pages": [2],
        "block_id": "blk_000002000000",
        "bbox": list(LOW),
        "caption": "Sales",
        "text_source": "verified",
        "confidence": 0.98,
        "parts": [{"page": 2, "block_id": "blk_000002000000", "bbox": list(LOW), "rows": 1}],
        "rows_joined": [],
    }


def test_it_is_known_after_copying_filtering_and_in_parquet(tmp_path):
    [frame] = frames.tables([made.document([table()])], typed=True)
    assert json.loads(json.dumps(frame.attrs)) == frame.attrs
    assert frame.copy().attrs == frame[frame["Item"] == "Pump"].attrs == frame.attrs
    frame.to_parquet(tmp_path / "table.parquet")
    again = pd.read_parquet(tmp_path / "table.parquet")
    assert again.attrs == frame.attrs
    pd.testing.assert_frame_equal(again, frame)


def test_columns_without_a_name_or_with_the_same_are_told_apart():
    [frame] = frames.tables([made.document([table(("", "Net", "Net ", "Net (2)"), ())])])
    assert list(frame) == ["column 1", "Net", "Net (3)", "Net (2)"]
    assert len(frame) == 0
    [frame] = frames.tables([made.document([table((), (("a", "b"),))])])
    assert list(frame) == ["column 1", "column 2"]


def test_jobs_without_a_document_have_no_tables():
    assert frames.tables([(JOB, None)]) == []


def test_a_list_of_tables_shows_itself_in_lines():
    document = made.document(
        [table(caption="Sales\u202e <b>" + "x" * 90)], filename="a\x1b[2J<i>.pdf"
    )
    found = frames.tables([document])
    head, line = repr(found).splitlines()
    assert head == "<1 table>"
    assert line.startswith("  0  a\\x1b[2J<i>.pdf  p. 1  1 × 2  Sales\\u202e <b>xxx")
    assert len(line) < 100
    assert "<td>a\\x1b[2J&lt;i&gt;.pdf</td>" in found._repr_html_()
    assert "<b>" not in found._repr_html_()
    assert repr(frames.tables([])) == "<0 tables>"


# --- over pages -------------------------------------------------------------------------------


def joined(*pages) -> list[pd.DataFrame]:
    return frames.tables([made.document(*pages)])


def upper(**more) -> Table:
    return table(rows=(("a", "1"), ("b", "2")), bbox=LOW, **more)


def lower(headers=HEAD, **more) -> Table:
    return table(headers, (("c", "3"),), **{"bbox": TOP, **more})


def test_a_table_goes_on_under_the_same_headers():
    [frame] = joined(
        [text(), upper(), text("1", Footnote), text("7", PageFooter)],
        [text("Report", PageHeader), lower(**GUESSED), text()],
    )
    assert frame["Item"].tolist() == ["a", "b", "c"]
    assert frame.attrs["pages"] == [1, 2]
    assert (frame.attrs["page"], frame.attrs["bbox"]) == (1, list(LOW))
    assert [(part["page"], part["rows"]) for part in frame.attrs["parts"]] == [(1, 2), (2, 1)]
    assert (frame.attrs["text_source"], frame.attrs["confidence"]) == ("inferred", 0.6)


def test_a_table_goes_on_without_headers_over_many_pages():
    whole = table((), (("x", "y"),), bbox=(0.1, 0.05, 0.9, 0.95))
    [frame] = joined([upper()], [whole], [whole], [lower(())])
    assert frame["Item"].tolist() == ["a", "b", "x", "x", "c"]
    assert frame.attrs["pages"] == [1, 2, 3, 4]
    assert "pp. 1–4" in repr(joined([upper()], [whole], [whole], [lower(())]))


def test_a_caption_that_says_so_is_no_other_table():
    words = "Table 1 (continued)"
    [frame] = joined([upper(caption="Table 1")], [text(words, Caption), lower(caption=words)])
    assert len(frame) == 3
    assert frame.attrs["caption"] == "Table 1"


@pytest.mark.parametrize(
    "pages",
    [
        ([upper()], [lower(("Item", "Gross"))]),
        ([upper()], [lower(("Item", "Net / 2024", "c"))]),
        ([upper(), text()], [lower()]),
        ([upper()], [text(), lower()]),
        ([upper()], [], [lower()]),
        ([upper()], [lower(bbox=(0.1, 0.6, 0.9, 0.8))]),
        ([table(bbox=TOP)], [lower()]),
        ([upper()], [lower(bbox=(0.4, 0.05, 0.9, 0.2))]),
        ([upper(caption="Table 1")], [lower(caption="Table 2")]),
        ([table((), (("a", "1"),), bbox=LOW)], [lower()]),
    ],
    ids=[
        *("headers", "columns", "text below", "text above", "a page between", "not at the top"),
        *("not at the bottom", "elsewhere", "another caption", "new headers"),
    ],
)
def test_tables_that_only_follow_each_other_stay_two(pages):
    assert len(joined(*pages)) == 2


# --- rows that a page's end cut ----------------------------------------------------------------

GOODS = (
    ("P-1", "Pump", "5"),
    ("V-2", "Valve, for water", "7"),
    ("S-3", "Seal kit of rubber and", "9"),
)
WIDE = ("Code", "Article", "Net")


def cut(first, above=GOODS, headers=WIDE, **more):
    """The frame of a table whose second page begins with the row *first*."""
    below = table(headers, (first, ("B-4", "Box", "1")), bbox=TOP, **more)
    return joined([table(WIDE, above, bbox=LOW)], [below])[0]


@pytest.mark.parametrize("headers", [WIDE, ()])
def test_a_row_that_goes_on_over_the_page_is_one_row(headers):
    frame = cut(("", "brass, in a bag", ""), headers=headers)
    assert frame["Article"].tolist() == [
        *("Pump", "Valve, for water", "Seal kit of rubber and brass, in a bag", "Box")
    ]
    assert frame["Net"].tolist() == ["5", "7", "9", "1"]
    assert frame.attrs["rows_joined"] == [2]
    assert [part["rows"] for part in frame.attrs["parts"]] == [3, 1]


def test_a_word_that_the_page_cut_is_one_word():
    frame = cut(("", "ber rings", ""), (*GOODS[:2], ("S-3", "Seal kit with rub-", "9")))
    assert frame["Article"].iloc[2] == "Seal kit with rubber rings"


@pytest.mark.parametrize(
    ("first", "above"),
    [
        (("", "Brass, in a bag", ""), GOODS),
        (("", "brass, in a bag", "9"), GOODS),
        (("C-9", "brass, in a bag", "9"), GOODS),
        (("", "brass, in a bag", ""), (*GOODS[:2], ("S-3", "Seal kit.", "9"))),
        (("", "brass, in a bag", ""), (*GOODS[:1], ("", "valve", "7"), ("", "seal", ""))),
        (("", "brass, in a bag", ""), (("P-1", "Pump", "5"),)),
        (("", "", ""), GOODS),
        (("", "in a bag", ""), (*GOODS[:2], ("S-3", "", "9"))),
    ],
    ids=[
        *("a capital", "a number of its own", "all filled", "a sentence that ended"),
        *("gaps are usual", "too few rows", "an empty row", "nothing to go on from"),
    ],
)
def test_a_row_that_may_be_one_of_its_own_stays_so(first, above):
    frame = cut(first, above)
    assert frame.attrs["rows_joined"] == []
    assert len(frame) == len(above) + 2


def test_a_cell_that_spans_is_never_put_together():
    spans = (Cell(row=1, column=0, column_span=2, text=""),)
    assert cut(("", "brass, in a bag", ""), cells=spans).attrs["rows_joined"] == []


def test_cells_keep_their_place_below_a_row_that_was_cut():
    cells = (
        *(Cell(row=1, column=c, text=t) for c, t in enumerate(("", "brass", ""))),
        *(Cell(row=0, column=c, text=t, header=True) for c, t in enumerate(WIDE)),
        Cell(row=2, column=0, column_span=2, text="Total"),
        Cell(row=2, column=2, text="21"),
    )
    below = table(WIDE, (("", "brass", ""), ("Total", "Total", "21")), bbox=TOP, cells=cells)
    document = made.document([table(WIDE, GOODS, bbox=LOW)], [below])
    [frame] = frames.tables([document], typed=True)
    assert frame.attrs["rows_joined"] == [2]
    assert frame["Net"].tolist() == [5, 7, 9, 21]


def test_rows_stay_two_where_the_parts_are_left_apart():
    below = table(WIDE, (("", "brass", ""),), bbox=TOP)
    document = made.document([table(WIDE, GOODS, bbox=LOW)], [below])
    assert [len(frame) for frame in frames.tables([document], joined=False)] == [3, 1]


def test_parts_can_be_left_apart():
    document = made.document([upper()], [lower()])
    assert [len(frame) for frame in frames.tables([document], joined=False)] == [2, 1]


@given(st.lists(made.documents(), max_size=2), st.booleans(), st.booleans())
@settings(max_examples=80, deadline=None)
def test_any_tables_become_frames_and_no_row_is_lost(documents, typed, together):
    found = frames.tables(documents, typed=typed, joined=together)
    tables = [b for document in documents for b in document.blocks if isinstance(b, Table)]
    mended = sum(len(frame.attrs["rows_joined"]) for frame in found)
    assert sum(map(len, found)) == sum(len(block.rows) for block in tables) - mended
    parts = [part["block_id"] for frame in found for part in frame.attrs["parts"]]
    assert parts == [block.id for block in tables]
    for frame in found:
        assert frame.columns.is_unique
        assert json.loads(json.dumps(frame.attrs)) == frame.attrs


# --- typed ------------------------------------------------------------------------------------


def test_values_have_their_types_and_their_text_beside_them():
    rows = (
        ("Pumps", "$ (1,234)", "12.5 %", "2024-02-29", "2021", "–"),
        ("Valves", "567.50", "−3 %", "n/a", "2022", "n/a"),
    )
    headers = ("Item", "Net", "Growth", "Due", "Year", "Notes")
    [frame] = frames.tables([made.document([table(headers, rows)])], typed=True)
    assert list(frame) == [
        *headers, "Net (text)", "Growth (text)", "Due (text)", "Year (text)"
    ]  # fmt: skip
    assert frame.dtypes.astype(str).tolist() == [
        *("str", "Float64", "Float64", "datetime64[us]", "Int64", "str", "str", "str", "str", "str")
    ]
    assert frame["Net"].tolist() == [-1234, 567.5]
    assert frame["Growth"].tolist() == [12.5, -3]
    assert frame["Due"][0] == pd.Timestamp("2024-02-29")
    assert pd.isna(frame["Due"][1])
    assert frame["Year"].tolist() == [2021, 2022]
    assert frame["Net (text)"].tolist() == ["$ (1,234)", "567.50"]
    assert frame["Notes"].tolist() == ["–", "n/a"]
    assert frame.attrs["units"] == {"Growth": "%"}
    assert frame.attrs["texts"]["Net"] == "Net (text)"


def test_the_order_of_dates_is_said():
    rows = tuple(zip(*_DATES.values(), strict=True))
    [frame] = frames.tables([made.document([table(tuple(_DATES), rows)])], typed=True)
    assert frame.attrs["dates"] == {
        "dotted": "day first",
        "dots, month first": "month first",
        "slashes": "month first",
    }
    assert frame["dotted"].tolist() == [pd.Timestamp(2024, 4, 3), pd.Timestamp(2024, 6, 5)]
    assert frame["dots, month first"].iloc[0] == pd.Timestamp(2024, 3, 4)
    assert frame["iso"].iloc[0] == pd.Timestamp(2024, 4, 3)
    assert list(frame["open"]) == ["03/04/2024", "05/06/2024"]


_DATES = {
    "dotted": ("03.04.2024", "05.06.2024"),
    "dots, month first": ("03.04.2024", "12.25.2024"),
    "slashes": ("03/04/2024", "12/25/2024"),
    "iso": ("2024-04-03", "2024-06-05"),
    "open": ("03/04/2024", "05/06/2024"),
}


def test_a_name_that_is_taken_is_left_to_the_table():
    headers, rows = ("Net", "Net (text)"), (("5", "five"),)
    [frame] = frames.tables([made.document([table(headers, rows)])], typed=True)
    assert list(frame) == ["Net", "Net (text)", "Net (text) (2)"]
    assert frame.attrs["texts"] == {"Net": "Net (text) (2)"}


def test_a_label_that_spans_columns_is_no_value_of_theirs():
    cells = (
        Cell(row=1, column=0, text="5", column_span=1),
        Cell(row=2, column=0, text="Total", column_span=2),
    )
    block = table(
        ("a", "b", "c"), (("x", "5", "1"), ("Total", "Total", "6")), cells=cells
    )  # fmt: skip
    [frame] = frames.tables([made.document([block])], typed=True)
    assert frame["b"].tolist() == [5, pd.NA]
    assert frame["b (text)"].tolist() == ["5", "Total"]
    assert frame["c"].tolist() == [1, 6]


def one_column(*values, prose="", others=()) -> pd.Series:
    rows = tuple((value, *others) for value in values)
    headers = ("a", "b")[: 1 + len(others)]
    document = made.document([text(prose), table(headers, rows)])
    return frames.tables([document], typed=True)[0]["a"]


def test_the_document_decides_what_a_column_leaves_open():
    assert one_column("1,234", "5,678").tolist() == ["1,234", "5,678"]
    assert one_column("1,234", "5,678", prose="It rose by 6.3 per cent.").tolist() == [1234, 5678]
    assert one_column("1,234", "5,678", prose="Ein Plus von 6,3 %.").tolist() == [1.234, 5.678]
    both = one_column("1,234", prose="6.3 % in one place, 6,3 % in another")
    assert both.tolist() == ["1,234"]


def test_the_table_itself_goes_before_the_document():
    found = one_column("1.234", prose="0.5 of it, 6.5 %", others=("2.345,67",))
    assert found.tolist() == [1234]


def test_what_contradicts_its_surroundings_stays_text():
    assert one_column("12.5", prose="Ein Plus von 6,3 %.").tolist() == ["12.5"]
