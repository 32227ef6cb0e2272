"""The commands together, and how the process ends: codes, one line an error, quiet pipes."""

from __future__ import annotations

import os
import sqlite3
import sys
from typing import Annotated

import typer

from toolkit.cli import (
    care,
    demo,
    gallery,
    keys,
    measuring,
    packing,
    parsing,
    queue,
    running,
    serving,
    watching,
    webhooks,
)
from toolkit.cli.terminal import complain
from toolkit.errors import InvalidInput, ToolkitError

__all__ = ["app", "main"]

USAGE = 2

app = typer.Typer(
    name="pagequeue",
    help="Folders of documents into tables you can trust.",
    epilog="Start with: pagequeue demo · or: pagequeue run reports/*.pdf --out out",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        sys.stdout.write(f"pagequeue {version('pagequeue')}\n")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which it is.")
    ] = False,
) -> None:
    pass


for verb in (
    *(running.run, demo.demo, parsing.parse, gallery.gallery),
    *(queue.submit, watching.watch, queue.work, queue.jobs, queue.show),
    *(queue.cancel, queue.retry, queue.pause, queue.resume, queue.purge),
    *(care.export, packing.pack, packing.unpack, serving.serve, keys.usage),
    care.doctor,
):
    app.command(epilog=getattr(verb, "epilog", None))(verb)
app.command("eval", epilog=measuring.EPILOG)(measuring.evaluate)
app.add_typer(keys.app)
app.add_typer(webhooks.app)


def main() -> None:
    """Run the command that was typed, and end the process with its code."""
    try:
        app()
    except ToolkitError as exc:
        complain(exc.code, str(exc))
        sys.exit(USAGE if isinstance(exc, InvalidInput) else 1)
    except sqlite3.Error as exc:
        complain("STORE_ERROR", f"the database: {exc}")
        sys.exit(1)
    except BrokenPipeError:
        # Whoever read us has enough. Python would complain once more when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as exc:
        complain("OS_ERROR", f"{exc.filename or ''} {exc.strerror or exc}".strip())
        sys.exit(1)
