"""The export panel: what there is, what is wanted, how large it will be, and files at the end."""

from __future__ import annotations

import time

import ipywidgets
import pytest
from made import block, document
from widget_paper import Browser

import toolkit
from toolkit.document import Heading, Paragraph, Table, TextSource
from toolkit.document.selection import Selection, selected
from toolkit.document.wire import MEDIA_TYPE, encode
from toolkit.jobs import Outcome
from toolkit.store import queue, results
from toolkit.widgets.export_panel import ExportPanel

PAGE = (
    block(Heading, text="Report <b>", level=1, confidence=0.9),
    block(Paragraph, text="Net revenue grew.", confidence=0.6),
    block(Paragraph, text="Guessed.", text_source=TextSource.INFERRED, proof=None, confidence=0.4),
    block(Table, headers=("a", "b"), rows=(("1", "2"),), confidence=0.8),
)


@pytest.fixture
def ws(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with toolkit.open("queue.db", work=False) as workspace:
        yield workspace


def finish(ws, name, *, files=2):
    """A batch whose jobs have completed with a document each."""
    given = [(f"{name}{n}.pdf", b"%PDF-" + name.encode() + b"%d" % n) for n in range(files)]
    batch = ws.submit(given, name=name)
    content = encode(document(PAGE))
    with ws.store.write() as conn:
        for job in queue.claim(conn, runner="r", now=time.time(), lease=60, limit=files):
            outcome = Outcome(content=content, media_type=MEDIA_TYPE, pages=1)
            made = results.put(conn, ws.store, outcome=outcome, job=job, now=time.time())
            queue.complete(
                conn,
                job_id=job.id,
                runner="r",
                attempt=job.attempt,
                result_id=made,
                pages=1,
                now=time.time(),
            )
    return batch


@pytest.fixture
def panel(ws):
    finish(ws, "march")
    with ws.batch("march").export_panel() as made:
        yield made


def form(panel, **more):
    return {
        "batches": panel._view.chosen,
        "formats": ["csv", "markdown"],
        "out": "out",
        "min_confidence": 0,
        **more,
    }


def look(panel, **more):
    Browser(panel).ask("look", form=form(panel, **more))
    panel._errand.join()
    return panel._view.seen


def test_it_counts_what_there_is(panel):
    seen = look(panel)
    assert (seen["documents"], seen["blocks"], seen["matching"]) == (2, 8, 8)
    assert ["paragraph", 4] in seen["types"]
    assert ["inferred", 2] in seen["sources"]
    assert seen["rows"][0] == ["march0.pdf", "1", "heading", "verified", "0.90", "Report <b>"]
    assert seen["sizes"]["csv"] > 100


@pytest.mark.parametrize(
    ("wanted", "matching"),
    [
        ({"types": ["paragraph"]}, 4),
        ({"text_sources": ["inferred"]}, 2),
        ({"min_confidence": 0.75}, 4),
        ({"types": ["paragraph"], "min_confidence": 0.5}, 2),
        ({"types": ["chart"]}, 0),
    ],
)
def test_the_filters_are_those_of_the_frame_and_of_the_files(panel, ws, wanted, matching):
    seen = look(panel, **wanted)
    assert seen["matching"] == matching
    Browser(panel).ask("export", form=form(panel, formats=["jsonl"], **wanted))
    panel._errand.join()
    assert panel._view.alert == ""
    lines = (ws.store.path.parent / "out" / "blocks.jsonl").read_text().splitlines()
    assert len(lines) == matching
    frame = ws.batch("march").blocks()
    names = {"types": "type", "text_sources": "text_source"}
    asked = {names.get(key, key): value for key, value in wanted.items()}
    assert len(frame.doc.filter(**asked)) == matching


def test_the_same_in_python_runs(panel, ws):
    seen = look(panel, types=["table"], min_confidence=0.5)
    names = {"ws": ws}
    exec(seen["code"], names)
    assert len(names["frame"]) == seen["matching"] == 2


def test_files_are_written_and_linked_relatively(panel, tmp_path):
    Browser(panel).ask("export", form=form(panel))
    panel._errand.join()
    assert panel._view.alert == ""
    assert (tmp_path / "out" / "blocks.csv").stat().st_size > 0
    assert panel._view.done["share"] == 1.0
    html = panel._links.outputs[0]["data"]["text/html"]
    assert 'href="./out/blocks.csv"' in html
    assert "file://" not in html
    assert str(tmp_path) not in html


def test_a_folder_elsewhere_is_named_without_a_link(panel, tmp_path_factory):
    away = tmp_path_factory.mktemp("away")
    Browser(panel).ask("export", form=form(panel, out=str(away)))
    panel._errand.join()
    assert "<a" not in panel._links.outputs[0]["data"]["text/html"]
    assert (away / "blocks.csv").exists()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"batches": []}, "choose a batch"),
        ({"batches": ["bat_gone"]}, "choose a batch"),
        ({"formats": []}, "choose a format"),
        ({"formats": ["docx"]}, "no format 'docx'"),
        ({"out": " "}, "name the folder"),
        ({"min_confidence": "much"}, "number from 0 to 1"),
        ({"min_confidence": 7}, "number from 0 to 1"),
        ({"out": "queue.db/under"}, "UNREADABLE_PATH"),
    ],
)
def test_what_is_wrong_is_said(panel, wrong, words):
    Browser(panel).ask("export", form=form(panel, **wrong))
    panel._errand.join()
    assert words in panel._view.alert
    assert panel._view.busy == ""


