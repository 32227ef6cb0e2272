"""pagequeue: folders of documents into tables you can trust, in the notebook, on your machine.

>>> import toolkit
>>> ws = toolkit.open("analysis.db")                # doctest: +SKIP
>>> batch = ws.submit("reports/**/*.pdf")           # doctest: +SKIP
>>> batch.wait().blocks()                           # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toolkit import errors as errors
    from toolkit.client import Client, connect
    from toolkit.dialects.webhooks import verify_webhook
    from toolkit.document import Document
    from toolkit.errors import (
        InvalidInput,
        InvalidOption,
        JobNotFound,
        ParseError,
        PasswordProtected,
        ResultGone,
        ResultNotReady,
        StillRunning,
        ToolkitError,
        UnknownTool,
    )
    from toolkit.jobs import Job, JobState, Limits, Outcome, Progress, Task
    from toolkit.tools import tool
    from toolkit.workspace import (
        Batch,
        JobHandle,
        Workspace,
        inspect,
        open,  # noqa: A004  # ours
        parse,
        unpack,
    )

__all__ = [
    "Batch",
    "Client",
    "Document",
    "InvalidInput",
    "InvalidOption",
    "Job",
    "JobHandle",
    "JobNotFound",
    "JobState",
    "Limits",
    "Outcome",
    "ParseError",
    "PasswordProtected",
    "Progress",
    "ResultGone",
    "ResultNotReady",
    "StillRunning",
    "Task",
    "ToolkitError",
    "UnknownTool",
    "Workspace",
    "connect",
    "errors",
    "inspect",
    "open",
    "parse",
    "tool",
    "unpack",
    "verify_webhook",
]

# Where each name lives. It is imported when it is asked for, so that `import toolkit` costs
# nothing, and the children that do the work never load what only a person needs.
_HOMES = {
    "toolkit.client": ("Client", "connect"),
    "toolkit.dialects.webhooks": ("verify_webhook",),
    "toolkit.document": ("Document",),
    "toolkit.errors": (
        "InvalidInput",
        "InvalidOption",
        "JobNotFound",
        "ParseError",
        "PasswordProtected",
        "ResultGone",
        "ResultNotReady",
        "StillRunning",
        "ToolkitError",
        "UnknownTool",
    ),
    "toolkit.jobs": ("Job", "JobState", "Limits", "Outcome", "Progress", "Task"),
    "toolkit.tools": ("tool",),
    "toolkit.workspace": ("Batch", "JobHandle", "Workspace", "inspect", "open", "parse", "unpack"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name == "errors":
        return import_module("toolkit.errors")
    if name not in _HOME_OF:
        raise AttributeError(f"module 'toolkit' has no attribute {name!r}")
    found = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def load_ipython_extension(ipython: Any) -> None:
    """What ``%load_ext toolkit`` does: ``%jobs``, and completions."""
    import_module("toolkit.widgets.magics").load(ipython)


def unload_ipython_extension(ipython: Any) -> None:
    """What ``%unload_ext toolkit`` does."""
    import_module("toolkit.widgets.magics").unload(ipython)
