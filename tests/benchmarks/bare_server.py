"""What FastAPI itself takes for the same: ``python bare_server.py PORT`` keeps nothing at all."""

from __future__ import annotations

import asyncio
import sys
import uuid
from collections.abc import AsyncIterator
from typing import Annotated

import uvicorn
from fastapi import FastAPI, Form, UploadFile
from sse_starlette import EventSourceResponse

app = FastAPI()
JOB = {
    "job_id": "",
    "status": "queued",
    "created_at": "2026-05-14T12:00:00Z",
    "started_at": None,
    "file_info": {"filename": "a.pdf", "size_bytes": 2000, "mime_type": "application/pdf"},
    "completed_at": None,
    "estimated_seconds": 0,
    "status_url": "/v1/jobs/",
    "expires_at": None,
    "document": None,
    "markdown": None,
    "cache_hit": False,
    "error": None,
    "type": "parse",
    "progress": 0,
    "stage": None,
    "position": 1,
    "retry_count": 0,
}
app.state.ends = asyncio.Event()


@app.get("/readyz")
async def ready() -> dict[str, str]:
    return {"status": "ok"}


@app.post("/v1/extract", status_code=202)
async def extract(file: UploadFile, options: Annotated[str, Form()] = "{}") -> dict[str, object]:
    content = await file.read()
    return {"job_id": uuid.uuid4().hex, "status": "queued", "size": len(content)}


@app.get("/v1/jobs/{job_id}")
async def job(job_id: str) -> dict[str, object]:
    return {**JOB, "job_id": job_id}


@app.get("/v1/jobs/{job_id}/events")
async def events(job_id: str) -> EventSourceResponse:
    ends = app.state.ends

    async def told() -> AsyncIterator[str]:
        yield '{"status": "queued"}'
        await ends.wait()
        yield '{"status": "completed"}'

    return EventSourceResponse(told())


@app.post("/end")
async def end() -> None:
    """Every stream that is open hears of the end."""
    app.state.ends.set()
    app.state.ends = asyncio.Event()


if __name__ == "__main__":
    uvicorn.run(
        app,
        port=int(sys.argv[1]),
        http="h11",
        ws="none",
        loop="asyncio",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=30,
    )
