"""The inspector without a browser: what it says to one, and what can be said to it."""

from __future__ import annotations

import base64
import gc
import json
import re
import threading
import weakref
from io import BytesIO
from pathlib import Path

import ipywidgets
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from made import block, document, documents
from msgspec.structs import replace
from PIL import Image as Pillow

import toolkit.widgets
from toolkit import frames
from toolkit.desk import Reviewing
from toolkit.document.blocks import (
    Cell,
    Code,
    Heading,
    Image,
    Paragraph,
    Table,
    TextSource,
)
from toolkit.document.reviewing import reviewed as reviewed_document
from toolkit.document.reviews import Accept, CorrectCell, CorrectText, Note, Retype
from toolkit.errors import InvalidInput, InvalidOption, ResultGone
from toolkit.jobs import Job, JobState
from toolkit.widgets.inspector import Inspector
from toolkit.widgets.inspector_compare import paired
from toolkit.widgets.inspector_html import page_of
from toolkit.widgets.inspector_leaf import PAGE_BUDGET, detail, leaf
from toolkit.widgets.inspector_palette import COLOURS
from toolkit.widgets.inspector_shelf import DeskShelf, LooseShelf
from toolkit.workspace import Batch
from toolkit.workspace.accessor import register

HOSTILE = "<script>alert(1)</script>\u202egnp.exe\x1b[31m</style><img src=x onerror=alert(2)>"


def webp(width: int = 40) -> bytes:
    written = BytesIO()
    Pillow.new("RGB", (width, 60), "white").save(written, "WEBP")
    return written.getvalue()


def report():
    table = block(
        Table,
        headers=("a", "b"),
        rows=(("1", "2"), ("3", "4")),
        cells=(
            Cell(row=0, column=0, text="a", header=True),
            Cell(row=0, column=1, text="b", header=True),
            Cell(row=1, column=0, text="1", row_span=2),
            Cell(row=1, column=1, text="2"),
            Cell(row=2, column=1, text="4"),
        ),
        header_rows=1,
        confidence=0.8,
    )
    guessed = block(Paragraph, text="net revenue", text_source=TextSource.INFERRED, proof=None)
    return document(
        [block(Heading, text="Report", level=1), guessed, table],
        [block(Paragraph, text="Net profit", confidence=0.4), block(Code, text="x = 1")],
    )


