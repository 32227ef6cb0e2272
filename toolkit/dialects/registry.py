"""The dialects that there are."""

from __future__ import annotations

from typing import Final

from toolkit.dialects import job_list, token_queue, tool_queue, v1
from toolkit.dialects.exchange import Dialect

__all__ = ["DIALECTS"]

DIALECTS: Final[tuple[Dialect, ...]] = tuple(
    Dialect(
        name=spoken.NAME,
        title=spoken.TITLE,
        prefix=spoken.PREFIX,
        routes=spoken.ROUTES,
        fault=spoken.fault,
        components=spoken.COMPONENTS,
    )
    for spoken in (v1, token_queue, job_list, tool_queue)
)
"""Each has a prefix of its own that no other one's routes lie under."""
