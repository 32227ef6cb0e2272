"""Names, errors and batches that want to be markup or commands: all of it is shown as text."""

from __future__ import annotations

from html.parser import HTMLParser
from types import SimpleNamespace

import pytest
from widget_paper import HOSTILE, Browser, Paper, job, texts

from toolkit.desk import Rehearsal
from toolkit.document.selection import Selection
from toolkit.jobs import Attempt
from toolkit.widgets import assets
from toolkit.widgets.board import Board
from toolkit.widgets.export_look import code_of
from toolkit.widgets.export_panel import ExportPanel
from toolkit.widgets.magics import JobList, Told
from toolkit.widgets.submit import SubmitPanel
from toolkit.widgets.submit_wish import rehearsal_words

KEPT = {
    "div",
    "span",
    "strong",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "ul",
    "li",
    "code",
    "a",
}


class Built(HTMLParser):
    """The elements and attributes that a browser would build of some HTML."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes = set(), set()
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


def assert_harmless(html):
    built = Built(html)
    assert built.tags <= KEPT
    assert not [name for name in built.attributes if name.startswith("on") or name == "src"]


def assert_plain(value, *, longest=2200):
    """Every text is one line of printable characters, and short."""
    for text in texts(value):
        assert text.isprintable(), text[:80]
        assert len(text) <= longest
        text.encode()


@pytest.fixture(params=HOSTILE, ids=range(len(HOSTILE)))
def text(request):
    return request.param


@pytest.fixture
def desk(text):
    one = job(
        1,
        "failed",
        filename=text,
        origin=text,
        error=text,
        error_code=text,
        stage=text,
        started_at=1.0,
        ended_at=2.0,
    )
    two = job(2, "processing", filename=text, stage=text, pages=2, page=1)
    paper = Paper(one, two)
    paper.named = [SimpleNamespace(id="bat_1", name=text)]
    paper.attempts = lambda job_id: [
        Attempt(job=job_id, number=1, runner=text, started_at=1.0, ended_at=2.0, outcome="failed",
                error_code=text, error=text)
    ]  # fmt: skip
    return paper


def test_a_board(desk, text):
    with Board(desk, title=text) as board:
        browser = Browser(board)
        assert_plain(browser.rows())
        browser.ask("detail", id=job(1).id)
        assert_plain(browser.told("detail"))
        browser.ask("detail", id=text)
        browser.ask("tool", verb="pause", tool=text)
        browser.ask("rows", text=text, sort=text, status=[text])
        browser.ask(text)
        view = board._view
        assert_plain([view.glance, view.tools, view.alert, view.said, view.busy])
        assert_harmless(board._repr_html_())
        assert_harmless(board._twin().data)
        assert repr(board).isprintable()


def test_a_submit_panel(desk, text, tmp_path):
    with SubmitPanel(desk, root=tmp_path) as panel:
        browser = Browser(panel)
        browser.ask("folder", place=text[:300])
        assert panel._view.alert or browser.told("folder")["entries"] == []
        browser.ask("preview", pattern=text[:300])
        panel._errand.join()
        browser.ask("part", key="k", name=text, size=3, buffers=[b"abc"])
        assert panel._view.picks[0]["size"] == 3
        browser.ask("rehearse", form={"options": text, "tool": text, "name": text})
        panel._errand.join()
        view = panel._view
        assert_plain([view.picks, view.alert, view.said, view.rehearsal])
        assert_plain({**view.preview, "pattern": ""})
        assert_harmless(panel._repr_html_())
        assert repr(panel).isprintable()


@pytest.mark.parametrize(
    "text", [t for t in HOSTILE if "/" not in t and len(t) < 99 and "\0" not in t]
)
def test_names_of_real_files(desk, text, tmp_path):
    try:
        (tmp_path / text).write_bytes(b"x")
    except OSError:
        pytest.skip("this file system takes no such name")
    with SubmitPanel(desk, root=tmp_path) as panel:
        browser = Browser(panel)
        browser.ask("folder", place="")
        [entry] = browser.told("folder")["entries"]
        assert entry["name"].isprintable()
        browser.ask("pick", place=entry["place"])
        assert panel._view.picks[0]["kind"] == "file"
        assert_plain(panel._view.picks)


def test_an_export_panel(desk, text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with ExportPanel(desk) as panel:
        browser = Browser(panel)
        browser.ask(
            "look", form={"batches": ["bat_1"], "out": text, "types": [text], "formats": [text]}
        )
        browser.ask("export", form={"batches": ["bat_1"], "out": "o", "formats": [text]})
        panel._errand.join()
        panel.files = [tmp_path / "o" / text.replace("/", "_").replace("\0", "")[:200]]
        panel._show_links(text)
        html = panel._links.outputs[0]["data"]["text/html"]
        assert_harmless(html)
        assert 'href="javascript:' not in html
        view = panel._view
        assert_plain([view.batches, view.alert, view.said])
        assert_harmless(panel._repr_html_())
        assert repr(panel).isprintable()


def test_the_code_that_is_shown_is_still_a_string_in_python(text):
    code = code_of([text], "out", ["csv"], Selection())
    compile(code.encode("utf-8", "replace").decode(), "shown", "exec")


def test_a_rehearsal(text):
    seen = Rehearsal(
        kinds={text: (1, 2)},
        duplicates=((text, text),) * 20,
        refused=((text, text, text),) * 20,
        left_out=1,
    )
    assert_plain(rehearsal_words(seen))


def test_what_a_magic_shows(desk, text):
    found = JobList(text, "line", desk.jobs.values(), 5)
    assert_harmless(found._repr_html_())
    assert all(line.isprintable() for line in repr(found).split("\n"))
    assert len(repr(found)) < 5000
    assert repr(Told("said")) == "said"


@pytest.mark.parametrize(
    "names",
    [("parts", "grid", "board"), ("parts", "tree", "form", "submit"), ("parts", "export_panel")],
)
def test_the_scripts_make_text_only_and_fetch_nothing(names):
    script = assets.script(*names)
    for word in ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "import "):
        assert word not in script
    assert "http://" not in script.replace("http://www.w3.org/1999/xhtml", "")
    assert "https://" not in script
    sheet = assets.style(names[0], names[-1])
    assert "url(" not in sheet
    assert "@import" not in sheet


def test_what_a_workspace_and_its_batches_and_jobs_say(text, tmp_path, monkeypatch):
    import toolkit

    monkeypatch.chdir(tmp_path)
    name = text.encode("utf-8", "replace").decode().replace("\0", "?")
    with toolkit.open("queue.db", work=False) as ws:
        batch = ws.submit([(name, b"%PDF-1.4"), (f"{name}.txt", b"text")], name=name)
        for value in (ws, batch, *batch, batch[0].job, batch.stats()):
            assert repr(value).isprintable()
            assert len(repr(value)) < 3000
            assert_harmless(value._repr_html_())
            assert len(value._repr_html_()) < 9000
        with batch.board() as board:
            assert_plain(Browser(board).rows())
