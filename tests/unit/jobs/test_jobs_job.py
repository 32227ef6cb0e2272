"""Jobs as values."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.jobs.job import Job, Submission
from toolkit.jobs.state import FINAL, JobState


def job(**more) -> Job:
    return Job(
        **{
            "id": "job_0011223344556677",
            "number": 1,
            "tool": "parse",
            "status": JobState.QUEUED,
            "filename": "a.pdf",
            "origin": None,
            "sha256": None,
            "size": 0,
            "media_type": "application/pdf",
            "batch": None,
            "owner": "",
            "priority": 0,
            "created_at": 0.0,
            **more,
        }
    )


@given(st.sampled_from(JobState))
def test_a_job_has_ended_in_a_final_state(status):
    assert job(status=status).ended is (status in FINAL)


def test_a_document_has_its_id_before_it_is_read():
    assert job().document_id == "doc_0011223344556677"


def test_a_job_shows_itself_on_a_line():
    assert repr(job()) == "<Job job_0011223344556677 'a.pdf' queued>"
    assert "55 %" in repr(job(status=JobState.PROCESSING, progress=54.6))
    failed = job(status=JobState.FAILED, error_code="DAMAGED_FILE", error="no pages", filename=None)
    assert repr(failed) == ("<Job job_0011223344556677 '(no file)' failed DAMAGED_FILE: no pages>")


@pytest.mark.parametrize("value", [job(), Submission(tool="parse")])
def test_values_cannot_be_changed(value):
    with pytest.raises(AttributeError):
        value.tool = "other"


@given(st.text(), st.dictionaries(st.text(), st.integers() | st.text()))
def test_a_submission_survives_its_way_as_json(filename, options):
    submission = Submission(tool="parse", filename=filename, options=options, refused=("A", "b"))
    written = msgspec.json.encode(submission)
    assert msgspec.json.decode(written, type=Submission) == submission
