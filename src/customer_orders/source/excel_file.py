"""Sheets of .xlsx workbooks, through calamine, which comes with the extra `excel`."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from customer_orders.errors import SourceError
from customer_orders.model import BLANKS
from customer_orders.source.cells import as_text, text_batch
from customer_orders.source.columns import Origin, known_kind, nearest, unique_header
from customer_orders.source.files import Place
from customer_orders.source.statement import columns_read, in_scope
from customer_orders.source.workbook import Extent, broken, cell_name, survey

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

#: Rows among which the header is looked for.
HEADER_ROWS = 50
BATCH = 2_000
#: Failed formulas that a message names.
SHOWN = 5


def origin(place: Place) -> Origin:
    """The columns that the sheet's header names. A sheet has no types of columns."""
    path, source = place.path, place.source
    name, extent, sheet = _laid_out(path, source.sheet)
    where = f'{path}, sheet "{name}"'
    row, header = _header(where, sheet, place)
    columns = unique_header(header, f"{where}, row {row}")

    def rows(wanted: Sequence[str]) -> pa.Table:
        read = {name: columns[name] for name in columns_read(source, wanted)}
        _refuse_failed(where, extent, row, read)
        return in_scope(_batches(where, sheet, row, read), source, wanted)

    return Origin(name=f"{where}, row {row}", kinds={n: known_kind(n) for n in columns}, rows=rows)


def _laid_out(path: Path, wanted: str | None) -> tuple[str, Extent, CalamineSheet]:
    """Name, extent and cells of a sheet. It is surveyed first: see `workbook`."""
    try:
        import python_calamine as calamine  # an extra: only who reads workbooks needs it
    except ImportError as exc:
        raise SourceError(
            f"{path}: reading .xlsx files needs an extra",
            hint='pip install "customer-orders[excel]"',
        ) from exc
    try:
        with calamine.CalamineWorkbook.from_path(path) as book:
            name = _sheet_name(path, book.sheet_names, wanted)
            return name, survey(path, name), book.get_sheet_by_name(name)
    except (calamine.CalamineError, OSError) as exc:
        raise broken(path, exc) from exc


def _sheet_name(path: Path, names: Sequence[str], wanted: str | None) -> str:
    if not names:
        raise SourceError(f"{path}: the workbook has no sheet", hint="save it again")
    if wanted is None or wanted in names:
        return wanted or names[0]
    raise SourceError(
        f'{path} has no sheet "{wanted}"{nearest(wanted, names)}',
        hint="mend [source] sheet; the case of letters counts",
    )


def _header(where: str, sheet: CalamineSheet, place: Place) -> tuple[int, list[str]]:
    """Number of the header's row, from 1, and its names from column A on.

    When no row holds every needed column, the one that holds most: the message about what is
    missing is then about the right row.
    """
    given = place.source.header_row
    rows = [_names(sheet, row) for row in islice(sheet.iter_rows(), given or HEADER_ROWS)]
    if not any(map(any, rows)) or (given and given > len(rows)):
        raise SourceError(
            f"{where}: no header in "
            + (f"row {given}" if given else f"the first {HEADER_ROWS} rows"),
            hint="check [source] sheet and header_row",
        )
    if given:
        return given, rows[given - 1]
    needed = {name.upper() for name in place.needed}
    found = [len(needed & {name.upper() for name in names}) for names in rows]
    best = found.index(max(found)) if max(found) else next(n for n, r in enumerate(rows) if any(r))
    return best + 1, rows[best]


def _names(sheet: CalamineSheet, row: Sequence[Any]) -> list[str]:
    # calamine leaves out the blank columns before the first cell of the sheet.
    before = sheet.start[1] if sheet.start else 0
    return [""] * before + [as_text(cell).strip(BLANKS) for cell in row]


def _refuse_failed(where: str, extent: Extent, header: int, read: Mapping[str, int]) -> None:
    """Raise SourceError when a cell that is read is a formula that failed."""
    failed = [
        (number, place + 1, name)
        for name, place in read.items()
        for number in extent.failed.get(place + 1, ())
        if number > header
    ]
    if failed:
        shown = ", ".join(
            f'{cell_name(number, column)} (row {number}, column "{name}")'
            for number, column, name in heapq.nsmallest(SHOWN, failed)
        )
        more = f" and {len(failed) - SHOWN:,} more" if len(failed) > SHOWN else ""
        raise SourceError(
            f"{where}: formulas failed at {shown}{more}",
            hint="mend them in the workbook: an error is neither a value nor a blank",
        )


def _batches(
    where: str, sheet: CalamineSheet, header: int, read: Mapping[str, int]
) -> Iterator[pa.RecordBatch]:
    """The rows below the header, without blank ones."""
    before = sheet.start[1] if sheet.start else 0
    places = [place - before for place in read.values()]
    rows = enumerate(islice(sheet.iter_rows(), header, None), start=header + 1)
    filled = ((number, row) for number, row in rows if any(cell != "" for cell in row))
    while batch := list(islice(filled, BATCH)):
        cells = [[row[place] for place in places] for _, row in batch]
        yield text_batch(cells, list(read), batch[0][0], where)
