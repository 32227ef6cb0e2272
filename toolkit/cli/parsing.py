"""``pagequeue parse``: files to Markdown or JSON, without a queue."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from toolkit.cli.options import Inputs, Options, Pages, Password, options_of
from toolkit.cli.terminal import complain, err, say
from toolkit.errors import InvalidInput, ToolkitError
from toolkit.export.names import Names
from toolkit.jobs import Outcome
from toolkit.widgets.words import shown, thing

__all__ = ["parse", "paths_of", "watched"]


class Format(StrEnum):
    MARKDOWN = "markdown"
    JSON = "json"


class Style(StrEnum):
    RICH = "rich"
    PLAIN = "plain"


T = TypeVar("T")
SUFFIXES = {Format.MARKDOWN: ".md", Format.JSON: ".json"}


def parse(
    inputs: Inputs,
    *,
    to: Annotated[Format, typer.Option("--to", help="What to write.")] = Format.MARKDOWN,
    style: Annotated[
        Style | None,
        typer.Option("--style", help="Of Markdown: rich for reading, plain for comparing."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="A folder: NAME.md or NAME.json for each file.")
    ] = None,
    pages: Pages = None,
    password: Password = None,
    option: Options = None,
) -> None:
    """Read files now, without a queue; one file goes to stdout."""
    from toolkit.runner import direct
    from toolkit.tools.registry import installed
    from toolkit.workspace.options import checked

    tool = installed()["parse"]
    options = options_of(option, pages) | ({"style": style.value} if style else {})
    asked = checked(tool, options, password=password, limits={})
    paths, failed = paths_of(inputs)
    if out is None and len(paths) + failed > 1:
        raise InvalidInput("several files need a folder to go to: --out DIR")
    answers = direct.run_many(tool, paths, options=asked.options, secrets=asked.secrets)
    shown_answers = zip(paths, watched(answers, len(paths)), strict=True)
    written = _write(shown_answers, to, asked.options, out)
    if out is not None:
        say(f"{thing(written, 'document')} written to {shown(str(out), 1000)}")
    raise typer.Exit(1 if failed or written < len(paths) else 0)


parse.epilog = "pagequeue parse a.pdf > a.md · pagequeue parse *.pdf --to markdown --out out"  # type: ignore[attr-defined]


def paths_of(inputs: list[str]) -> tuple[list[Path], int]:
    """The files, and how many inputs cannot be taken; those are complained about."""
    from toolkit.workspace.archives import looks_like_one
    from toolkit.workspace.inputs import gather
    from toolkit.workspace.intake import DOCUMENT_SUFFIXES

    def wanted(path: Path) -> bool:
        return path.suffix.lower() in DOCUMENT_SUFFIXES or looks_like_one(path.name)

    paths: list[Path] = []
    failed = 0
    for offer in gather(inputs, wanted=wanted):
        if offer.refused is not None:
            complain(offer.refused.code, str(offer.refused))
            failed += 1
        elif offer.path is None or looks_like_one(offer.filename):
            complain(
                "VALIDATION_ERROR", f"{offer.origin}: for archives and addresses: pagequeue run"
            )
            failed += 1
        elif offer.path is not None and not offer.left_out and offer.path not in paths:
            paths.append(offer.path)
    return paths, failed


def _write(
    answers: Iterable[tuple[Path, tuple[object, Outcome | ToolkitError]]],
    to: Format,
    options: Mapping[str, Any],
    out: Path | None,
) -> int:
    """Write each answer as it comes, or complain about it; how many were written."""
    names, written = Names(), 0
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
    for path, (_, answer) in answers:
        if isinstance(answer, ToolkitError):
            complain(answer.code, f"{path!s}: {answer}")
            continue
        content = answer.content if to is Format.JSON else _markdown(answer.content, options)
        if out is None:
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()
        else:
            (out / names.take(path.name, SUFFIXES[to])).write_bytes(content)
        written += 1
    return written


def _markdown(content: bytes, options: Mapping[str, Any]) -> bytes:
    from toolkit.document.markdown import markdown
    from toolkit.document.wire import decode

    return markdown(decode(content), options["style"], options["table_format"]).encode()


def watched(answers: Iterable[T], total: int, doing: str = "reading") -> Iterator[T]:
    """*answers*, of which there are *total*, with a bar on a person's terminal while they come."""
    from rich.progress import track

    return iter(
        track(answers, doing, total=total, console=err, disable=total < 2 or not err.is_terminal)
    )
