"""Whatever holds documents can be inspected; what does not is refused in words."""

from __future__ import annotations

import pandas as pd
import pytest

import toolkit
from toolkit import frames, samples
from toolkit.errors import InvalidInput


@pytest.fixture(scope="module")
def invoice(tmp_path_factory):
    made = samples.write(tmp_path_factory.mktemp("samples"))
    return next(one.path for one in made if one.path.name == "invoice_401.pdf")


def test_a_document_and_its_file(invoice):
    document = toolkit.parse(invoice)
    with toolkit.inspect(document, invoice) as inspector:
        assert inspector._courier.settle(30)
        assert inspector.picture.startswith(b"RIFF")
        rows = eval(inspector.code, {"frames": frames, "document": document})
        pd.testing.assert_frame_equal(rows, inspector.frame())
    with toolkit.inspect(document, invoice.read_bytes()) as inspector:
        assert inspector._courier.settle(30)
        assert inspector.picture
    with toolkit.inspect(document) as inspector:
        assert inspector._courier.settle(30)
        assert "the file was not given" in inspector.words
        assert inspector.sheet["blocks"]
    with toolkit.inspect(document, invoice.with_name("gone.pdf")) as inspector:
        assert inspector._courier.settle(30)
        assert "gone.pdf" in inspector.words


def test_a_batch_a_job_several_and_everything(working, invoice):
    batch = working.submit(invoice, name="one").wait(60)
    job = batch[0]
    names = {"batch": batch, "job": job, "ws": working}
    for what in (batch, job, [job], working):
        with toolkit.inspect(what) as inspector:
            inspector.filter(scope="all")
            rows = eval(inspector.code, names)
            pd.testing.assert_frame_equal(rows, inspector.frame())
            assert len(rows) > 5
    inspector = batch.blocks().doc.filter(type="table").doc.show()
    assert inspector.block.rows
    inspector.close()
    with batch.compare(job) as inspector:
        assert {pair[2] for pair in inspector.sheet["pairs"]} == {"same"}
    with working.inspect() as inspector:
        batch.purge()
        inspector.refresh()
        assert "erased" in inspector.words


def test_what_cannot_be_inspected(ws):
    batch = ws.submit(("notes.txt", b"x"), name="none")
    with batch.inspect() as inspector:
        assert inspector.words
    for wrong in ("report.pdf", 3, [], ["a"]):
        with pytest.raises(InvalidInput, match="cannot be inspected"):
            toolkit.inspect(wrong)
    with pytest.raises(InvalidInput, match="jobs know their files"):
        toolkit.inspect(batch, "report.pdf")
