"""A small source and its snapshot, for the tests of change detection."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from customer_orders.changes import Changes, Columns, detect
from customer_orders.model import OrderLine

Row = dict[str, str | None]

VERSION = "v1"
COLUMNS = Columns(
    key=("NUMBER", "STYLE", "PO", "METHOD"),
    anchor=("NUMBER", "PO"),
    hashed=("CUSTOMER", "METHOD", "NUMBER", "PO", "PRICE", "SEASON", "STYLE", "TOTAL"),
    sizes=("S", "M", "L"),
    total="TOTAL",
    customer="CUSTOMER",
    po="PO",
    seasons=("SEASON", "AAG SEASON"),
)
ORDER: Row = {
    "NUMBER": "TOR-00001",
    "STYLE": "MFA25B60",
    "PO": "100",
    "METHOD": "SEA",
    "CUSTOMER": "TORVANE WORKWEAR",
    "PRICE": "12.50",
    "AAG SEASON": "2025 FALL",
    "S": "10",
    "M": "20",
    "TOTAL": "30",
}
KNOWN = pa.schema(
    {
        "record_uuid": pa.string(),
        "line_key": pa.string(),
        "ordinal": pa.int64(),
        "customer": pa.string(),
        "row_hash": pa.string(),
        "seen_hash": pa.string(),
        "mapping_version": pa.string(),
        "review": pa.bool_(),
        "subitems": pa.int64(),
    }
)


def order(**cells: str | None) -> Row:
    """The order line, with other cells."""
    return ORDER | cells


def orders(rows: Sequence[Row], columns: Columns = COLUMNS) -> pa.Table:
    """The rows as the source hands them over: text columns."""
    everything = {*columns.values, *columns.sizes, columns.total}
    names = [*dict.fromkeys(name for row in rows for name in row)]
    names += sorted(everything - set(names))
    return pa.table({n: pa.array([row.get(n) for row in rows], pa.string()) for n in names})


def remembered(lines: Iterable[OrderLine], **changed: Any) -> list[dict[str, Any]]:
    """The lines as the snapshot has them once they are delivered."""
    return [
        {
            "record_uuid": line.record_uuid,
            "line_key": line.line_key,
            "ordinal": line.ordinal,
            "customer": "TORVANE",
            "row_hash": line.row_hash,
            "seen_hash": line.row_hash,
            "mapping_version": VERSION,
            "review": False,
            "subitems": len(line.sizes),
        }
        | changed
        for line in lines
    ]


def known(entries: Sequence[dict[str, Any]]) -> pa.Table:
    """The snapshot as the ledger hands it over."""
    return pa.Table.from_pylist(list(entries), schema=KNOWN)


def detected(
    rows: Sequence[Row],
    entries: Sequence[dict[str, Any]] = (),
    columns: Columns = COLUMNS,
    **options: Any,
) -> Changes:
    """What detection finds in these rows against this snapshot."""
    return detect(orders(rows, columns), known(entries), columns, VERSION, **options)


def delivered(*rows: Row, columns: Columns = COLUMNS) -> list[dict[str, Any]]:
    """The snapshot after these rows were delivered."""
    return remembered(detected(rows, columns=columns).lines())


def line_of(row: Row, columns: Columns = COLUMNS) -> OrderLine:
    """The only line of a source with one row."""
    (line,) = detected([row], columns=columns).lines()
    return line


def verdicts(changes: Changes) -> dict[int, str]:
    """Row -> what became of it, for the rows that are looked at or held."""
    looked_at = {line.row: str(line.kind) for line in changes.lines()}
    held = {held.finding.row or 0: held.finding.rule for held in changes.held()}
    return looked_at | held


def keyed(*key: str, **parts: Any) -> Columns:
    """Other key columns."""
    return replace(COLUMNS, key=key, **parts)
