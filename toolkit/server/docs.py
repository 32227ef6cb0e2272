"""The pages that show the documents: Swagger UI from our own files, for a machine without network.

They load nothing from elsewhere, and the browser is told to see to that.
"""

from __future__ import annotations

import importlib.util
from functools import cache
from html import escape
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute

from toolkit.errors import MissingExtra, PathUnknown
from toolkit.server.openapi import ALL, Documents
from toolkit.server.visits import page

__all__ = ["places"]

_ASSETS: Final = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
}

# Everything that a page is made of is a file of ours.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)

_PAGE: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="{root}/docs/assets/swagger-ui.css">
<link rel="stylesheet" href="{root}/docs/assets/page.css">
<link rel="icon" href="{root}/docs/assets/icon.svg" type="image/svg+xml">
</head>
<body>
<nav aria-label="APIs">{links}</nav>
<main id="swagger-ui" data-document="{document}"></main>
<script src="{root}/docs/assets/swagger-ui-bundle.js"></script>
<script src="{root}/docs/assets/start.js"></script>
</body>
</html>
"""

_STYLE: Final = b"""\
body { margin: 0 }
nav { font: 14px sans-serif; padding: 0.7em 1.5em; background: #f4f4f4 }
nav a { margin-right: 1.5em; color: #1a4f8a }
nav a[aria-current] { font-weight: bold }
"""

_START: Final = b"""\
window.ui = SwaggerUIBundle({
  url: document.getElementById("swagger-ui").dataset.document,
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
  persistAuthorization: false,
  tryItOutEnabled: true
});
"""

ICON: Final = Path(__file__).with_name("icon.svg")
_STAYS: Final = {"cache-control": "public, max-age=3600"}


def places(documents: Documents) -> list[BaseRoute]:
    """Where the documents and the pages are. Unknown ones are a PathUnknown."""

    async def show_document(request: Request) -> Response:
        name = _known(documents, request)
        content = documents.document(name, request.scope.get("root_path", ""))
        return Response(content, media_type="application/json")

    async def show_page(request: Request) -> Response:
        name = _known(documents, request)
        page = _page(documents, name, request.scope.get("root_path", ""))
        return Response(page, media_type="text/html", headers={"content-security-policy": POLICY})

    return [
        page("/openapi.json", show_document),
        page("/openapi/{dialect}.json", show_document),
        page("/docs", show_page),
        page("/docs/{dialect}", show_page),
        page("/docs/assets/{name}", _asset),
    ]


def _known(documents: Documents, request: Request) -> str:
    name: str = request.path_params.get("dialect", ALL)
    if name != ALL and name not in documents.titles:
        raise PathUnknown("there is nothing at this path")
    return name


def _page(documents: Documents, name: str, root: str) -> str:
    """The page of one document, with links to the others."""
    titles = {ALL: "Everything", **documents.titles}
    links = "".join(
        f'<a href="{escape(root)}/docs{"/" if one else ""}{one}"'
        f"{' aria-current=page' if one == name else ''}>{escape(title)}</a>"
        for one, title in titles.items()
    )
    document = f"{root}/openapi{'/' if name else ''}{name}.json"
    title = f"pagequeue: {titles[name]}"
    return _PAGE.format(
        title=escape(title), root=escape(root), links=links, document=escape(document)
    )


async def _asset(request: Request) -> Response:
    name = request.path_params["name"]
    if name in {"start.js", "page.css"}:
        kind = "text/javascript" if name == "start.js" else "text/css"
        return Response(_START if name == "start.js" else _STYLE, media_type=kind)
    if name == "icon.svg":
        return FileResponse(ICON, media_type="image/svg+xml", headers=_STAYS)
    if name not in _ASSETS:
        raise PathUnknown("there is nothing at this path")
    return FileResponse(_folder() / name, media_type=_ASSETS[name], headers=_STAYS)


@cache
def _folder() -> Path:
    """Where the files of Swagger UI are; the package around them is not loaded."""
    found = importlib.util.find_spec("fastapi_offline")
    if found is None or found.origin is None:
        raise MissingExtra("pip install 'pagequeue[server]'")
    return Path(found.origin).with_name("static")
