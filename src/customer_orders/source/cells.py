"""Values as Python holds them, as the text that a person would type."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from customer_orders.errors import SourceError

#: PostgreSQL writes and reads values as its session says: ours says the same for every client.
#: To be sent in a transaction, which they end with.
SESSION = (
    "SET LOCAL DateStyle = 'ISO'",
    "SET LOCAL TimeZone = 'UTC'",
    "SET LOCAL IntervalStyle = 'postgres'",
    "SET LOCAL extra_float_digits = 1",
)


def text_batch(
    rows: Sequence[Sequence[Any]], names: Sequence[str], first: int, where: str
) -> pa.RecordBatch:
    """Rows of values as columns of text; `first` is the number of the first row, for messages."""
    columns = zip(names, zip(*rows, strict=True), strict=True)
    return pa.record_batch({name: _texts(cells, name, first, where) for name, cells in columns})


def arrow_texts(
    batch: pa.RecordBatch, uuids: Collection[str], first: int, where: str
) -> pa.RecordBatch:
    """Columns of any type as columns of text; those of `uuids` are written in small letters."""
    texts = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        kind = column.type
        if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_integer(kind):
            text = column.cast(pa.string())
        else:
            text = _texts(column.to_pylist(), name, first, where)
        texts[name] = pc.utf8_lower(text) if name in uuids else text
    return pa.record_batch(texts)


def as_text(cell: Any) -> str:
    """A cell as a person would type it. Raises UnicodeError for bytes that are not UTF-8."""
    match cell:
        case str():
            return cell
        case None:
            return ""
        case bool():
            return "TRUE" if cell else "FALSE"
        case float() | Decimal() if cell != cell:  # not a number
            return ""
        case float() if cell.is_integer():
            return f"{cell:.0f}"
        case float():
            return f"{Decimal(repr(cell)):f}"
        case Decimal():
            return f"{cell:f}"
        case datetime.datetime() if cell.time() == datetime.time():
            return cell.date().isoformat()
        case datetime.datetime():
            return cell.isoformat(sep=" ", timespec="seconds")
        case bytes() | bytearray() | memoryview():
            return bytes(cell).decode()
        case _:
            return str(cell)


def _texts(cells: Sequence[Any], name: str, first: int, where: str) -> pa.Array:
    try:
        # Most cells are text already, blank ones among them.
        texts = [cell if isinstance(cell, str) else as_text(cell) for cell in cells]
        return pa.array(texts, pa.string())
    except UnicodeError as exc:
        row = next(n for n, cell in enumerate(cells, first) if not _is_unicode(cell))
        raise SourceError(
            f'{where}, row {row}, column "{name}": the text is not Unicode: {exc}',
            hint="half a character, or bytes that are not UTF-8: mend the cell in the source",
        ) from exc


def _is_unicode(cell: Any) -> bool:
    try:
        as_text(cell).encode()
    except UnicodeError:
        return False
    return True
