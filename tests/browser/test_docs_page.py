"""The pages of the HTTP API: drawn from our own files under a strict policy, and of use."""

from __future__ import annotations

import subprocess
import sys
from urllib.parse import urlsplit

import pytest


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("docs")
    command = [sys.executable, "-m", "toolkit", "serve", str(folder / "a.db"), "--port", "0"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--anonymous", "--no-work"], stdout=subprocess.PIPE, stderr=log
        )
    yield process.stdout.readline().decode().strip()
    process.terminate()
    process.wait(30)
    process.stdout.close()


@pytest.mark.parametrize("path", ["/docs", "/docs/v1", "/docs/token_queue", "/docs/tool_queue"])
def test_a_page_is_drawn_without_errors_and_without_another_host(browser, address, pictures, path):
    complaints, elsewhere = [], []
    page = browser.new_page()
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    host = urlsplit(address).netloc
    page.on(
        "request",
        lambda asked: (
            elsewhere.append(asked.url)
            if urlsplit(asked.url).scheme in {"http", "https"}
            and urlsplit(asked.url).netloc != host
            else None
        ),
    )
    page.goto(address + path)
    page.wait_for_selector(".opblock", timeout=60_000)
    page.screenshot(path=pictures / f"docs{path.replace('/', '_')}.png")
    assert page.locator(".opblock").count() > 2
    assert page.locator("nav a[aria-current]").count() == 1
    assert complaints == []
    assert elsewhere == []
    page.close()


def test_a_request_can_be_tried(browser, address):
    complaints = []
    page = browser.new_page()
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.goto(f"{address}/docs/v1")
    block = page.locator(".opblock").filter(has=page.locator("[data-path='/v1/stats']"))
    block.locator(".opblock-summary").click()
    block.locator("button.execute").click()
    status = block.locator(".live-responses-table tr.response .response-col_status").first
    status.wait_for(timeout=30_000)
    page.wait_for_function("e => e.textContent.includes('200')", arg=status.element_handle())
    assert complaints == []
    page.close()
