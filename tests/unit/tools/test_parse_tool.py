"""The job type parse: options are checked at the door, and a document comes out."""

from __future__ import annotations

import pytest

from toolkit.document import wire
from toolkit.errors import InvalidInput, InvalidOption
from toolkit.jobs import Limits, Task, target_of
from toolkit.tools import parse


def task(tmp_path, content: bytes | None, **settings) -> Task:
    source = None
    if content is not None:
        source = tmp_path / "0a1b2c"
        source.write_bytes(content)
    told = settings.pop("told", [])
    return Task(
        filename="report.pdf",
        source=source,
        sha256="",
        options=settings.pop("options", {}),
        limits=Limits(),
        work_folder=tmp_path,
        report=told.append,
        **settings,
    )


def pages(count: int) -> bytes:
    """A PDF with one line of text a page."""
    from io import BytesIO

    from reportlab.pdfgen.canvas import Canvas

    file = BytesIO()
    canvas = Canvas(file)
    for number in range(1, count + 1):
        canvas.drawString(72, 720, f"The words of page {number} are here.")
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def test_a_file_becomes_a_document(tmp_path):
    told = []
    outcome = parse.run(task(tmp_path, pages(2), told=told))
    document = wire.decode(outcome.content)
    assert outcome.media_type == wire.MEDIA_TYPE
    assert (outcome.pages, outcome.cacheable) == (2, True)
    assert document.source.filename == "report.pdf"
    assert "page 2" in "".join(getattr(block, "text", "") for block in document.blocks)
    assert [p.page for p in told if p.page] == sorted({p.page for p in told if p.page})


def test_a_check_that_was_not_wanted_is_the_same_on_every_machine(tmp_path, monkeypatch):
    options = {"profile": "advanced", "ocr": "never"}
    here = parse.run(task(tmp_path, pages(1), options=options))
    monkeypatch.setattr("toolkit.engine.advanced.available", lambda: False)
    elsewhere = parse.run(task(tmp_path, pages(1), options=options))
    told = [wire.decode(one.content).extraction.per_page_failures for one in (here, elsewhere)]
    assert told[0] == told[1]
    assert "never" in told[0][0].message
    assert here.cacheable


@pytest.mark.parametrize("code", ["PAGE_TIMEOUT", "MEMORY_EXCEEDED", "CHILD_CRASHED"])
def test_a_document_without_a_page_that_was_cut_is_not_cached(tmp_path, code):
    outcome = parse.run(task(tmp_path, pages(2), cut_pages={2: (code, "it took too long")}))
    failures = wire.decode(outcome.content).extraction.per_page_failures
    assert [(f.page, f.code) for f in failures] == [(2, code)]
    assert not outcome.cacheable


def test_a_tool_without_a_file_says_so(tmp_path):
    with pytest.raises(InvalidInput, match="needs a file"):
        parse.run(task(tmp_path, None))


def test_options_are_completed_and_unknown_ones_are_named_with_the_nearest():
    assert parse.check({})["ocr"] == "auto"
    with pytest.raises(InvalidOption, match="profile"):
        parse.check({"profil": "standard"})


def test_a_password_among_the_options_is_refused():
    with pytest.raises(InvalidOption, match="secret"):
        parse.check({"password": "sesame"})


def test_the_tool_names_functions_that_are_there():
    assert target_of(parse.PARSE.target) is parse.run
    assert target_of(parse.PARSE.check) is parse.check
