"""Loaded by schemathesis: half of the calls name a job that there is, and none waits long.

``PAGEQUEUE_PAIRS`` holds JSON: a list of (job id, job token), in all states. An id and a token
that are drawn apart would never be those of one job.
"""

import json
import os
import zlib

import schemathesis

PAIRS = [tuple(pair) for pair in json.loads(os.environ.get("PAGEQUEUE_PAIRS", "[]"))]


def chosen(values: object) -> int:
    """A number that is the same for the same generated values."""
    return zlib.crc32(repr(values).encode("utf-8", "surrogatepass"))


def impatient(values):
    """A wait that the document allows is cut short: half a minute each would be hours together."""
    if isinstance(values, dict):
        wait = values.get("sync_timeout_seconds")
        if isinstance(wait, int | float) or "sync" in values:
            values.setdefault("sync_timeout_seconds", 1)
        if isinstance(wait, int | float) and 1 <= wait <= 30:
            values["sync_timeout_seconds"] = 1
    return values


@schemathesis.hook
def map_query(context, query):
    if PAIRS and query and "jobId" in query and "jobToken" in query:
        choice = chosen(query)
        if choice % 2 and all(isinstance(query[name], str) for name in ("jobId", "jobToken")):
            job_id, token = PAIRS[choice // 8 % len(PAIRS)]
            query["jobId"] = job_id
            if choice // 2 % 4:
                query["jobToken"] = token
    return impatient(query)


@schemathesis.hook
def map_body(context, body):
    return impatient(body)


@schemathesis.hook
def map_headers(context, headers):
    for name in headers or ():
        if name.lower() == "prefer" and "wait=" in str(headers[name]):
            headers[name] = "wait=1"
    return headers


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    given = path_parameters and path_parameters.get("job_id")
    if PAIRS and isinstance(given, str):
        choice = chosen(path_parameters)
        if choice % 2:
            path_parameters["job_id"] = PAIRS[choice // 2 % len(PAIRS)][0]
    return path_parameters
