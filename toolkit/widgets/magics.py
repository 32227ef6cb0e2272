"""``%load_ext toolkit``: the line magic ``%jobs``, and completions inside the calls of a desk."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from IPython.core.completer import SimpleCompletion, context_matcher

from toolkit import plugins
from toolkit.desk import Desk
from toolkit.errors import InvalidInput, JobNotFound
from toolkit.jobs import Job, JobState
from toolkit.widgets.board_rows import row_of
from toolkit.widgets.guard import guarded
from toolkit.widgets.twin import table_html
from toolkit.widgets.words import count, escaped, headline, shown, thing

__all__ = ["JobList", "Told", "load", "unload"]

USAGE = "%jobs [BATCH] [--failed]"
NEWEST = 20
HEAD = ["file", "state", "progress", "tries", "took", "error"]
FIELDS = ("file", "state", "how", "tries", "took", "why")


class Told(str):
    """A sentence that shows itself as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class JobList:
    """Some jobs as a table, of *total* that there are."""

    def __init__(self, title: str, line: str, jobs: Iterable[Job], total: int) -> None:
        self._title, self._line, self._total = title, line, total
        self.jobs = tuple(jobs)

    def _rows(self) -> list[list[str]]:
        return [[str(row_of(job)[name]) for name in FIELDS] for job in self.jobs]

    def _rest(self) -> str:
        rest = self._total - len(self.jobs)
        return f"and {thing(rest, 'earlier job')}" if rest > 0 else ""

    def __repr__(self) -> str:
        rows = [HEAD, *self._rows()]
        wide = [min(48, max(len(row[at]) for row in rows)) for at in range(len(HEAD) - 1)]
        lines = [
            "  ".join(cell[:48].ljust(width) for cell, width in zip(row, wide, strict=False))
            + f"  {row[-1]}"
            for row in rows
        ]
        said = [f"{shown(self._title)}: {self._line}", *(line.rstrip() for line in lines)]
        return "\n".join([*said, self._rest()] if self._rest() else said)

    def _repr_html_(self) -> str:
        top = f"<div><strong>{escaped(self._title)}</strong> &nbsp;{escaped(self._line)}</div>"
        rest = f"<div>{escaped(self._rest())}</div>" if self._rest() else ""
        return f"{top}{table_html(self._rows(), head=HEAD)}{rest}"


