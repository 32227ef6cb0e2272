"""The commands that look after webhooks, and the one for those who receive them."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from toolkit.cli.options import DEFAULT_DB, AsJson, Db
from toolkit.cli.terminal import moment, print_json, print_table, say, tell
from toolkit.errors import InvalidInput
from toolkit.widgets.words import thing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from toolkit.store.outbox import Tried
    from toolkit.store.store import Store

__all__ = ["app"]

LARGEST: int = 64 * 2**20
MOST_SHOWN: int = 100_000
BETWEEN_LOOKS = 0.05

app = typer.Typer(
    name="webhooks",
    help="Addresses that are told of the ends of jobs; and: is what I received genuine?",
    no_args_is_help=True,
)

WebhookId = Annotated[str, typer.Argument(metavar="WEBHOOK", help="The id of a webhook: whk_…")]
Owner = Annotated[str, typer.Option("--owner", help="Whose; without it those without a key.")]
Overlap = Annotated[
    float, typer.Option("--overlap", min=0, help="Seconds for which the old one still holds.")
]


@app.command(
    epilog="pagequeue webhooks verify --secret whsec_… --headers head.txt --body body.json"
)
def verify(
    *,
    secret: Annotated[
        list[str],
        typer.Option("--secret", help="whsec_…, or @FILE that holds it; repeatable: any may do."),
    ],
    headers: Annotated[
        str, typer.Option("--headers", help="A file with the headers: 'Name: value', or JSON.")
    ],
    body: Annotated[str, typer.Option("--body", help="A file with the body, as it came; or -.")],
    tolerance: Annotated[
        float, typer.Option("--tolerance", min=0, help="Seconds that it may be old.")
    ] = 300.0,
    any_age: Annotated[
        bool, typer.Option("--any-age", help="However old: for one that was kept.")
    ] = False,
) -> None:
    """Tell whether a webhook is genuine; what it says is on stdout where it is."""
    from toolkit.dialects.webhooks import verify as verified

    known = [_text(Path(one[1:])) if one.startswith("@") else one for one in secret]
    said = verified(
        _headers(_text(Path(headers))),
        sys.stdin.buffer.read(LARGEST) if body == "-" else _bytes(Path(body)),
        [one.strip() for one in known],
        tolerance=float("inf") if any_age else tolerance,
    )
    print_json(said)
    say("genuine", style="green")


def _headers(text: str) -> Mapping[str, str]:
    """The headers in *text*: one in a line, after a status or request line or not; or JSON."""
    if text.lstrip().startswith("{"):
        try:
            return msgspec.json.decode(text, type=dict[str, str])
        except msgspec.DecodeError as exc:
            raise InvalidInput(f"the headers are no JSON object of texts: {exc}") from None
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if not colon or not name.strip() or " " in name.strip():
            continue
        name = name.strip().lower()
        if name in found:
            raise InvalidInput(f"the header {name} is there twice")
        found[name] = value.strip()
    return found


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LARGEST)


def _text(path: Path) -> str:
    return _bytes(path).decode("utf-8", "replace")


# -- the registered ones ---------------------------------------------------------------------------


@app.command("list")
def show_all(
    *,
    db: Db = DEFAULT_DB,
    owner: Annotated[str | None, typer.Option("--owner", help="Only those of this owner.")] = None,
    as_json: AsJson = False,
) -> None:
    """List webhooks, without their secrets."""
    from toolkit.store import webhooks

    with _opened(db) as store:
        found = webhooks.endpoints(store.read(), owner=owner)
    if as_json:
        print_json(found)
        return
    columns = ("webhook", "owner", "address", "events", "state", "made")
    rows = [
        (
            one.id,
            one.owner,
            one.url,
            " ".join(one.events),
            "enabled" if one.enabled else f"disabled: {one.disabled_why}",
            moment(one.created_at),
        )
        for one in found
    ]
    print_table("", columns, rows)
    say(f"{thing(len(found), 'webhook')}")


@app.command(epilog="pagequeue webhooks add https://example.org/hook --event job.failed")
def add(
    url: Annotated[str, typer.Argument(help="Where to: an https:// address.")],
    *,
    db: Db = DEFAULT_DB,
    owner: Owner = "",
    event: Annotated[
        list[str] | None,
        typer.Option("--event", help="What is told; repeatable. Without one: every end of a job."),
    ] = None,
    description: Annotated[str, typer.Option("--description", help="What it is for.")] = "",
    as_json: AsJson = False,
) -> None:
    """Register an address; its secret is on stdout this once."""
    from toolkit.runner.deliver_address import checked
    from toolkit.settings import Settings
    from toolkit.store import webhooks

    checked(url, Settings.read())
    with _opened(db, create=True) as store, store.write() as conn:
        made, secret = webhooks.create(
            conn,
            owner=owner,
            url=url,
            events=event or webhooks.EVENTS,
            description=description,
            now=time.time(),
        )
    if as_json:
        print_json({"id": made.id, "secret": secret})
        return
    say(f"{made.id} is told of {', '.join(made.events)}; its secret:")
    tell(secret)


@app.command()
def remove(webhook: WebhookId, *, db: Db = DEFAULT_DB) -> None:
    """Forget a webhook, and what was to be delivered to it."""
    from toolkit.store import webhooks

    with _opened(db) as store, store.write() as conn:
        webhooks.remove(conn, webhook, owner=webhooks.endpoint(conn, webhook).owner)
    say(f"{webhook} is gone")


@app.command()
def rotate(
    webhook: WebhookId,
    *,
    db: Db = DEFAULT_DB,
    overlap: Overlap = 86_400.0,
    as_json: AsJson = False,
) -> None:
    """Make a new secret; until the old one has run out, deliveries are signed with both."""
    from toolkit.store import webhooks

    with _opened(db) as store, store.write() as conn:
        owner = webhooks.endpoint(conn, webhook).owner
        secret = webhooks.rotate(conn, webhook, owner=owner, now=time.time(), overlap=overlap)
    if as_json:
        print_json({"id": webhook, "secret": secret})
        return
    say(f"{webhook} has a new secret; the old one holds for {overlap:g} s more:")
    tell(secret)


@app.command("test")
def try_out(webhook: WebhookId, *, db: Db = DEFAULT_DB, as_json: AsJson = False) -> None:
    """Deliver a test event, and tell what came of it; exit code 1 where it did not arrive."""
    from toolkit.runner.deliver import Courier
    from toolkit.settings import Settings
    from toolkit.store import outbox, webhooks

    settings = Settings.read()
    with _opened(db) as store:
        with store.write() as conn:
            owner = webhooks.endpoint(conn, webhook).owner
            sent = outbox.test_event(conn, endpoint=webhook, owner=owner, now=time.time())
        # A server may have it first, which is as well.
        courier = Courier(store, settings, resident=False)
        courier.start()
        try:
            tried = _first_try(store, webhook, sent, settings.delivery_seconds + 10)
        finally:
            courier.stop()
    if tried is None:
        raise InvalidInput(
            f"{sent} was not tried yet; see: pagequeue webhooks deliveries {webhook}"
        )
    if as_json:
        print_json(tried)
    else:
        say(tried.error or f"delivered: {tried.status} after {tried.seconds or 0:.2f} s")
    raise typer.Exit(0 if tried.error is None else 1)


def _first_try(store: Store, webhook: str, delivery: str, seconds: float) -> Tried | None:
    from toolkit.store import outbox, webhooks

    until = time.monotonic() + seconds
    owner = webhooks.endpoint(store.read(), webhook).owner
    while time.monotonic() < until:
        for one in outbox.log(store.read(), owner=owner, endpoint=webhook, limit=100):
            if one.delivery == delivery and one.attempt > 0:
                return one
        time.sleep(BETWEEN_LOOKS)
    return None


@app.command()
def deliveries(
    webhook: WebhookId,
    *,
    db: Db = DEFAULT_DB,
    limit: Annotated[int, typer.Option("--limit", min=1, max=MOST_SHOWN)] = 50,
    as_json: AsJson = False,
) -> None:
    """What was delivered to a webhook, attempt by attempt, the newest last."""
    from toolkit.store import outbox, webhooks

    with _opened(db) as store:
        owner = webhooks.endpoint(store.read(), webhook).owner
        found = outbox.log(store.read(), owner=owner, endpoint=webhook, limit=limit)[::-1]
    if as_json:
        print_json(found)
        return
    columns = ("delivery", "event", "job", "attempt", "at", "status", "state", "error")
    rows = [
        (
            one.delivery,
            one.event,
            one.job_id or "",
            one.attempt,
            moment(one.at),
            one.status or "",
            one.state,
            one.error or "",
        )
        for one in found
    ]
    print_table("", columns, rows, numbers=("attempt", "status"))


@contextmanager
def _opened(db: Path, *, create: bool = False) -> Iterator[Store]:
    """The store of *db*, which must be there unless one may be made."""
    from toolkit.store.store import Store

    if not create and not db.exists():
        raise InvalidInput(f"{db}: there is no such file; --db names another one")
    with Store.open(db, create=create) as store:
        yield store
