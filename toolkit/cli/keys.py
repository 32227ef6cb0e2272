"""The commands that give out keys to the server, take them back, and tell what was used."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
import typer
from rich.text import Text

from toolkit.cli.options import DEFAULT_DB, AsJson, Db
from toolkit.cli.terminal import moment, print_json, print_table, say, tell
from toolkit.errors import InvalidInput, InvalidOption
from toolkit.widgets.words import shown, thing

if TYPE_CHECKING:
    from pathlib import Path

    from toolkit.store.keys import Key, Minted
    from toolkit.store.store import Store

__all__ = ["app", "usage"]

app = typer.Typer(
    name="keys",
    help="Keys to the server: who may ask for what, how often, and for how many pages.",
    no_args_is_help=True,
)

Kind = Literal["live", "test", "tool"]
Scopes = Annotated[
    list[str] | None,
    typer.Option("--scope", help="What it may do; repeatable. Without one: all but admin."),
]
Expires = Annotated[
    str | None, typer.Option("--expires", help="How long it holds, as in 90d or 12h.")
]
KindName = Annotated[
    Kind, typer.Option("--kind", help="A test key's jobs are apart and outside the quota.")
]
KeyId = Annotated[str, typer.Argument(metavar="KEY", help="The id of a key: key_…")]

UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_SPAN = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?) ?([smhdw]?)")


@app.command(epilog="pagequeue keys create --owner ann --pages-per-month 10000 --expires 90d")
def create(
    *,
    owner: Annotated[str, typer.Option("--owner", help="Whose jobs the key sees and hands in.")],
    db: Db = DEFAULT_DB,
    name: Annotated[str, typer.Option("--name", help="What the key is for.")] = "",
    scope: Scopes = None,
    pages_per_month: Annotated[int | None, typer.Option(help="Pages that it may use.")] = None,
    per_minute: Annotated[int | None, typer.Option(help="Requests in a minute.")] = None,
    per_hour: Annotated[int | None, typer.Option(help="Requests in an hour.")] = None,
    per_day: Annotated[int | None, typer.Option(help="Requests in a day.")] = None,
    expires: Expires = None,
    kind: KindName = "live",
    test: Annotated[bool, typer.Option("--test", help="The same as --kind test.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a key; its secret is on stdout this once, and nowhere else."""
    from toolkit.store import keys

    if test and kind not in ("live", "test"):
        raise InvalidOption(f"a key is a test key or one of kind {kind}, not both")
    now = time.time()
    with _opened(db, create=True) as store, store.write() as conn:
        minted = keys.create(
            conn,
            owner=owner,
            now=now,
            name=name,
            scopes=keys.ORDINARY if scope is None else scope,
            pages_per_month=pages_per_month,
            per_minute=per_minute,
            per_hour=per_hour,
            per_day=per_day,
            expires_at=None if expires is None else now + seconds_of(expires),
            kind="test" if test else kind,
        )
    _hand_out(minted, as_json=as_json)


@app.command("list")
def show_all(
    db: Db = DEFAULT_DB,
    owner: Annotated[str | None, typer.Option("--owner", help="Only those of this owner.")] = None,
    as_json: AsJson = False,
) -> None:
    """List keys, without their secrets."""
    from toolkit.store import keys

    with _opened(db) as store:
        found = keys.keys(store.read(), owner=owner)
    if as_json:
        print_json(found)
        return
    now = time.time()
    columns = ("key", "owner", "name", "secret", "scopes", "limits", "state", "last used")
    print_table("", columns, [_row(one, now) for one in found])
    say(f"{thing(len(found), 'key')} in {shown(str(db))}")