class _Magics:
    """What one shell was taught."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell

    def jobs(self, line: str = "") -> object:
        """Show jobs of the workspace that was opened last.

        ``%jobs`` shows the newest of all, ``%jobs BATCH`` those of a batch, by name or id, and
        ``--failed`` only those that failed.
        """
        answer: list[object] = []
        guarded(
            lambda: answer.append(self._listed(line)), lambda words: answer.append(Told(words))
        )()
        return answer[0]

    def _listed(self, line: str) -> object:
        try:
            words = shlex.split(line)
        except ValueError as exc:
            raise InvalidInput(f"{exc}; {USAGE}") from exc
        names = [word for word in words if not word.startswith("--")]
        flags = {word for word in words if word.startswith("--")}
        if flags - {"--failed"} or len(names) > 1:
            raise InvalidInput(f"write it so: {USAGE}")
        desk = self.desk()
        if desk is None:
            return Told("No workspace is open: ws = toolkit.open('analysis.db') opens one.")
        return _job_list(desk, names[0] if names else None, failed="--failed" in flags)

    def desk(self) -> Desk | None:
        """The desk that was named last in this shell."""
        found = None
        for name, value in list(self._shell.user_ns.items()):
            kind = type(value)
            if not name.startswith("_") and all(hasattr(kind, verb) for verb in VERBS):
                found = value
        return found

    def complete(self, context: Any) -> dict[str, Any]:
        """What can stand where the cursor is, inside the calls that we know."""
        lines = context.full_text.split("\n")[: context.cursor_line + 1]
        lines[-1] = lines[-1][: context.cursor_position]
        before = "\n".join(lines)[-4000:]
        found: list[str] = []
        guarded(lambda: found.extend(self._choices(before)), lambda _: None)()
        return {
            "completions": [SimpleCompletion(text=one, type="pagequeue") for one in found],
            "suppress": bool(found),
        }

    def _choices(self, before: str) -> Iterator[str]:
        if match := re.search(r"(?:^|\n)\s*%jobs\s+(\S*)$", before):
            yield from _beginning(match[1], ["--failed", *self._batch_names()])
        elif match := re.search(r"""\.batch\(\s*["']([^"'\n]*)$""", before):
            yield from _beginning(match[1], self._batch_names())
        elif match := re.search(r"""\btool\s*=\s*["']([\w-]*)$""", before):
            yield from _beginning(match[1], self._schemas())
        elif match := re.search(r"""\bto\s*=\s*\[?(?:\s*["']\w+["']\s*,)*\s*["'](\w*)$""", before):
            yield from _beginning(match[1], plugins.names("toolkit.exporters"))
        elif match := re.search(r"options\s*=\s*\{([^{}]*)$", before):
            yield from self._option_choices(before, match[1])

    def _option_choices(self, before: str, inside: str) -> Iterator[str]:
        named = re.findall(r"""\btool\s*=\s*["']([\w-]+)["']""", before)
        known = (self._schemas().get(named[-1] if named else "parse") or {}).get("properties", {})
        if match := re.search(r"""["'](\w+)["']\s*:\s*["'](\w*)$""", inside):
            yield from _beginning(match[2], map(str, known.get(match[1], {}).get("enum", ())))
        elif match := re.search(r"""(?:^|,)\s*["'](\w*)$""", inside):
            yield from _beginning(match[1], known)

    def _schemas(self) -> dict[str, Mapping[str, Any] | None]:
        desk = self.desk()
        return {one.name: one.schema for one in desk.tools()} if desk is not None else {}

    def _batch_names(self) -> list[str]:
        desk = self.desk()
        found = desk.batches()[:100] if desk is not None else ()
        return list(dict.fromkeys(one.name for one in found if one.name.isprintable()))


VERBS = ("glance", "find", "place", "counts", "batches")


def _beginning(start: str, names: Iterable[str]) -> Iterator[str]:
    return (name for name in names if name.startswith(start))


def _job_list(desk: Desk, name: str | None, *, failed: bool) -> JobList:
    batch, title = None, desk.place
    if name is not None:
        for one in desk.batches():
            if name in (one.id, one.name):
                batch, title = one.id, one.name
                break
        else:
            raise JobNotFound(f"no batch {name!r}; %jobs without a name shows all")
    status = JobState.FAILED if failed else None
    jobs = desk.find(batch=batch, status=status, limit=NEWEST, newest_first=True)[::-1]
    counts = desk.counts(batch=batch)
    total = counts[JobState.FAILED] if failed else sum(counts.values())
    if failed:
        return JobList(title, f"{count(total)} failed", jobs, total)
    line = headline(desk.glance(batch=batch), pages_per_second=None, seconds_left=None)
    return JobList(title, line, jobs, total)


_taught: dict[int, Any] = {}


def load(shell: Any) -> None:
    """Teach *shell* ``%jobs`` and the completions; once, however often it is asked."""
    if id(shell) in _taught:
        return
    magics = _Magics(shell)

    @context_matcher(identifier="pagequeue")  # type: ignore[untyped-decorator]
    def matcher(context: Any) -> Any:
        return magics.complete(context)

    _taught[id(shell)] = matcher
    shell.register_magic_function(magics.jobs, "line", "jobs")
    shell.Completer.custom_matchers.append(matcher)


def unload(shell: Any) -> None:
    """Take both away again."""
    matcher = _taught.pop(id(shell), None)
    if matcher is not None:
        shell.magics_manager.magics["line"].pop("jobs", None)
        shell.Completer.custom_matchers.remove(matcher)
