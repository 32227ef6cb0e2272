"""The analyst's room: open a file, hand documents in, wait or watch, read the results."""

from toolkit.workspace.batch import Batch
from toolkit.workspace.handle import JobHandle
from toolkit.workspace.inspecting import inspect
from toolkit.workspace.packing import unpack
from toolkit.workspace.parsing import parse
from toolkit.workspace.workspace import Workspace, open  # noqa: A004  # ours

__all__ = ["Batch", "JobHandle", "Workspace", "inspect", "open", "parse", "unpack"]
