"""A workspace on a server: the same verbs as ``toolkit.open`` gives, asked over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from secrets import token_hex
from typing import Any, NoReturn, Self
from weakref import finalize

import anyio.to_thread
import msgspec

from toolkit.client.address import address_of
from toolkit.client.questions import Questions
from toolkit.client.remote import RemoteDesk
from toolkit.client.secret import Secret
from toolkit.client.sending import Sending
from toolkit.client.transport import Transport
from toolkit.desk import Rehearsal
from toolkit.dialects.desk_wire import Greeting, Terms
from toolkit.errors import InvalidInput, InvalidOption
from toolkit.widgets.pulse import pulse_of
from toolkit.workspace.batch import Batch
from toolkit.workspace.elsewhere import offers_at
from toolkit.workspace.inputs import Inputs, Offer, gather
from toolkit.workspace.intake import wanted_by
from toolkit.workspace.offers import NOTHING
from toolkit.workspace.rehearsal import rehearsal
from toolkit.workspace.verbs import DeskVerbs, dated
from toolkit.workspace.waiting import counted

__all__ = ["Client", "connect"]

GREETINGS = 3
"""How often a server is tried that does not answer at all: somebody waits for the answer."""


def connect(
    url: str, *, key: str | None = None, timeout: float = 30.0, insecure: bool = False
) -> Client:
    """The workspace on the server at *url*, with the verbs of one in a file.

    *url* is ``https://desk.example`` (with a path, where the server is below one),
    ``http://127.0.0.1:8000`` or ``http+unix:///run/desk.sock``. *key* is one of
    ``pagequeue keys create``; it shows its owner's jobs and no others. It is sent to this server
    alone, no redirect is followed, and over plain http it is only sent to this machine, unless
    *insecure* says that the network can be trusted. *timeout* is how many seconds an answer may
    take, or stop coming for. What fails on the way is repeated where that can do no harm, when
    the server says (``Retry-After``).

    Files, archives and other places (``s3://…``) are read here and sent; addresses (``https://…``)
    are fetched by the server's runner. Watching folders, ``changed_only``, ``pack``, ``doctor``
    and tools of a notebook cell need the file itself: they are there with ``toolkit.open``.

    Raises InvalidInput for an address or a key that cannot be one, KeyRefused, ServerUnreachable
    and ServerFailed.

    >>> ws = toolkit.connect("https://desk.example", key=key)     # doctest: +SKIP
    >>> ws.submit("reports/**/*.pdf").wait().blocks()             # doctest: +SKIP
    """
    # First of all: from here on, no frame holds the key as text.
    secret, key = None if key is None else Secret(key), None
    if secret is not None:
        secret.refuse_unsound()
    address = address_of(url)
    if secret is not None and not (address.private or insecure):
        raise InvalidInput(
            f"{address.place}: everybody on the way could read the key; use https://, or"
            " insecure=True where the network can be trusted"
        )
    if not 0 < timeout < float("inf"):
        raise InvalidInput(f"timeout={timeout!r}: seconds are needed")
    return _greeted(Questions(Transport(address, secret, timeout=float(timeout))))


class Client(RemoteDesk, DeskVerbs):
    """A workspace on a server, for any thread; ``toolkit.connect`` makes one.

    Close it, or use it in a ``with`` or an ``async with``. In a coroutine, ``await
    ws.asubmit(…)`` hands in and ``await batch`` waits for the end, and the event loop goes on.
    """

    def __init__(self, questions: Questions, greeting: Greeting) -> None:
        super().__init__(questions)
        self.owner = greeting.owner
        """Whose jobs these are; "" where the server asks for no key."""
        self.server_version = greeting.version
        self._largest = greeting.upload_bytes
        finalize(self, questions.transport.abandon)

    # --- handing in ---------------------------------------------------------------------------

    def submit(
        self,
        inputs: Inputs,
        *,
        tool: str = "parse",
        options: Mapping[str, Any] | None = None,
        password: str | None = None,
        priority: int = 0,
        name: str | None = None,
        limits: Mapping[str, float] | None = None,
        bypass_cache: bool = False,
    ) -> Batch:
        """Send everything in *inputs* as one batch, and return when it has arrived.

        The same as ``Workspace.submit``: what cannot be taken becomes a failed job that says why,
        and bytes that come twice are sent once (``batch.duplicates``). Raises UnknownTool and
        InvalidOption, naming the nearest, InvalidInput, and QuotaExceeded.
        """
        terms = _terms(tool, options, password, priority, limits, bypass_cache=bypass_cache)
        offers = self._offers(inputs, tool)
        made = self._ask(
            "new_batch",
            name=name or dated(tool),
            key=token_hex(16),
            terms=terms,
            files=inputs is not None,
        )
        sending = Sending(self._questions, made.id, terms, self._largest)
        for _ in counted(sending.take(offers)):
            pass
        return Batch(
            self,
            made.id,
            name=made.name,
            duplicates=sending.duplicates,
            left_out=sending.left_out,
        )

    async def asubmit(self, inputs: Inputs, **terms: Any) -> Batch:
        """``submit`` for a coroutine: files are read and sent beside its event loop."""
        return await anyio.to_thread.run_sync(partial(self.submit, inputs, **terms))

    def rehearse(
        self,
        inputs: Inputs,
        *,
        tool: str = "parse",
        options: Mapping[str, Any] | None = None,
        password: str | None = None,
        priority: int = 0,
        stop: Callable[[], bool] = lambda: False,
    ) -> Rehearsal:
        """What ``submit`` would do with the same: files by kind, duplicates, what would fail.

        Every file is read here, and nothing is sent; it is given up as soon as *stop* () holds.
        Raises what ``submit`` would raise.
        """
        terms = _terms(tool, options, password, priority, None)
        self._ask("check", terms=terms, files=inputs is not None)
        return rehearsal(self._offers(inputs, tool), tool=tool, largest=self._largest, stop=stop)

    def _offers(self, inputs: Inputs, tool: str) -> Iterator[Offer]:
        if inputs is None:
            return iter([NOTHING])
        wanted, largest = wanted_by(tool), self._largest
        return gather(
            inputs,
            wanted=wanted,
            largest=largest,
            elsewhere=partial(offers_at, wanted=wanted, largest=largest),
        )

    # --- finding ------------------------------------------------------------------------------

    def batches(self) -> list[Batch]:
        """Every batch, the latest first."""
        return [Batch(self, row.id, name=row.name) for row in self._ask("batches")]

    # --- keeping ------------------------------------------------------------------------------

    def close(self) -> None:
        """Free boards and connections. The jobs go on, on the server."""
        pulse_of(self).close()
        self._questions.transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await anyio.to_thread.run_sync(self.close)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a client holds a key and is not pickled: connect where it is needed")

    def __repr__(self) -> str:
        # Nothing is asked for it: a traceback may show it, and so may a debugger.
        closed = ", closed" if self._questions.transport.closed else ""
        return f"<Client {self.place!r}{closed}>"


def _greeted(questions: Questions) -> Client:
    try:
        greeting: Greeting = questions.ask("hello", attempts=GREETINGS)
    except BaseException:
        questions.transport.close()
        raise
    return Client(questions, greeting)


def _terms(
    tool: str,
    options: Mapping[str, Any] | None,
    password: str | None,
    priority: int,
    limits: Mapping[str, float] | None,
    *,
    bypass_cache: bool = False,
) -> Terms:
    """What holds for every job. Raises InvalidOption for what cannot be sent."""
    given: object = password
    if given is not None and not isinstance(given, str):
        raise InvalidOption("password=…: a text is needed")
    asked = dict(options or {})
    try:
        msgspec.json.encode(asked)
    except (TypeError, ValueError, OverflowError) as exc:
        raise InvalidOption(f"the options of {tool} cannot be written as JSON: {exc}") from exc
    return Terms(
        tool=tool,
        options=asked,
        password=password,
        priority=priority,
        limits=dict(limits or {}),
        bypass_cache=bypass_cache,
    )
