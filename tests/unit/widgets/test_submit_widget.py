"""The submit panel: only what is under its folder, nothing blocked, nothing by surprise."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import ipywidgets
import pytest
from widget_paper import Browser, until

import toolkit
from toolkit.errors import InvalidInput, UnreadablePath
from toolkit.widgets.browsing import MOST_ENTRIES, Grounds
from toolkit.widgets.submit import SubmitPanel

PDF = b"%PDF-1.4\n%%EOF"


@pytest.fixture
def place(tmp_path, monkeypatch):
    root = tmp_path / "work"
    (root / "reports" / "deep").mkdir(parents=True)
    (root / ".secret").mkdir()
    (root / ".secret" / "key.pdf").write_bytes(PDF)
    for n in range(3):
        (root / "reports" / f"r{n}.pdf").write_bytes(PDF + b"%d" % n)
    (root / "reports" / "deep" / "again.PDF").write_bytes(PDF + b"0")
    (root / "reports" / "notes.txt").write_bytes(b"notes")
    (tmp_path / "outside.pdf").write_bytes(PDF)
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def ws(place):
    with toolkit.open("queue.db", work=False) as workspace:
        yield workspace


@pytest.fixture
def panel(ws):
    with ws.submit_panel() as made:
        yield made


def find(grounds, pattern):
    return [one.place for one in grounds.find(pattern) if one is not None]


def done(panel):
    panel._errand.join()
    return panel._view


# --- looking into the folder --------------------------------------------------------------------


def test_what_is_hidden_and_what_is_the_queues_own_is_not_shown(panel):
    browser = Browser(panel)
    browser.ask("folder", place="")
    assert [one["name"] for one in browser.told("folder")["entries"]] == ["reports"]
    browser.ask("folder", place="reports")
    names = [one["name"] for one in browser.told("folder")["entries"]]
    assert names == ["deep", "notes.txt", "r0.pdf", "r1.pdf", "r2.pdf"]


@pytest.mark.parametrize("way", ["../outside.pdf", "..", "reports/../../outside.pdf", "/../.."])
def test_nothing_leads_outside(place, way):
    grounds = Grounds(place)
    with pytest.raises(UnreadablePath):
        grounds.path(way)
    with pytest.raises(InvalidInput):
        list(grounds.find(f"{way}/*"))


def test_an_absolute_place_is_one_under_the_root(place):
    with pytest.raises(UnreadablePath):
        Grounds(place).path("/etc/passwd")
    with pytest.raises(InvalidInput):
        list(Grounds(place).find("/etc/*"))
    with pytest.raises(InvalidInput):
        list(Grounds(place).find("~/*"))


def test_links_that_lead_outside_are_not_there(place):
    (place / "link.pdf").symlink_to(place.parent / "outside.pdf")
    (place / "round").symlink_to(place)
    (place / "fine.pdf").symlink_to(place / "reports" / "r0.pdf")
    grounds = Grounds(place)
    assert [one.name for one in grounds.entries()[0]] == ["reports", "fine.pdf"]
    assert find(grounds, "*.pdf") == ["fine.pdf"]
    with pytest.raises(UnreadablePath):
        grounds.path("link.pdf")


def test_patterns_find_what_they_name(place):
    grounds = Grounds(place)
    assert find(grounds, "reports/*.pdf") == [f"reports/r{n}.pdf" for n in range(3)]
    assert "reports/deep/again.PDF" in find(grounds, "**/*.pdf")
    assert len(find(grounds, "**")) == 5
    assert find(grounds, "**/deep/**/*.pdf") == ["reports/deep/again.PDF"]
    assert find(grounds, "r*/r[01].pdf") == ["reports/r0.pdf", "reports/r1.pdf"]
    assert find(grounds, "nothing/*.pdf") == []
    for empty in ("", "  ", "./"):
        with pytest.raises(InvalidInput):
            find(grounds, empty)


def test_a_walk_that_finds_nothing_can_be_given_up(place):
    for n in range(50):
        (place / f"d{n}").mkdir()
    steps = Grounds(place).find("**/nothing")
    assert [next(steps) for _ in range(20)] == [None] * 20


def test_a_folder_of_very_many_names_is_cut_and_it_is_said(tmp_path):
    for n in range(MOST_ENTRIES + 5):
        (tmp_path / f"{n}.pdf").touch()
    entries, more = Grounds(tmp_path).entries()
    assert (len(entries), more) == (MOST_ENTRIES, 5)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_said(place):
    (place / "reports").chmod(0)
    with pytest.raises(UnreadablePath):
        Grounds(place).entries("reports")


# --- choosing, trying, handing in -----------------------------------------------------------------


def test_a_pattern_is_counted_before_it_is_chosen(panel):
    browser = Browser(panel)
    browser.ask("preview", pattern="**/*.pdf")
    seen = done(panel).preview
    assert (seen["files"], seen["looking"], seen["complete"]) == (4, False, True)
    assert seen["kinds"] == [[".pdf", 4]]
    assert panel._view.picks == []
    browser.ask("pick", kind="pattern")
    assert panel._view.picks[0]["files"] == 4
    assert panel._view.picks[0]["size"] == 4 * (len(PDF) + 1)


def test_ticking_twice_takes_out_again(panel):
    browser = Browser(panel)
    browser.ask("pick", place="reports/r0.pdf")
    browser.ask("pick", place="reports")
    assert [pick["kind"] for pick in panel._view.picks] == ["file", "folder"]
    browser.ask("pick", place="reports/r0.pdf")
    assert [pick["kind"] for pick in panel._view.picks] == ["folder"]
    browser.ask("drop", key=panel._view.picks[0]["key"])
    assert panel._view.picks == []
    browser.ask("submit", form={})
    assert "choose files first" in panel._view.alert


def test_a_dry_run_says_what_would_happen_and_hands_nothing_in(panel, ws):
    browser = Browser(panel)
    (Path("reports") / "empty.pdf").touch()
    browser.ask("pick", place="reports")
    browser.ask("rehearse", form={"tool": "parse", "options": {"ocr": "never"}})
    seen = done(panel).rehearsal
    assert seen["kinds"][0][:2] == ["PDF", 3]
    assert seen["left_out"] == 1
    assert seen["duplicates"] in ([["r0.pdf", "again.PDF"]], [["again.PDF", "r0.pdf"]])
    assert [one[:2] for one in seen["refused"]] == [["empty.pdf", "EMPTY_FILE"]]
    assert seen["complete"]
    assert len(ws.batches()) == 0
    assert sum(ws.counts().values()) == 0


def test_the_dry_run_and_the_real_one_agree(panel, ws):
    browser = Browser(panel)
    browser.ask("pick", place="reports")
    browser.ask("rehearse", form={})
    seen = done(panel).rehearsal
    browser.ask("submit", form={"name": "march", "priority": "7"})
    done(panel)
    batch = ws.batch("march")
    assert len(batch) == seen["files"] + len(seen["refused"])
    assert batch[0].job.priority == 7
    assert panel.batch == batch.id


def test_what_is_handed_in_gets_a_board_beneath(panel, ws):
    browser = Browser(panel)
    browser.ask("pick", place="reports/r0.pdf")
    browser.ask("submit", form={"name": "<b>march"})
    done(panel)
    assert panel.board is not None
    assert len(panel._box.children) == 2
    assert panel._view.picks == []
    assert panel._view.said == "1 job handed in as '<b>march'"
    first = panel.board
    browser.ask("pick", place="reports/r1.pdf")
    browser.ask("submit", form={})
    done(panel)
    assert first.closed
    assert len(panel._box.children) == 2


def test_an_upload_comes_in_parts(panel, ws):
    browser = Browser(panel)
    content = PDF + bytes(range(256)) * 40
    for start in range(0, len(content), 4000):
        part = content[start : start + 4000]
        browser.ask("part", key="k", name="my.pdf", size=len(content), buffers=[memoryview(part)])
    assert browser.told("part")["got"] == len(content)
    assert panel._view.picks[0] == {
        "key": 1, "kind": "upload", "name": "my.pdf", "files": 1, "size": len(content)
    }  # fmt: skip
    browser.ask("submit", form={"name": "up"})
    done(panel)
    assert ws.batch("up")[0].job.size == len(content)


def test_uploads_do_not_fill_the_memory(panel, monkeypatch):
    from toolkit.widgets import submit

    monkeypatch.setattr(submit, "MOST_UPLOADED", 100)
    browser = Browser(panel)
    for _ in range(3):
        browser.ask("part", key="k", name="my.pdf", size=10**9, buffers=[bytes(60)])
    assert "FILE_TOO_LARGE" in panel._view.alert
    assert sum(map(len, panel._uploads.values())) <= 160


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"options": {"orc": "never"}}, "did you mean 'ocr'"),
        ({"options": {"ocr": "sometimes"}}, "INVALID_OPTION"),
        ({"options": "{not json"}, "not JSON"),
        ({"options": "[1]"}, "JSON object"),
        ({"priority": "high"}, "whole number"),
        ({"priority": "99999999"}, "priority"),
        ({"tool": "prase"}, "did you mean 'parse'"),
    ],
)
@pytest.mark.parametrize("act", ["submit", "rehearse"])
def test_what_is_wrong_with_the_form_is_said(panel, ws, form, words, act):
    browser = Browser(panel)
    browser.ask("pick", place="reports/r0.pdf")
    browser.ask(act, form=form)
    assert words in done(panel).alert
    assert sum(ws.counts().values()) == 0
    assert len(panel._view.picks) == 1


def test_the_password_is_no_option_of_the_job(panel, ws):
    browser = Browser(panel)
    browser.ask("pick", place="reports/r0.pdf")
    browser.ask("submit", form={"name": "p", "options": {"password": "hunter2"}})
    assert done(panel).alert == ""
    assert "hunter2" not in repr(ws.batch("p")[0].job.options)


def test_a_file_that_vanishes_is_a_failed_job_or_a_sentence(panel, ws):
    browser = Browser(panel)
    browser.ask("pick", place="reports/r0.pdf")
    Path("reports/r0.pdf").unlink()
    browser.ask("rehearse", form={})
    assert done(panel).rehearsal["refused"][0][1] == "UNREADABLE_PATH"
    browser.ask("pick", place="reports/r0.pdf")  # untick
    browser.ask("pick", place="reports/r0.pdf")
    assert "not there any more" in panel._view.alert


def test_the_kernel_answers_while_files_are_read(panel, ws, monkeypatch):
    held = threading.Event()
    monkeypatch.setattr(ws, "rehearse", lambda *a, stop, **k: held.wait(20) and None)
    browser = Browser(panel)
    browser.ask("pick", place="reports/r0.pdf")
    browser.ask("rehearse", form={})
    assert panel._view.busy
    browser.ask("folder", place="reports")
    assert browser.told("folder")["place"] == "reports"
    browser.ask("submit", form={})
    assert "still being done" in panel._view.alert
    held.set()


def test_a_dry_run_can_be_stopped(panel, ws):
    seen = ws.rehearse("reports", stop=lambda: True)
    assert not seen.complete
    assert seen.files == 0


def test_the_options_come_from_the_tools_own_schema(panel):
    parse = next(one for one in panel._view.tools if one["name"] == "parse")
    assert parse["schema"]["properties"]["ocr"]["enum"] == ["auto", "never", "force"]
    assert parse["schema"]["properties"]["password"]["writeOnly"]


def test_closing_frees_everything(ws):
    registry = ipywidgets.widgets.widget._instances
    before = set(registry)
    panel = SubmitPanel(ws)
    browser = Browser(panel)
    browser.ask("pick", place="reports/r0.pdf")
    browser.ask("submit", form={})
    done(panel)
    until(lambda: panel.board is not None)
    panel.close()
    panel.close()
    assert set(registry) <= before


def test_it_says_what_it_is_without_a_kernel(panel):
    bundle = panel._repr_mimebundle_()
    assert "needs a running kernel" in bundle["text/html"]
    assert bundle["text/plain"].startswith("<SubmitPanel")