def test_a_purged_document_is_left_out(panel, ws):
    ws.purge([ws.batch("march")[0].id])
    assert look(panel)["blocks"] == 4
    Browser(panel).ask("export", form=form(panel))
    panel._errand.join()
    assert panel._view.alert == ""


def test_it_can_be_stopped(panel):
    browser = Browser(panel)
    report = panel._reporter()
    report(1, 4)
    assert panel._view.done["share"] == 0.25
    browser.ask("stop")
    with pytest.raises(toolkit.StillRunning):
        report(2, 4)


def test_several_batches_go_together(ws):
    finish(ws, "march")
    finish(ws, "april", files=1)
    with ws.explore() as panel:
        assert [one["name"] for one in panel._view.batches] == ["april", "march"]
        assert len(panel._view.chosen) == 1
        every = [one["id"] for one in panel._view.batches]
        assert look(panel, batches=every)["documents"] == 3
        Browser(panel).ask("export", form=form(panel, batches=every, formats=["markdown"]))
        panel._errand.join()
        names = {path.stem for path in panel.files}
        assert {"march0", "march1", "april0"} <= names


def test_without_a_batch_it_says_so(ws):
    with ws.explore() as panel:
        assert panel._view.batches == []
        assert "no batch yet" in panel._repr_html_()
        assert repr(panel) == "<ExportPanel 0 batches>"


def test_closing_frees_everything(ws):
    finish(ws, "march")
    registry = ipywidgets.widgets.widget._instances
    before = set(registry)
    panel = ExportPanel(ws)
    assert len(set(registry) - before) >= 4
    panel.close()
    panel.close()
    assert set(registry) <= before


def test_a_selection_leaves_the_pages_and_takes_the_blocks():
    whole = document(PAGE)
    assert selected(whole, None) is whole
    assert selected(whole, Selection()) is whole
    part = selected(whole, Selection(types=("table",)))
    assert [b.id for b in part.blocks] == [whole.pages[0].blocks[3].id]
    assert part.source == whole.source
    encode(part)


def test_a_board_opens_the_inspector_beneath_itself(ws):
    batch = finish(ws, "march")
    registry = ipywidgets.widgets.widget._instances
    before = set(registry)
    with batch.board() as board:
        browser = Browser(board)
        rows = browser.rows()["rows"]
        assert "inspect" in rows[0]["can"]
        for row in rows:
            browser.ask("inspect", ids=[row["id"]])
            assert board._view.alert == ""
            assert len(board._box.children) == 2
    assert set(registry) <= before


def test_what_people_corrected_is_written_where_it_is_asked_for(panel, ws, tmp_path, monkeypatch):
    asked = []
    known = ws.blocks
    monkeypatch.setattr(ws, "blocks", lambda **how: asked.append(how["reviewed"]) or known(**how))
    assert "reviewed" not in look(panel)["code"]
    code = look(panel, reviewed=True)["code"]
    assert "blocks(reviewed=True)" in code
    assert "reviewed=True)" in code.splitlines()[-1]
    assert asked == [False, True]
    Browser(panel).ask("export", form=form(panel, reviewed=True, formats=["jsonl"]))
    panel._errand.join()
    assert panel._view.alert == ""
    assert (tmp_path / "out" / "blocks.jsonl").exists()
