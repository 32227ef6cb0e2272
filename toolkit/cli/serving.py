"""``pagequeue serve``: the queue over HTTP, until Ctrl-C."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli.options import DEFAULT_DB, opened
from toolkit.cli.terminal import err, say
from toolkit.errors import InvalidInput, MissingExtra

__all__ = ["serve"]


Place = Annotated[
    Path | None, typer.Argument(help="The database file.", metavar="[DB]", show_default=False)
]
Db = Annotated[Path | None, typer.Option("--db", help="The same, as an option.")]
Host = Annotated[str, typer.Option("--host", help="The address to listen at.")]
Port = Annotated[
    int, typer.Option("--port", min=0, max=65_535, help="Its port; 0 takes a free one.")
]
Uds = Annotated[Path | None, typer.Option("--uds", help="A unix socket to listen at instead.")]
Anonymous = Annotated[
    bool, typer.Option("--anonymous", help="Ask for no keys; only for this machine.")
]
Work = Annotated[bool, typer.Option("--work/--no-work", help="Start a runner where there is work.")]
RootPath = Annotated[str, typer.Option("--root-path", help="The path that a proxy serves this at.")]
AllowHost = Annotated[
    list[str] | None,
    typer.Option("--allow-host", help="Another name of this server, with --anonymous."),
]
Proxy = Annotated[
    list[str] | None,
    typer.Option("--proxy", help="An address whose X-Forwarded headers are believed."),
]
LogJson = Annotated[
    bool | None,
    typer.Option("--log-json/--log-text", help="How requests are logged; else as stderr is."),
]


def serve(
    place: Place = None,
    *,
    db: Db = None,
    host: Host = "127.0.0.1",
    port: Port = 8_000,
    uds: Uds = None,
    anonymous: Anonymous = False,
    start: Work = True,
    root_path: RootPath = "",
    allow_host: AllowHost = None,
    proxy: Proxy = None,
    log_json: LogJson = None,
) -> None:
    """Serve the queue over HTTP, until Ctrl-C; the jobs then go on.

    The address is the first line on stdout; the documentation is at /docs there. Each request
    is a line on stderr, and needs a key: see pagequeue keys create.
    """
    if place is not None and db is not None:
        raise InvalidInput("the database file is named twice; leave --db out")
    try:
        from toolkit.server.process import Address
        from toolkit.server.process import serve as serve_on
    except ModuleNotFoundError as exc:
        raise MissingExtra("pip install 'pagequeue[server]'") from exc
    with opened(place or db or DEFAULT_DB, create=True) as workspace:
        serve_on(
            workspace.store,
            Address(host, port, uds),
            work=start,
            anonymous=anonymous,
            root_path=root_path,
            hosts=allow_host or (),
            proxies=proxy or (),
            log_json=not err.is_terminal if log_json is None else log_json,
            said=_say,
        )


def _say(address: str) -> None:
    """The address for a program, and for a person where to look."""
    sys.stdout.write(f"{address}\n")
    sys.stdout.flush()
    if err.is_terminal and address.startswith("http"):
        say(f"documentation at {address}/docs; Ctrl-C ends it")


serve.epilog = "pagequeue serve --anonymous · or: pagequeue serve team.db --host 0.0.0.0"  # type: ignore[attr-defined]
