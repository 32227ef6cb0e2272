"""One of everything that a call can meet: keys of every kind, jobs in every state."""

from __future__ import annotations

import io
import itertools
import json
import time
from functools import cached_property
from typing import Any

import httpx
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from serving import Serving, until

from toolkit.document.wire import MEDIA_TYPE, encode
from toolkit.engine.options import ParseOptions
from toolkit.engine.pipeline import parse
from toolkit.engine.source import Source
from toolkit.errors import DamagedFile
from toolkit.jobs import Outcome
from toolkit.store import keys

NOWHERE = "job_0000000000000000"


class Stage:
    """A server that works nothing by itself, and what the calls of one dialect need of it."""

    def __init__(self, serving: Serving, invoice: Any, *, tool: str = "echo") -> None:
        self.serving = serving
        self.tool = tool
        self.invoice = invoice
        self.numbers = itertools.count()
        self.http = serving.client()
        self._last_hook = ""

    def call(self, method: str, path: str, key: str | None = None, **more: Any) -> httpx.Response:
        """Ask with the owner's key; *key* "" asks without any."""
        secret = self.key if key is None else key
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        return self.http.request(method, path, headers=headers | more.pop("headers", {}), **more)

    # --- keys -------------------------------------------------------------------------------

    @cached_property
    def key(self) -> str:
        return self.mint()

    @cached_property
    def other(self) -> str:
        """Another owner's key."""
        return self.mint(owner="grace")

    @cached_property
    def admin(self) -> str:
        return self.mint(scopes=("admin",))

    @cached_property
    def spent(self) -> str:
        """A key whose pages of the month are used up."""
        key = self.mint(owner="spent", pages_per_month=1)
        asked = {"files": {"file": ("a.pdf", self.invoice)}, "data": {"options": self.fresh()}}
        said = self.call("POST", "/v1/extract", key, **asked)
        self.serving.finish(said.json()["job_id"], self.document)
        used = "x-usage-pages-this-month"
        until(lambda: self.call("GET", "/v1/jobs", key).headers[used], lambda seen: seen == "1")
        return key

    def limited(self) -> str:
        """A key that may ask once a day, and has."""
        key = self.mint(per_day=1)
        self.call("GET", "/v1/tools", key)
        return key

    def mint(self, *, owner: str = "ada", **asked: Any) -> str:
        return self.serving.minted(owner, **asked).secret

    def expired(self) -> str:
        then = time.time() - 100
        with self.serving.store.write() as conn:
            return keys.create(conn, owner="ada", expires_at=then + 50, now=then).secret

    # --- jobs -------------------------------------------------------------------------------

    def fresh(self, **options: Any) -> str:
        """Options, as JSON text, of a job that nothing is known about yet."""
        return json.dumps({"bypass_cache": True, **options})

    def revoked(self) -> str:
        minted = self.serving.minted("ada")
        with self.serving.store.write() as conn:
            keys.revoke(conn, minted.key.id, now=time.time())
        return minted.secret

    @cached_property
    def document(self) -> Outcome:
        """What parsing the invoice gives."""
        made = parse(Source.from_bytes(self.invoice, "invoice.pdf"), ParseOptions())
        return Outcome(content=encode(made), media_type=MEDIA_TYPE, filename="a.json", pages=1)

    def tokened(self, state: str) -> dict[str, Any]:
        """A job in this state as the queue with tokens shows it, with its token."""
        said = self.call(
            "POST",
            "/api/queue/jobs",
            data={"tool": self.tool, "options": json.dumps({"n": next(self.numbers)})},
            files={"file": ("a note.txt", b"said to the end")},
        )
        assert said.status_code == 202, said.text
        job = said.json()
        self._bring(job["jobId"], state)
        return job

    def _bring(self, job_id: str, state: str) -> str:
        """The id of the job, brought into the state."""
        match state:
            case "running":
                self.serving.begin(job_id)
            case "completed" | "gone":
                self.serving.finish(job_id)
            case "failed":
                self.serving.spoil(job_id, DamagedFile("the trailer is missing"))
            case "retrying":
                self.serving.put_off(job_id, DamagedFile("not yet"))
            case "cancelled":
                self.serving.cancel(job_id)
        if state == "gone":
            self.serving.expire()
        return job_id

    def idle(self) -> str:
        """The id of a job that waits, of a tool that takes no file."""
        asked = {"type": self.tool, "options": {"n": next(self.numbers)}}
        said = self.call("POST", "/v1/jobs", json=asked)
        assert said.status_code == 202, said.text
        return str(said.json()["job_id"])

    def waiting(self) -> str:
        """The id of a job that waits, to parse the invoice."""
        said = self.call(
            "POST",
            "/v1/extract",
            data={"options": self.fresh()},
            files={"file": ("invoice.pdf", self.invoice)},
        )
        assert said.status_code == 202, said.text
        return str(said.json()["job_id"])

    def running(self) -> str:
        return self._bring(self.waiting(), "running")

    def completed(self, content: Outcome | None = None) -> str:
        self.serving.finish(job_id := self.waiting(), content or self.document)
        return job_id

    def failed(self) -> str:
        return self._bring(self.waiting(), "failed")

    def retrying(self) -> str:
        return self._bring(self.waiting(), "retrying")

    def cancelled(self) -> str:
        return self._bring(self.waiting(), "cancelled")

    def gone(self) -> str:
        """A job whose source and result have expired."""
        job_id = self.completed()
        self.serving.expire()
        return job_id

    def one_time(self) -> str:
        """A job that has completed, whose result is to be had once."""
        return str(self.tokened("completed")["jobId"])

    @cached_property
    def with_picture(self) -> Outcome:
        """What parsing a page with a picture gives."""
        held, pixels = io.BytesIO(), Image.linear_gradient("L")
        sheet = Canvas(held, (300, 300), invariant=True)
        sheet.drawImage(ImageReader(pixels), 50, 50, 200, 200)
        sheet.showPage()
        sheet.save()
        made = parse(Source.from_bytes(held.getvalue(), "picture.pdf"), ParseOptions())
        return Outcome(content=encode(made), media_type=MEDIA_TYPE, pages=1)

    @property
    def picture(self) -> str:
        """The id of the block that is the picture."""
        (block,) = json.loads(self.with_picture.content)["pages"][0]["blocks"]
        return str(block["id"])

    def pictured(self) -> str:
        """A completed job whose document has a picture."""
        return self.completed(self.with_picture)

    def textual(self) -> str:
        """A completed job whose file is no document."""
        file = ("a note.txt", f"note {next(self.numbers)}".encode())
        said = self.call("POST", "/v1/jobs", data={"type": self.tool}, files={"file": file})
        assert said.status_code == 202, said.text
        return self._bring(str(said.json()["job_id"]), "completed")

    def addressed(self) -> str:
        """A job whose file has not been fetched yet."""
        asked = {"type": "parse", "input": f"https://example.org/{next(self.numbers)}.pdf"}
        said = self.call("POST", "/v1/jobs", json=asked)
        assert said.status_code == 202, said.text
        return str(said.json()["job_id"])

    def delivery(self) -> str:
        """The id of a delivery to a webhook of the owner."""
        said = self.call("POST", f"/v1/webhooks/{self.hook()}/test")
        assert said.status_code == 202, said.text
        return str(said.json()["delivery_id"])

    def hook(self) -> str:
        """The id of a webhook of the owner."""
        said = self.call("POST", "/v1/webhooks", json={"url": "https://example.org/told"})
        assert said.status_code == 201, said.text
        self.call("DELETE", f"/v1/webhooks/{self._last_hook}") if self._last_hook else None
        self._last_hook = str(said.json()["id"])
        return self._last_hook