@app.command(epilog="pagequeue keys rotate key_1f… --overlap 24h")
def rotate(
    key: KeyId,
    *,
    db: Db = DEFAULT_DB,
    overlap: Annotated[
        str, typer.Option("--overlap", help="How long the old one still holds, as in 24h.")
    ] = "0",
    as_json: AsJson = False,
) -> None:
    """Make a new key that may do what this one may, and end this one."""
    from toolkit.store import keys

    with _opened(db) as store, store.write() as conn:
        seconds = seconds_of(overlap)
        minted = keys.rotate(conn, key, now=time.time(), overlap=seconds)
        old = keys.key(conn, key)
    _hand_out(minted, as_json=as_json)
    ended = "is revoked" if old.revoked_at else f"holds until {moment(old.expires_at)}"
    say(f"the old one, {key}, {ended}")


@app.command()
def revoke(key: KeyId, db: Db = DEFAULT_DB) -> None:
    """Take a key back: it opens nothing from now on."""
    from toolkit.store import keys

    with _opened(db) as store, store.write() as conn:
        gone = keys.revoke(conn, key, now=time.time())
    say(f"{gone.id} of {shown(gone.owner)} is revoked")


def usage(
    *,
    db: Db = DEFAULT_DB,
    owner: Annotated[str | None, typer.Option("--owner", help="Only of this owner.")] = None,
    month: Annotated[
        str | None, typer.Option("--month", help="Only in this month, as in 2026-11.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell how many jobs and pages each owner used, by month and tool."""
    from toolkit.store import usage as used

    with _opened(db) as store:
        rows = used.report(store.read(), owner=owner, month=month)
    if as_json:
        print_json(rows)
        return
    numbers = ("jobs", "pages", "from the cache", "their pages")
    table = [
        [r.month, r.owner or "(none)", r.tool, r.jobs, r.pages, r.cached_jobs, r.cached_pages]
        for r in rows
    ]
    print_table("", ("month", "owner", "tool", *numbers), table, numbers=numbers)
    pages = sum(row.pages - row.cached_pages for row in rows)
    say(f"{thing(pages, 'page')} without those from the cache; months are of UTC")


def seconds_of(written: str) -> float:
    """A span of time as it is typed, in seconds: a number, or one with s, m, h, d or w.

    Raises InvalidOption.

    >>> seconds_of("90d"), seconds_of("1.5h"), seconds_of("30")
    (7776000.0, 5400.0, 30.0)
    """
    found = _SPAN.fullmatch(written.strip())
    if found is None:
        raise InvalidOption(f"{written[:80]!r} is no span of time; write it as in 90d, 12h or 30m")
    return float(found[1]) * UNITS[found[2] or "s"]


def _opened(db: Path, *, create: bool = False) -> Store:
    from toolkit.store.store import Store

    if not create and not db.exists():
        raise InvalidInput(f"{db}: there is no such file; --db names another one")
    return Store.open(db, create=create)


def _hand_out(minted: Minted, *, as_json: bool) -> None:
    """The secret alone on stdout, so that a script can take it."""
    one = minted.key
    if as_json:
        print_json({**msgspec.structs.asdict(one), "secret": minted.secret})
        return
    tell(minted.secret)
    until = f", until {moment(one.expires_at)}" if one.expires_at else ""
    say(f"{one.id} of {shown(one.owner)}: {', '.join(one.scopes)}{until}")
    say("keep the secret now: it is shown this once", "yellow")


def _row(one: Key, now: float) -> list[object]:
    state = Text("holds", style="green")
    if one.revoked_at is not None:
        state = Text(f"revoked {moment(one.revoked_at)}", style="red")
    elif not one.holds(now):
        state = Text(f"expired {moment(one.expires_at)}", style="red")
    elif one.expires_at is not None:
        state = Text(f"until {moment(one.expires_at)}", style="green")
    return [
        *(one.id, one.owner, one.name, one.hint, " ".join(one.scopes), _limits(one), state),
        moment(one.last_used_at) or "never",
    ]


def _limits(one: Key) -> str:
    limits = {
        " pages/month": one.pages_per_month,
        "/min": one.per_minute,
        "/h": one.per_hour,
        "/day": one.per_day,
    }
    return ", ".join(f"{n:,}{per}" for per, n in limits.items() if n is not None) or "none"
