"""JupyterLab's launcher has a tile that opens the HTTP API, behind Jupyter's own log-in."""

from __future__ import annotations

import re


def test_the_tile_opens_the_documentation(lab, browser, pictures):
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{lab.address}/lab?token={lab.token}&reset")
    tile = page.locator(".jp-LauncherCard").filter(has_text="Queue over HTTP")
    tile.wait_for(timeout=60_000)
    icon = tile.locator("img")
    icon.wait_for()
    page.wait_for_function("image => image.complete", arg=icon.element_handle())
    assert icon.evaluate("image => image.naturalWidth") > 0
    page.screenshot(path=pictures / "server_tile.png")
    with context.expect_page() as opening:
        tile.click()
    docs = opening.value
    docs.wait_for_selector(".opblock", timeout=60_000)
    docs.screenshot(path=pictures / "server_tile_docs.png")
    assert re.search(r"/pagequeue/docs", docs.url)
    assert docs.locator(".opblock").count() > 2
    context.close()