class Paper:
    """A desk of documents that are held here."""

    place = "paper"

    def __init__(self, *held):
        self.held = {f"job_{n:016x}": one for n, one in enumerate(held, 1)}
        self.jobs = {
            name: Job(
                id=name,
                number=n,
                tool="parse",
                status=JobState.COMPLETED,
                filename=one.source.filename,
                origin=None,
                sha256="ab" * 32,
                size=1,
                media_type="application/pdf",
                batch="bat_1",
                owner="",
                priority=0,
                created_at=0.0,
                has_result=True,
                pages=len(one.pages),
            )
            for n, (name, one) in enumerate(self.held.items(), 1)
        }
        self.asked, self.said = [], []
        self.trouble = None

    def find(self, *, batch=None):
        return list(self.jobs.values())

    def look(self, job_id):
        return self.jobs[job_id]

    def document(self, job_id):
        if self.jobs[job_id].purged:
            raise ResultGone(f"the result of job {job_id} is gone")
        return self.held[job_id]

    def page_image(self, job_id, page, *, width=1200, password=None):
        self.asked.append((job_id, page, width))
        if self.trouble is not None:
            raise self.trouble
        return webp(width // 30)

    def ids(self, *, batch=None):
        return list(self.jobs)

    def reviews(self, job_ids):
        return [one for one in self.said if one.job_id in job_ids]

    def review(self, job_id, review):
        kept = replace(review, job_id=job_id, id=len(self.said) + 1, was="was", at=1.0)
        self.said.append(kept)
        return kept

    def undo_review(self, job_id, review_id):
        self.said[review_id - 1] = replace(self.said[review_id - 1], undone_at=2.0)

    def review_progress(self, job_ids):
        done = {b for one in self.said if one.active for b in one.block_ids}
        return Reviewing(blocks=6, reviewed=len(done), wrong=0)

    def blocks(self, *, batch=None, job_ids=None, reviewed=False):
        register()
        wanted = self.held if job_ids is None else job_ids
        return frames.blocks((self.jobs[one], self._seen(one, reviewed)) for one in wanted)

    def _seen(self, job_id, reviewed):
        held = self.held[job_id]
        return reviewed_document(held, self.reviews([job_id])) if reviewed else held

    def purge(self, job_id):
        self.jobs[job_id] = replace(self.jobs[job_id], purged=True, has_result=False)


@pytest.fixture
def desk():
    return Paper(report(), document([block(Paragraph, text="other")], filename="other.pdf"))


@pytest.fixture
def inspector(desk):
    with Inspector(DeskShelf(desk, batch="bat_1", expression="batch.blocks()")) as made:
        assert made._courier.settle(10)
        yield made


def ids(inspector):
    return [one["i"] for one in inspector.sheet["blocks"]]


# --- turning pages ------------------------------------------------------------------------------


def test_it_opens_at_the_first_page_with_its_picture(inspector):
    assert [entry[1:] for entry in inspector.shelf] == [["report.pdf", 2], ["other.pdf", 1]]
    assert (inspector.document, inspector.page, inspector.selected) == (
        "doc_0000000000000001",
        1,
        None,
    )
    assert [one["t"] for one in inspector.sheet["blocks"]] == ["heading", "paragraph", "table"]
    assert inspector.picture.startswith(b"RIFF")
    assert inspector.picture_of == [inspector.document, 1, 1200]
    assert [one["x"] for one in inspector.outline] == ["Report", "a b 1 2 3 4"]


def test_the_traits_are_the_same_from_both_sides(inspector):
    seen = []
    inspector.observe(lambda change: seen.append((change.name, change.new)), ["page", "selected"])
    inspector.page = 2  # as the browser sets it
    assert inspector.sheet["page"] == 2
    assert inspector.selected is None
    block_id = ids(inspector)[1]
    inspector.selected = (inspector.document, block_id)
    assert inspector.block.text == "x = 1"
    inspector.go(1)
    assert inspector.selected is None
    inspector.select(block_id)
    assert (inspector.page, inspector.selected) == (2, (inspector.document, block_id))
    assert ("page", 2) in seen
    assert ("selected", (inspector.document, block_id)) in seen


def test_a_block_of_another_document_opens_that(inspector):
    inspector.selected = ("doc_0000000000000002", "blk_000001000000")
    assert inspector.document == "doc_0000000000000002"
    assert ids(inspector) == ["blk_000001000000"]
    inspector.document = "doc_0000000000000001"
    assert (inspector.page, inspector.selected) == (1, None)


def test_what_is_not_there_is_refused_and_said(inspector):
    with pytest.raises(InvalidInput, match="page 9: the document has 2"):
        inspector.go(9)
    with pytest.raises(InvalidInput, match="no block 'blk_no'"):
        inspector.select("blk_no")
    with pytest.raises(InvalidInput, match="no document 'doc_no'"):
        inspector.go(1, "doc_no")
    inspector.page = 9
    assert inspector.page == 1
    assert "page 9" in inspector.alert
    inspector.document = "doc_no"
    assert inspector.document == "doc_0000000000000001"
    inspector.selected = (inspector.document, "blk_no")
    assert inspector.selected is None
    inspector.page = 2
    assert inspector.alert == ""


def test_a_purged_job_and_a_missing_file_are_words(desk, inspector):
    desk.trouble = ResultGone("job job_1 was purged: its file is erased")
    inspector.go(2)
    inspector._courier.settle(10)
    assert inspector.picture == b""
    assert "its file is erased" in inspector.words
    assert ids(inspector), "the boxes are there all the same"
    desk.purge("job_0000000000000002")
    inspector.document = "doc_0000000000000002"
    assert "RESULT_GONE" in inspector.words
    assert inspector.sheet["blocks"] == []
    desk.purge("job_0000000000000001")
    inspector.refresh()
    assert (inspector.document, inspector.shelf) == ("", [])
    assert inspector.words == "The documents of these jobs were erased."


def test_what_a_thread_meets_is_shown(desk, inspector):
    desk.trouble = RuntimeError("database is locked")
    inspector.go(2)
    inspector._courier.settle(10)
    assert inspector.alert == "RuntimeError: database is locked"


def test_an_empty_batch_says_why():
    with Inspector(DeskShelf(Paper(), batch="bat_1", expression="batch.blocks()")) as inspector:
        assert inspector.words == "There is no job here yet."
        assert "There is no job" in inspector._twin.html({}, b"", inspector.words).data


def test_the_latest_page_wins(desk, inspector):
    gate = threading.Event()
    draw = desk.page_image

    def slow(*args, **kwargs):
        gate.wait(10)
        return draw(*args, **kwargs)

    desk.page_image, desk.asked = slow, []
    for page in (2, 1, 2, 1, 2):
        inspector.go(page)
    gate.set()
    assert inspector._courier.settle(10)
    assert inspector.picture_of == [inspector.document, 2, 1200]
    assert len(desk.asked) <= 2, "what nobody waits for any more is not drawn"


# --- filters ------------------------------------------------------------------------------------

ASKED = [
    {},
    {"type": ["table"]},
    {"type": ["table", "paragraph"], "min_confidence": 0.5},
    {"text_source": ["inferred"]},
    {"text": "NET"},
    {"text": 'it\'s "x"'},
    {"type": []},
    {"page": 2},
    {"page": [1, 2], "text": "net", "min_confidence": 0.3},
]


@pytest.mark.parametrize("scope", ["page", "document", "all"])
@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_the_code_makes_the_rows_that_are_listed(desk, inspector, asked, scope):
    inspector.filter(**asked, scope=scope)
    batch = Batch(desk, "bat_1")
    evaluated = eval(inspector.code, {"batch": batch})
    pd.testing.assert_frame_equal(evaluated, inspector.frame())
    inspector._courier.settle(10)
    if inspector.hits:
        assert inspector.hits["total"] == len(evaluated)
        assert [row[2] for row in inspector.hits["rows"]] == evaluated["block_id"].tolist()
        here = evaluated[
            (evaluated["document_id"] == inspector.document) & (evaluated["page"] == 1)
        ]
        assert inspector.hits["here"] == here["block_id"].tolist()


def test_code_reads_as_one_would_write_it(inspector):
    inspector.filter(type="table", min_confidence=0.7, scope="all")
    assert inspector.code == "batch.blocks().doc.filter(type='table', min_confidence=0.7)"
    inspector.filter(scope="all")
    assert inspector.code == "batch.blocks()"


def test_a_filter_that_cannot_be_is_refused(inspector):
    with pytest.raises(InvalidOption, match="'tabel' is unknown"):
        inspector.filter(type="tabel")
    with pytest.raises(InvalidOption, match="no filter 'kind'"):
        inspector.filter(kind="table")
    inspector.filters = {"type": ["tabel"]}  # as only a broken browser would
    assert "'tabel' is unknown" in inspector.alert


def test_rows_of_a_frame_are_shown(desk):
    rows = desk.blocks().doc.filter(type="paragraph")
    inspector = rows.doc.show(desk=desk)
    inspector._courier.settle(10)
    assert inspector.code == "blocks"
    assert inspector.hits["total"] == len(rows)
    assert inspector.hits["here"] == [inspector.selected[1]]
    pd.testing.assert_frame_equal(eval(inspector.code, {"blocks": rows}), inspector.frame())
    inspector.close()
    with pytest.raises(InvalidInput, match="no block"):
        rows.iloc[:0].doc.show(desk=desk)


# --- what goes to the browser -------------------------------------------------------------------


def test_a_page_is_bounded_and_the_rest_comes_when_asked_for():
    long = document([block(Paragraph, text="word " * 100_000)] * 40)
    made = leaf(long, "doc_1", 1)
    assert sum("d" in one for one in made["blocks"]) * 20_000 <= PAGE_BUDGET
    assert all(len(one["x"]) <= 220 for one in made["blocks"])
    first = next(long.blocks)
    assert detail(first)["more"] == 500_000 - 20_000
    assert detail(first, whole=True)["more"] == 0
    assert len(detail(first, whole=True)["text"]) == 500_000


def test_hostile_text_is_text_everywhere():
    nasty = document(
        [
            block(Heading, text=HOSTILE),
            block(Table, headers=(HOSTILE,), rows=((HOSTILE,),), caption=HOSTILE),
            block(Image, image_b64="PHN2Zz4=", alt=HOSTILE, caption=HOSTILE, url="javascript:x"),
        ],
        filename=HOSTILE,
    )
    shelf = LooseShelf(nasty, lambda page, width: webp())
    with Inspector(shelf) as inspector:
        inspector._courier.settle(10)
        traits = (inspector.sheet, inspector.outline, inspector.shelf)
        said = [json.dumps(trait, ensure_ascii=False) for trait in traits]
        html = [
            inspector.to_html(),
            inspector._twin.html(inspector._open_page(), inspector.picture, "").data,
        ]
    for text in said + html:
        assert "\u202e" not in text
        assert "\x1b" not in text
    for text in html:
        assert "<script" not in text
        assert "<img src=x" not in text
        assert "&lt;script&gt;" in text
        assert not re.search(r"<[^>]+\son\w+=", text)
        assert text.count("</style>") <= 1


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(documents())
def test_any_document_can_be_shown(any_document):
    for page in any_document.pages:
        made = leaf(any_document, "doc_1", page.page)
        assert [one["i"] for one in made["blocks"]] == [one.id for one in page.blocks]
    written = page_of(any_document, lambda page, width: webp())
    assert written.count("<rect") == sum(len(page.blocks) for page in any_document.pages)


def test_the_style_sheet_has_the_palettes_colours():
    css = Path(toolkit.widgets.__file__).with_name("static") / "inspector.css"
    found = dict(re.findall(r"--pq-(\w+): (#[0-9a-f]{6})", css.read_text("utf-8")))
    assert found == COLOURS


# --- without a kernel ---------------------------------------------------------------------------


def test_html_holds_pages_boxes_and_tables_and_no_script(inspector, tmp_path):
    written = inspector.to_html(tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text("utf-8") == written
    assert written.count("<image ") == 2
    assert written.count("<rect ") == 5
    assert '<td rowspan="2" dir="auto">1</td>' in written
    assert "<script" not in written
    assert "default-src 'none'" in written
    assert "1 page not asked for" in inspector.to_html(pages=[1])


def test_html_says_what_it_leaves_out(monkeypatch, inspector):
    monkeypatch.setattr("toolkit.widgets.inspector_html.LARGEST", 1_000)
    written = inspector.to_html()
    assert "1 page left out" in written
    assert len(written) < 20_000


def test_the_still_has_the_boxes_burnt_in(inspector):
    still = inspector._twin.html(inspector._open_page(), inspector.picture, "").data
    content = re.search(r"data:image/jpeg;base64,([^\"]+)", still)[1]
    image = Pillow.open(BytesIO(base64.b64decode(content)))
    x, y = round(0.1 * image.width), round(0.2 * image.height)
    assert min(image.getpixel((x, y))) < 200, "the corner of a box is drawn"
    assert min(image.getpixel((1, 1))) > 240
    assert "net revenue" in still


# --- two runs -----------------------------------------------------------------------------------


def test_two_runs_are_matched_and_their_differences_told(desk):
    first, second = report(), report()
    changed = [
        replace(second.pages[0].blocks[0], id="blk_x", text="Rapport"),
        replace(second.pages[0].blocks[1], id="blk_y", confidence=0.3),
    ]
    changed.append(replace(changed[0], id="blk_new", bbox=(0.5, 0.8, 0.9, 0.9), text="More"))
    other = replace(second, pages=(replace(second.pages[0], blocks=tuple(changed)),))
    pairs = paired(first.pages[0].blocks, other.pages[0].blocks)
    told = {(p.first and p.first.id, p.second and p.second.id): (p.state, p.differs) for p in pairs}
    assert told == {
        ("blk_000001000001", "blk_y"): ("changed", ("confidence",)),
        ("blk_000001000000", "blk_x"): ("changed", ("text",)),
        ("blk_000001000002", None): ("only_first", ()),
        (None, "blk_new"): ("only_second", ()),
    }
    shelves = [DeskShelf(Paper(one), expression="batch.blocks()") for one in (first, other)]
    with Inspector(shelves[0], against=shelves[1]) as inspector:
        assert inspector.sheet["other"]["blocks"][0]["x"] == "Rapport"
        pieces = {pair[0]: pair[4] for pair in inspector.sheet["pairs"]}
        assert pieces["blk_000001000000"] == [("-", "Report"), ("+", "Rapport")]
        assert len(inspector.sheet["pairs"]) == 4


def test_every_block_of_both_runs_is_in_one_pair():
    left = [
        block(Paragraph, text=str(n % 7), bbox=(0, n / 90, 1, n / 90 + 0.01)) for n in range(80)
    ]
    right = [
        block(Paragraph, text=str(n % 5), bbox=(0, n / 90, 1, n / 90 + 0.01)) for n in range(70)
    ]
    first, second = document(left), document(right)
    renamed = [replace(one, id=f"x{one.id}") for one in second.pages[0].blocks]
    pairs = paired(first.pages[0].blocks, renamed)
    assert sorted(p.first.id for p in pairs if p.first) == sorted(b.id for b in first.blocks)
    assert sorted(p.second.id for p in pairs if p.second) == sorted(b.id for b in renamed)


# --- what people say ----------------------------------------------------------------------------


def ask(inspector, **said):
    inspector._hear(None, said, [])


def test_a_correction_is_kept_shown_and_undone(desk, inspector):
    block_id = ids(inspector)[1]
    inspector.select(block_id)
    picture = inspector.picture
    ask(inspector, ask="review", verb="correct", ids=[block_id], text="net revenue of 2025")
    assert desk.said[0].change == CorrectText("net revenue of 2025")
    assert inspector.block.text == "net revenue of 2025"
    assert inspector.selected == (inspector.document, block_id)
    assert inspector.picture == picture, "the page need not be drawn again"
    assert inspector.reviews[0]["was"] == "was"
    assert inspector.progress == [1, 6, 0]
    # the engine's own words are a click away, and the code says which of both is shown
    batch = Batch(desk, "bat_1")
    inspector.filter(scope="all")
    assert inspector.code == "batch.blocks(reviewed=True)"
    pd.testing.assert_frame_equal(eval(inspector.code, {"batch": batch}), inspector.frame())
    inspector.as_reviewed = False
    assert inspector.block.text == "net revenue"
    assert inspector.code == "batch.blocks()"
    pd.testing.assert_frame_equal(eval(inspector.code, {"batch": batch}), inspector.frame())
    inspector.as_reviewed = True
    ask(inspector, ask="undo", id=1)
    assert inspector.block.text == "net revenue"
    assert not inspector.reviews[0]["active"]
    assert inspector.alert == ""


def test_every_verb_of_the_view_becomes_a_review(desk, inspector):
    first, second, table = ids(inspector)
    verbs = [
        ({"verb": "accept", "ids": [first]}, Accept()),
        ({"verb": "note", "ids": [first], "text": "hm"}, Note("hm")),
        ({"verb": "retype", "ids": [second], "type": "caption"}, Retype("caption")),
    ]
    for said, change in verbs:
        ask(inspector, ask="review", **said)
        assert desk.said[-1].change == change
    ask(inspector, ask="review", verb="cell", ids=[table], row=1, column=1, text="7")
    assert inspector.sheet["blocks"][2]["d"]["cells"][3][5] == "7"
    ask(inspector, ask="review", verb="split", ids=[second], offset=3)
    assert len(ids(inspector)) == 4
    ask(inspector, ask="review", verb="nonsense", ids=[second])
    assert "nothing that can be said" in inspector.alert


def test_a_cell_that_the_view_shows_in_part_is_not_cut_by_a_correction(desk, inspector):
    table = ids(inspector)[2]
    for text in ("long " * 1000, "a\u202eb"):
        inspector.review(CorrectCell(1, 0, text), [table])
        kept = len(desk.said)
        ask(inspector, ask="review", verb="cell", ids=[table], row=1, column=0, text="long lo…")
        assert "correct it by batch.review" in inspector.alert
        assert len(desk.said) == kept
        assert text.strip() in inspector.frame()["text"].iloc[2]
        inspector.say("")


def test_the_next_block_is_one_that_nobody_has_looked_at(desk, inspector):
    seen = []
    for _ in range(5):
        inspector.next_to_review()
        seen.append(inspector.selected[1])
        inspector.review(Accept())
    assert seen == desk.blocks(job_ids=["job_0000000000000001"])["block_id"].tolist()
    inspector.next_to_review()
    assert inspector.alert == "Every block of these was reviewed."
    inspector.filter(scope="all").next_to_review()
    assert inspector.document == "doc_0000000000000002"


def test_a_document_without_a_queue_takes_no_review():
    with Inspector(LooseShelf(report(), None)) as inspector:
        assert inspector.progress == []
        inspector.select("blk_000001000000")
        with pytest.raises(InvalidInput, match="kept with its job"):
            inspector.review(Accept())


# --- the end ------------------------------------------------------------------------------------


def test_close_frees_pictures_models_and_the_thread(desk):
    before = len(ipywidgets.widgets.widget._instances)
    inspector = Inspector(DeskShelf(desk, expression="batch.blocks()"))
    inspector._courier.settle(10)
    assert len(ipywidgets.widgets.widget._instances) > before
    gone = weakref.ref(inspector)
    inspector.close()
    inspector.close()
    assert (inspector.picture, inspector.sheet) == (b"", {})
    assert len(ipywidgets.widgets.widget._instances) == before
    thread = inspector._courier._thread
    if thread is not None:
        thread.join(10)
    del inspector, thread
    gc.collect()
    assert gone() is None


def test_the_browser_is_answered(desk, inspector):
    said = []
    inspector.send = lambda content, buffers=None: said.append((content, buffers))
    inspector._hear(None, {"ask": "detail", "document": inspector.document, "id": "no"}, [])
    inspector._hear(None, {"ask": "nonsense"}, [])
    inspector._hear(None, "nonsense", [])
    assert said == []
    block_id = ids(inspector)[2]
    inspector._hear(None, {"ask": "detail", "document": inspector.document, "id": block_id}, [])
    assert said[0][0]["detail"]["cells"][2][:5] == [1, 0, 2, 1, 0]
    inspector._hear(None, {"ask": "thumbs", "document": inspector.document, "pages": [1, 2]}, [])
    done = threading.Event()
    inspector._courier.later("0", done.set)
    assert done.wait(10)
    inspector._courier.settle(10)
    assert inspector.alert == ""
    inspector._hear(None, {"ask": "sharper", "width": 99999}, [])
    inspector._courier.settle(10)
    assert inspector.picture_of[2] == 2400
