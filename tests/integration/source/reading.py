"""Sources as files in a folder, and the settings that read them."""

from __future__ import annotations

import csv
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.parquet
import pytest
import xlsxwriter
from psycopg import sql

from customer_orders.config import Settings
from customer_orders.errors import SourceError
from customer_orders.mapping import needed_columns
from customer_orders.source import OrderRows, read

TABLE = "ORDERS_UNIFIED"
#: A small source: what is needed of it, the span of sizes and one column beside.
COLUMNS = ("NUMBER", "STYLE", "UNIT OF MEASURE", "S", "M", "TOTAL QTY", "NOTES")
NEEDED = ("NUMBER", "STYLE", "TOTAL QTY")
#: Holds the URL of the tests' PostgreSQL, where a test asks for it (conftest.py).
POSTGRES = "SOURCE_TESTS_POSTGRES_URL"
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


def of_postgres(folder: Path, table: str = TABLE, **source: Any) -> Settings:
    """The configuration of a PostgreSQL table."""
    return settings(folder, url=f"env/{POSTGRES}", table=table, **source)


def of_file(folder: Path, name: str = "orders.csv", **source: Any) -> Settings:
    """The configuration of a CSV file."""
    return settings(folder, file=name, **source)


def of_parquet(folder: Path, name: str = "orders.parquet", **source: Any) -> Settings:
    """The configuration of a Parquet file."""
    return settings(folder, file=name, **source)


def of_workbook(folder: Path, name: str = "orders.xlsx", **source: Any) -> Settings:
    """The configuration of a workbook."""
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


def write_postgres(
    _: Path,
    rows: Iterable[Sequence[object]],
    columns: Sequence[str] = COLUMNS,
    table: str = TABLE,
) -> None:
    """A PostgreSQL table; columns of `INTEGERS` are integers, all others text."""
    name = sql.Identifier(table)
    kinds = [sql.SQL("integer" if c in INTEGERS else "text") for c in columns]
    listed = [sql.Identifier(c) + sql.SQL(" ") + k for c, k in zip(columns, kinds, strict=True)]
    with psycopg.connect(os.environ[POSTGRES]) as connection, connection.cursor() as cursor:
        cursor.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(name))
        cursor.execute(sql.SQL("CREATE TABLE {} ({})").format(name, sql.SQL(", ").join(listed)))
        with cursor.copy(sql.SQL("COPY {} FROM STDIN").format(name)) as copy:
            for row in rows:
                copy.write_row(row)


def read_beside(load: Callable[[int], None], configured: Settings, *, rows: int) -> None:
    """Read while a loader fills the table again and again with one STYLE, its generation's.

    Every read gives all rows of one generation, or an error.
    """
    done, generations = threading.Event(), count(1)

    def loading() -> None:
        while not done.is_set():
            load(next(generations))

    thread = threading.Thread(target=loading)
    thread.start()
    seen, refusals, until = 0, 0, time.monotonic() + 8
    try:
        while time.monotonic() < until and not (seen >= 3 and refusals >= 3):
            try:
                styles = read(configured, NEEDED).table["STYLE"].to_pylist()
            except SourceError:
                refusals += 1
            else:
                seen += 1
                assert (len(styles), len({*styles})) == (rows, 1)
    finally:
        done.set()
        thread.join()
    assert seen + refusals > 0
    assert next(generations) > 2


def refused(configured: Settings) -> SourceError:
    """The error of a read of the small source; it names the file and says what to do."""
    with pytest.raises(SourceError) as error:
        read(configured, NEEDED)
    assert str(configured.path(configured.source.file or Path())) in error.value.message
    assert error.value.hint
    return error.value


def write_file(
    path: Path,
    rows: Iterable[Sequence[object]],
    columns: Sequence[str] = COLUMNS,
    *,
    delimiter: str = ",",
    encoding: str = "utf-8",
) -> None:
    """A CSV file; None is an empty cell."""
    with path.open("w", encoding=encoding, newline="") as text:
        writer = csv.writer(text, delimiter=delimiter)
        writer.writerow(columns)
        writer.writerows(rows)


def write_parquet(
    path: Path, rows: Iterable[Sequence[object]], columns: Sequence[str] = COLUMNS
) -> None:
    """A Parquet file; a column of whole numbers alone is one of integers, all others are text."""
    arrays = []
    for cells in zip(*rows, strict=True):
        whole = all(isinstance(cell, int | None) for cell in cells) and any(cells)
        texts = [None if cell is None else str(cell) for cell in cells]
        arrays.append(pa.array(cells) if whole else pa.array(texts, pa.string()))
    arrays = arrays or [pa.array([], pa.string()) for _ in columns]
    pa.parquet.write_table(pa.table(dict(zip(columns, arrays, strict=True))), path)


def write_workbook(
    path: Path, rows: Iterable[Sequence[object]], columns: Sequence[str] = COLUMNS
) -> None:
    """A workbook of one sheet; a text stays a text, whatever it looks like."""
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet("Orders")
        for number, row in enumerate([columns, *rows]):
            for place, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(number, place, cell)
                elif cell is not None:
                    sheet.write_number(number, place, cell)
