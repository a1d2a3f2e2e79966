"""Parquet files, through DuckDB's own reader; typed cells become the text a person would type."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet

from customer_orders.databases import DUCKDB
from customer_orders.errors import SourceError
from customer_orders.source.columns import INTEGER, UNKNOWN, Origin, known_kind, unique_header
from customer_orders.source.files import Place
from customer_orders.source.statement import (
    ORDERS,
    columns_read,
    compiled,
    orders_table,
    statement,
)

SIGNED = {"tinyint", "smallint", "integer", "bigint", "hugeint"}
WHOLE = SIGNED | {f"u{kind}" for kind in SIGNED}
FRACTIONS = {"float", "double", "decimal"}
TIMES = {"timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns"}


def origin(place: Place) -> Origin:
    """The file's columns, by their types; a text column by its name, a fraction by its cells."""
    path, source = place.path, place.source
    with closing(duckdb.connect(config=DUCKDB)) as engine:
        types = _types(_opened(engine, path))
    unique_header(_names(path), str(path))

    def rows(wanted: Sequence[str]) -> pa.Table:
        columns = columns_read(source, wanted)
        sql, parameters = compiled(statement(source, wanted, orders_table(ORDERS, columns)))
        with closing(duckdb.connect(config=DUCKDB)) as engine:
            texts = [_text(name, types[name]) for name in columns]
            _opened(engine, path).select(*texts).create_view(ORDERS)
            try:
                return engine.sql(sql, params=parameters).to_arrow_table()
            except duckdb.Error as exc:
                raise _unreadable(path, exc) from exc

    return Origin(name=str(path), kinds={n: _kind(n, t) for n, t in types.items()}, rows=rows)


def _opened(engine: duckdb.DuckDBPyConnection, path: Path) -> duckdb.DuckDBPyRelation:
    try:
        # Signs that mean many files are part of the name.
        return engine.read_parquet(glob.escape(str(path)), hive_partitioning=False)
    except (duckdb.Error, RuntimeError) as exc:  # the second for names that are not UTF-8
        raise _unreadable(path, exc) from exc


def _names(path: Path) -> list[str]:
    """The names as they are: DuckDB gives the second of two equal columns another one."""
    try:
        return list(pyarrow.parquet.read_schema(path).names)
    except (pa.ArrowException, OSError) as exc:
        raise _unreadable(path, exc) from exc


def _unreadable(path: Path, exc: Exception) -> SourceError:
    return SourceError(
        f"{path}: cannot be read as Parquet: {exc}",
        hint="it may have been cut off, or hold text that is not UTF-8; export it again",
    )


def _types(rows: duckdb.DuckDBPyRelation) -> dict[str, str]:
    return {n: t.id for n, t in zip(rows.columns, rows.types, strict=True)}


def _kind(name: str, found: str) -> str:
    if found in WHOLE:
        return INTEGER
    known = known_kind(name)
    # Whole numbers beside blanks are often written as fractions.
    return UNKNOWN if found in FRACTIONS and known != INTEGER else known


def _text(name: str, found: str) -> duckdb.Expression:
    call, constant = duckdb.FunctionExpression, duckdb.ConstantExpression
    cell = duckdb.ColumnExpression(name)
    text = cell.cast(duckdb.sqltype("VARCHAR"))
    if found in FRACTIONS:
        text = call("regexp_replace", text, constant(r"\.0+$"), constant(""))
        text = call("nullif", text, constant("nan"))
    elif found in TIMES:
        text = call("regexp_replace", text, constant(" 00:00:00$"), constant(""))
    elif found == "boolean":
        text = call("upper", text)
    elif found == "blob":  # some programs do not say that their text is text
        text = call("decode", cell)
    return text.alias(name)
