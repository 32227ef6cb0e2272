"""What a client hands in for an owner: files that were sent, addresses, and what was refused."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict

from msgspec.structs import replace

from toolkit.dialects.desk_wire import BatchRow, Entry, NewBatch, Taken, Terms, Wish
from toolkit.engine.source import READABLE, Source
from toolkit.errors import EmptyFile, InvalidInput, InvalidOption, ToolkitError
from toolkit.jobs import Submission, Tool
from toolkit.server.owned import OwnedDesk
from toolkit.server.submitting import Order
from toolkit.server.uploads import WHOLE, Received
from toolkit.store import batches, changes, queue, tools
from toolkit.store.store import Store
from toolkit.workspace import addresses
from toolkit.workspace.intake import Terms as Checked
from toolkit.workspace.offering import known_tool, refuse_content, refuse_unfit
from toolkit.workspace.offers import HELD_WHOLE, storable
from toolkit.workspace.options import checked

__all__ = ["entries", "new_batch", "refuse_excess", "refuse_unsound", "upload"]

LONGEST_KEY = 200


def refuse_unsound(store: Store, terms: Terms, *, files: bool) -> None:
    """Raise UnknownTool, InvalidOption or InvalidInput where *terms* cannot be asked for.

    *files* says whether the jobs have inputs.
    """
    _checked(known_tool(store, terms.tool), terms)
    refuse_unfit(terms.tool, has_file=files)


def refuse_excess(store: Store, terms: Terms) -> None:
    """Raise InvalidOption where *terms* ask for more than the tool's own limits.

    Whoever runs the server has set those: a job may be content with less.
    """
    own = asdict(tools.tool(store.read(), terms.tool).limits)
    for name, value in terms.limits.items():
        if value > own.get(name, value):
            raise InvalidOption(
                f"limit {name}={value:g}: at most {own[name]:g} here; a key with the scope 'admin' "
                "may ask for more"
            )


def new_batch(desk: OwnedDesk, asked: NewBatch) -> BatchRow:
    """A new, empty batch, or the one that was made when its key was first used.

    Raises what ``refuse_unsound`` raises.
    """
    refuse_unsound(desk.store, asked.terms, files=asked.files)
    name, key = storable(asked.name), storable(asked.key)
    with desk.store.write() as conn:
        made = batches.create(conn, name=name, owner=desk.owner, key=key, now=time.time())
    return BatchRow(id=made, name=desk.own_batch(made).name)


def upload(desk: OwnedDesk, wish: Wish, *, key: str, received: Received | None) -> Taken:
    """The job that the file becomes, or the one that it became when *key* was first used.

    A file that cannot be read is a failed job, which says why.
    """
    if received is None:
        raise InvalidInput("the form has no file: it goes into the field 'file'")
    refuse_unfit(wish.terms.tool, has_file=True)
    what = received.upload
    new = replace(
        _submission(desk, wish.batch, wish.terms, key),
        filename=storable(wish.filename),
        origin=storable(wish.origin),
        size=what.size,
        media_type=what.media_type,
    )
    why = _why_not(new, received)
    if why is not None:
        order = Order(submission=replace(new, refused=(why.code, storable(str(why)))))
    else:
        order = Order(submission=replace(new, sha256=what.sha256), received=received)
    with desk.store.write() as conn:
        made = order.take(conn, desk.store, now=time.time())
    return _rung(desk, [made])[0]


def entries(desk: OwnedDesk, batch: str, terms: Terms, given: Sequence[Entry]) -> list[Taken]:
    """The jobs that these become, in their order: addresses to be fetched, and refused inputs."""
    submissions = [_of_entry(desk, batch, terms, one) for one in given]
    with desk.store.write() as conn:
        made = queue.enqueue_many(conn, submissions, now=time.time())
    return _rung(desk, made)


def _rung(desk: OwnedDesk, made: Sequence[queue.Enqueued]) -> list[Taken]:
    changes.ring(desk.store)
    desk.attend()
    return [Taken(job_id=one.job_id, status=one.status) for one in made]


def _of_entry(desk: OwnedDesk, batch: str, terms: Terms, entry: Entry) -> Submission:
    new = replace(
        _submission(desk, batch, terms, entry.key),
        filename=storable(entry.filename),
        origin=storable(entry.origin),
    )
    if entry.refused is not None:
        code, why = entry.refused
        return replace(new, refused=(storable(code), storable(why)))
    refuse_unfit(terms.tool, has_file=not entry.bare)
    if entry.bare:
        return new
    if entry.url is None or not addresses.is_address(entry.url):
        raise InvalidInput(f"{entry.filename[:200]!r} has neither an address nor a refusal")
    offer = addresses.offer_of(entry.url)
    if offer.refused is not None:
        return replace(new, refused=(offer.refused.code, storable(str(offer.refused))))
    return replace(new, url=offer.url)


def _submission(desk: OwnedDesk, batch: str, terms: Terms, key: str) -> Submission:
    """What is the same whatever comes in. Raises JobNotFound where the batch is not the owner's."""
    if not 0 < len(key) <= LONGEST_KEY:
        raise InvalidInput(f"an idempotency key of 1 to {LONGEST_KEY} letters is needed")
    desk.own_batch(batch)
    known = _checked(tools.tool(desk.store.read(), terms.tool), terms)
    return Submission(
        tool=known.tool.name,
        options=known.asked.options,
        secrets=known.asked.secrets,
        limits=known.asked.limits,
        priority=known.priority,
        bypass_cache=known.bypass_cache,
        batch=batch,
        owner=desk.owner,
        idempotency_key=key,
    )


def _checked(tool: Tool, terms: Terms) -> Checked:
    asked = checked(tool, terms.options, password=terms.password, limits=terms.limits)
    return Checked(tool=tool, asked=asked, priority=terms.priority, bypass_cache=terms.bypass_cache)


def _why_not(new: Submission, received: Received) -> ToolkitError | None:
    """Why the file that was sent cannot be worked on, as far as that is seen at the door."""
    if not new.size:
        return EmptyFile(f"{new.filename} has no bytes")
    try:
        refuse_content(new.tool, received.draft, size=new.size, filename=new.filename)
        if new.tool == "parse" and new.media_type not in READABLE and new.size <= HELD_WHOLE:
            # In words, what it is instead.
            with WHOLE:
                Source.from_bytes(received.draft.read_bytes(), new.filename)
    except ToolkitError as exc:
        return exc
    return None
