"""SQL over jobs, documents, pages and blocks, by DuckDB inside this process."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from toolkit.desk import Desk
from toolkit.errors import InvalidInput, MissingExtra

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TABLES", "answer"]

TABLES = ("blocks", "documents", "jobs", "pages")
_THERE = f"the tables are {', '.join(TABLES)}"

# A query reads what it is given: no files, no network, no variables of the caller, nothing that
# would have to be downloaded first.
_CLOSED: Any = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "enable_external_access": "false",
    "python_enable_replacements": "false",
}


def answer(desk: Desk, query: str, *, batch: str | None = None) -> pd.DataFrame:
    """What *query* finds in the tables blocks, documents, jobs and pages of *batch*, or of all.

    Their columns are those of the frames. Raises InvalidInput for what is no query, with DuckDB's
    own words, and MissingExtra where DuckDB is not installed.
    """
    try:
        import duckdb
    except ImportError as exc:
        raise MissingExtra("pip install 'pagequeue[sql]'") from exc

    # Only what is named is read: the documents of a large workspace take their time.
    named = set(re.findall(r"\w+", query.lower()))
    connection: Any = duckdb.connect(":memory:", config=_CLOSED)
    try:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET lock_configuration = true")
        for name, frame in _frames(desk, batch).items():
            if name in named:
                connection.register(name, frame())
        asked = [str(one.type.name) for one in connection.extract_statements(query)]
        if asked != ["SELECT"]:
            raise InvalidInput(f"a query is one SELECT ({_THERE})")
        result: pd.DataFrame = connection.sql(query).to_arrow_table().to_pandas()
    except duckdb.Error as exc:
        raise InvalidInput(f"{' '.join(str(exc).split())[:500]} ({_THERE})") from exc
    finally:
        connection.close()
    return result


def _frames(desk: Desk, batch: str | None) -> Mapping[str, Callable[[], pd.DataFrame]]:
    from toolkit import frames
    from toolkit.workspace.exporting import documents

    return {
        "blocks": lambda: desk.blocks(batch=batch),
        "documents": lambda: frames.documents(documents(desk, batch)),
        "jobs": lambda: frames.jobs(desk.find(batch=batch)),
        "pages": lambda: desk.pages(batch=batch),
    }
