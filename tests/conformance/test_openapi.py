"""Every dialect's OpenAPI document is true: schemathesis asks what it allows, and what it does not.

The document of the first reference, as it was published, is held against our answers too. Jobs in
every state are there, and half of the calls name one of them. ``PAGEQUEUE_OPENAPI_EXAMPLES=200``
asks more of each operation than is worth the time in every run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from serving import SHARED, Serving
from stage import Stage

from toolkit.store import tools

EXAMPLES = os.environ.get("PAGEQUEUE_OPENAPI_EXAMPLES", "3")
PUBLISHED = SHARED / "reference" / "A.openapi.json"
STATES = ("waiting", "running", "completed", "failed", "retrying", "cancelled", "gone")
SCHEMATHESIS = [
    sys.executable,
    "-P",
    "-c",
    "from schemathesis.cli import schemathesis as run; run()",
]
# What is right by the document is refused where it names a job, a file or a tool that there is not;
# and DELETE cancels a job, which can be looked at all the same.
LEFT_OUT = "positive_data_acceptance,use_after_free"
# An event stream of a job that waits does not end: it is read elsewhere. A client's own verbs are
# asked only when there is time.
LEFT_ALONE = "/events$" if int(EXAMPLES) > 10 else "/events$|^/v1/desk/"


@pytest.fixture(scope="module")
def documented(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A server with a runner, which leaves the tool ``talk`` alone."""
    serving = Serving(tmp_path_factory.mktemp("documented"), "echo", "talk")
    try:
        yield serving
        serving.stop()
    finally:
        serving.close()


@pytest.fixture(scope="module")
def pairs(documented: Serving, invoices: list[Path]) -> list[tuple[str, str]]:
    """(id, token) of jobs in every state, some several times: calls use them up."""
    documented.start("--no-work")
    stage = Stage(documented, invoices[0].read_bytes(), tool="talk")
    jobs = [stage.tokened(state) for state in STATES[::-1] for _ in range(3)]
    stage.http.close()
    with documented.store.write() as conn:
        tools.pause(conn, name="talk")
    documented.stop()
    documented.start()
    return [(job["jobId"], job["jobToken"]) for job in jobs]


@pytest.fixture
def every_case(documented, pairs, tmp_path):
    """Runs schemathesis on a document, and returns its report."""

    def run(document: str, *flags: str) -> dict[str, Any]:
        report = tmp_path / "report.json"
        config = tmp_path / "schemathesis.toml"
        config.write_text(f"hooks = {json.dumps('openapi_pairs')}\n")
        # The key of the owner whose jobs are named, or nothing would be found.
        key = documented.minted("ada").secret
        command = [
            *SCHEMATHESIS,
            "--config-file",
            str(config),
            "run",
            document,
            "--url",
            documented.url,
        ]
        command += ["--header", f"Authorization: Bearer {key}", "--exclude-checks", LEFT_OUT]
        command += ["--max-examples", EXAMPLES, "--seed", "7", "--no-color", "--no-shrink"]
        command += ["--generation-database", "none", "--request-timeout", "60", "--workers", "1"]
        command += ["--continue-on-failure", "--report-json-path", str(report), *flags]
        done = subprocess.run(
            command,
            env={**os.environ, "PAGEQUEUE_PAIRS": json.dumps(pairs), "PYTHONPATH": str(HERE)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert report.exists(), done.stdout[-4000:] + done.stderr[-4000:]
        said = json.loads(report.read_text())
        assert done.returncode == 0, done.stdout[-12_000:]
        return said

    return run


HERE = Path(__file__).parent


def held(said: dict[str, Any], name: str) -> None:
    """No failure, no error, every operation tested; and say how many cases there were."""
    cases, operations = said["test_cases"], said["operations"]
    print(f"\n{name}: {cases['generated']} cases of {operations['tested']} operations, 0 failures")
    assert cases["with_failures"] == cases["errored"] == 0, said["failures"]
    assert said["errors"] == said["failures"] == []
    assert operations["tested"] == operations["selected"] > 0
    assert cases["generated"] >= 10 * operations["tested"]


@pytest.mark.parametrize("dialect", ["v1", "token_queue", "job_list", "tool_queue"])
def test_a_dialect_answers_as_its_document_says(documented, every_case, dialect):
    said = every_case(
        f"{documented.url}/openapi/{dialect}.json", "--exclude-path-regex", LEFT_ALONE
    )
    held(said, dialect)


@pytest.mark.skipif(not PUBLISHED.exists(), reason="the published document is not here")
def test_the_queue_with_tokens_answers_as_the_reference_says(every_case):
    held(every_case(str(PUBLISHED)), "the reference's own document")


@pytest.mark.parametrize("dialect", ["v1", "token_queue", "job_list", "tool_queue"])
def test_a_document_is_whole(still, dialect):
    document = httpx.get(f"{still.url}/openapi/{dialect}.json").json()
    assert document["openapi"].startswith("3.1")
    text = json.dumps(document)
    for place in {part.split('"')[0] for part in text.split('"$ref": "#/')[1:]}:
        found: Any = document
        for step in place.split("/"):
            found = found[step]
        assert found
    names = [op["operationId"] for path in document["paths"].values() for op in path.values()
             if isinstance(op, dict) and "operationId" in op]  # fmt: skip
    assert len(names) == len(set(names))
    whole = httpx.get(f"{still.url}/openapi.json").json()
    assert document["paths"].keys() <= whole["paths"].keys()
