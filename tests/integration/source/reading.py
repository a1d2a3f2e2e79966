"""Sources as files in a folder, and the settings that read them."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from customer_orders.config import Settings
from customer_orders.mapping import needed_columns
from customer_orders.source import OrderRows, read

TABLE = "ORDERS_UNIFIED"
#: A small source: what is needed of it, the span of sizes and one column beside.
COLUMNS = ("NUMBER", "STYLE", "UNIT OF MEASURE", "S", "M", "TOTAL QTY", "NOTES")
NEEDED = ("NUMBER", "STYLE", "TOTAL QTY")
INTEGERS = {"S", "M", "TOTAL QTY"}


def settings(folder: Path, **source: Any) -> Settings:
    """A whole configuration around these source settings."""
    return Settings.model_validate(
        {
            "source": source,
            "board": [{"id": "9000000001", "name": "Customer Master Schedule"}],
            "customers": {"GREYSON": ["GREYSON CLOTHIERS"]},
            "folder": folder,
        }
    )


def of_table(folder: Path, name: str = "orders.db", table: str = TABLE, **source: Any) -> Settings:
    """The configuration of a SQLite table."""
    return settings(folder, url=f"sqlite:///{name}", table=table, **source)


def of_file(folder: Path, name: str = "orders.csv", **source: Any) -> Settings:
    """The configuration of a CSV file."""
    return settings(folder, file=name, **source)


def everything(configured: Settings) -> OrderRows:
    """A read of all that a run of this configuration needs."""
    return read(configured, needed_columns(configured))


def write_table(
    path: Path,
    rows: Iterable[Sequence[object]],
    columns: Sequence[str] = COLUMNS,
    table: str = TABLE,
) -> None:
    """A SQLite table; columns of `INTEGERS` are integers, all others text."""
    kinds = ["INTEGER" if name in INTEGERS else "TEXT" for name in columns]
    quoted = [f'"{name}" {kind}' for name, kind in zip(columns, kinds, strict=True)]
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f'CREATE TABLE "{table}" ({", ".join(quoted)})')
        marks = ", ".join("?" * len(columns))
        connection.executemany(f'INSERT INTO "{table}" VALUES ({marks})', rows)


def write_file(
    path: Path, rows: Iterable[Sequence[object]], columns: Sequence[str] = COLUMNS
) -> None:
    """A CSV file; None is an empty cell."""
    with path.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(columns)
        writer.writerows(rows)
