"""The commands that take results away and look after the file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from toolkit.cli.options import DEFAULT_DB, AsJson, Db, opened
from toolkit.cli.terminal import out, print_json, print_table, say
from toolkit.widgets.words import shown, thing

__all__ = ["doctor", "export", "formats_of"]

STYLES = {"ok": "green", "note": "yellow", "problem": "bold red", "repaired": "cyan"}


def formats_of(written: str) -> list[str]:
    """A list with commas as the formats in it. Raises InvalidOption for an unknown one."""
    from toolkit.workspace.exporting import formats

    return formats([name.strip() for name in written.split(",") if name.strip()])


def export(
    folder: Annotated[Path, typer.Argument(help="Where to write.", metavar="DIR")],
    db: Db = DEFAULT_DB,
    to: Annotated[str, typer.Option("--to", help="Formats, with commas.")] = "parquet,markdown",
    batch: Annotated[
        str | None, typer.Option("--batch", help="This one, by name or id; else the latest.")
    ] = None,
    formula_safe: Annotated[
        bool,
        typer.Option(help="Put ' before CSV text that a spreadsheet would compute."),
    ] = False,
) -> None:
    """Write the documents of a batch to files."""
    asked = formats_of(to)
    with opened(db) as workspace:
        written = workspace.batch(batch).export(folder, to=asked, formula_safe=formula_safe)
        say(f"{thing(len(written), 'file')} written to {shown(str(folder))}")
        for path in written[:20]:
            out.print(shown(str(path), 1000))


def doctor(
    db: Annotated[
        Path | None, typer.Option("--db", help="A database file to look at as well.")
    ] = None,
    repair: Annotated[bool, typer.Option("--repair", help="Mend what is safe to mend.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check this machine, and a file; exit code 1 where something is wrong."""
    from toolkit import doctor as examining

    db = db or (DEFAULT_DB if DEFAULT_DB.exists() else None)
    if db is None:
        report = examining.examine()
    else:
        with opened(db) as workspace:
            report = examining.examine(workspace.store, repair=repair)
    if as_json:
        print_json({"sound": report.sound, "findings": report.findings})
    else:
        rows = [
            [f.subject, Text(f.verdict, style=STYLES[f.verdict]), f.words, f.remedy]
            for f in report.findings
        ]
        print_table("", ("", "", "found", "to do"), rows)
        say(
            "sound" if report.sound else "something is wrong",
            "green" if report.sound else "bold red",
        )
    raise typer.Exit(0 if report.sound else 1)
