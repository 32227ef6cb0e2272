"""The cells of a table by their place, and a table in which one of them is another."""

from __future__ import annotations

from msgspec.structs import replace

from toolkit.document.blocks import Cell, Table

__all__ = ["cell_at", "with_cell"]


def cell_at(table: Table, row: int, column: int) -> Cell | None:
    """The cell of *table* that covers this place; from its rows, where it has no cells."""
    for cell in table.cells:
        down, right = row - cell.row, column - cell.column
        if 0 <= down < cell.row_span and 0 <= right < cell.column_span:
            return cell
    body = row - table.header_rows
    if table.cells or row < 0 or column < 0:
        return None
    if table.headers and row == table.header_rows - 1 and column < len(table.headers):
        return Cell(row=row, column=column, text=table.headers[column], header=True)
    if 0 <= body < len(table.rows) and column < len(table.rows[body]):
        return Cell(row=row, column=column, text=table.rows[body][column])
    return None


def with_cell(table: Table, cell: Cell, renewed: Cell) -> Table:
    """*table* with *renewed* in the place of *cell*, in its headers and rows too."""
    cells = tuple(renewed if one is cell else one for one in table.cells)
    headers, rows = _grid_with(table, renewed)
    return replace(table, cells=cells, headers=headers, rows=rows)


def _grid_with(table: Table, cell: Cell) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """The headers and rows of *table* once *cell* is as it is; its text is wherever it spans."""
    down = range(cell.row, cell.row + cell.row_span)
    across = range(cell.column, cell.column + cell.column_span)
    rows = tuple(
        tuple(cell.text if at in down and n in across else text for n, text in enumerate(row))
        for at, row in enumerate(table.rows, start=table.header_rows)
    )
    headers = table.headers
    if headers and cell.row < table.header_rows:
        headers = tuple(
            _header(table, cell, n) if n in across else text for n, text in enumerate(headers)
        )
    return headers, rows


def _header(table: Table, changed: Cell, column: int) -> str:
    """The name of *column*: the texts of its header cells, from above, each said once."""
    names: list[str] = []
    for row in range(table.header_rows):
        cell = cell_at(table, row, column)
        here = (cell.row, cell.column) if cell else None
        text = changed.text if here == (changed.row, changed.column) else cell.text if cell else ""
        if text and text not in names:
            names.append(text)
    return " / ".join(names)
