"""Reads order lines as Arrow, every cell as text, from a SQLite table or a CSV file. Read only."""

from __future__ import annotations

import csv
import difflib
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import adbc_driver_manager
import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from adbc_driver_sqlite import dbapi
from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Text,
    cast,
    column,
    create_engine,
    func,
    inspect,
    literal,
    select,
    table,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool
from sqlalchemy.sql.elements import quoted_name

from customer_orders.changes.detect import ENGINE
from customer_orders.config import Settings, SourceSettings, source_types
from customer_orders.errors import SourceError
from customer_orders.model import BLANKS

#: What a whole number looks like in a file whose columns have no types.
WHOLE_NUMBER = r"^[\s\x{00A0}]*([0-9][0-9,]*(\.0+)?)?[\s\x{00A0}]*$"
INTEGER, TEXT, UNKNOWN = "integer", "text", "unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderRows:
    """A complete read of the configured scope."""

    #: Text columns by their source names; a blank cell is NULL or the empty text.
    table: pa.Table
    #: Size columns, in table order.
    sizes: Sequence[str]


def read(settings: Settings, needed: Sequence[str]) -> OrderRows:
    """Read the scope with the needed columns and the size span.

    Raises SourceError when the table, a column or the database is not there, with the nearest
    name where there is one.
    """
    source = settings.source
    if source.file is not None:
        path = settings.path(source.file)
        kinds = _file_columns(path)
        wanted = _wanted(source, kinds, needed, str(path))
        rows = _filtered(_read_file(path, wanted), source, wanted)
    else:
        url = settings.database(source.url or "")
        kinds = _table_columns(url, source)
        wanted = _wanted(source, kinds, needed, f"the table {source.table}")
        rows = _read_table(url, source, wanted)
    span = _span(source, list(kinds))
    sizes = [name for name in span if _is_size(name, kinds, rows)]
    if span and not sizes:
        raise SourceError(
            f'no column between "{source.sizes.after}" and "{source.sizes.before}" is an integer',
            hint="sizes are integer columns; a table without its types cannot show them",
        )
    return OrderRows(table=rows, sizes=sizes)


def _is_size(name: str, kinds: Mapping[str, str], rows: pa.Table) -> bool:
    """A size column is an integer by type; where nobody knows the type, by all its cells."""
    if kinds[name] != UNKNOWN:
        return kinds[name] == INTEGER
    whole = pc.match_substring_regex(pc.fill_null(rows[name], ""), WHOLE_NUMBER)
    return bool(pc.all(whole).as_py())


def _wanted(
    source: SourceSettings, kinds: Mapping[str, str], needed: Sequence[str], where: str
) -> list[str]:
    """The columns to read, in table order. Raises SourceError for those that are absent."""
    ends = (source.sizes.after, source.sizes.before)
    absent = [name for name in (*needed, *ends) if name not in kinds]
    if absent:
        named = "; ".join(f'"{name}"{_nearest(name, kinds)}' for name in sorted(set(absent)))
        raise SourceError(
            f"{where} has no column {named}",
            hint="mend the name in [source] or [mapping.columns], or the source itself",
        )
    names = list(kinds)
    if names.index(ends[0]) > names.index(ends[1]):
        raise SourceError(
            f'{where}: the column "{ends[1]}" must come after "{ends[0]}"',
            hint="the size columns are those between the two; see [source] sizes",
        )
    span = {name for name in _span(source, names) if kinds[name] != TEXT}
    return [name for name in kinds if name in span or name in needed]


def _span(source: SourceSettings, names: list[str]) -> list[str]:
    start, end = names.index(source.sizes.after), names.index(source.sizes.before)
    return names[start + 1 : end]


def _nearest(name: str, known: Mapping[str, object] | Sequence[str]) -> str:
    by_upper = {other.upper(): other for other in known}
    near = difflib.get_close_matches(name.upper(), by_upper, n=1)
    return f' (nearest: "{by_upper[near[0]]}")' if near else ""


def _statement(
    source: SourceSettings, wanted: Sequence[str], name: str
) -> Select[*tuple[Any, ...]]:
    """One SELECT for every engine: all cells as text, the scope compared trimmed."""
    schema, _, bare = name.rpartition(".")
    # Columns are named with their table: SQLite takes a bare name that is absent for a text.
    scoped = [column_name for column_name, _, _ in source.scope]
    orders = table(
        quoted_name(bare, True),
        *(column(quoted_name(c, True)) for c in dict.fromkeys((*wanted, *scoped))),
        schema=quoted_name(schema, True) if schema else None,
    )

    def text(column_name: str) -> ColumnElement[str]:
        return func.coalesce(cast(orders.c[column_name], Text), literal(""))

    conditions = []
    for column_name, operator, value in source.scope:
        cell = func.trim(text(column_name), BLANKS)
        values = [value] if isinstance(value, str) else list(value)
        among = cell.in_([v.strip(BLANKS) for v in values])
        conditions.append(among if operator in ("=", "in") else ~among)
    cells = [text(c).label(quoted_name(c, True)) for c in wanted]
    return select().add_columns(*cells).select_from(orders).where(*conditions)


def _compiled(statement: Select[*tuple[Any, ...]]) -> tuple[str, list[object]]:
    """SQLite's dialect, which DuckDB reads as well: double quotes and question marks."""
    compiled = statement.compile(
        dialect=sqlite.dialect(), compile_kwargs={"render_postcompile": True}
    )
    return compiled.string, [compiled.params[name] for name in compiled.positiontup or ()]


def _table_columns(url: str, source: SourceSettings) -> dict[str, str]:
    """Column name -> kind, in table order."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        raise SourceError(
            f"[source] url: {parsed.get_backend_name()} is not supported, only sqlite is",
            hint="export the table to a CSV file and give file instead of url",
        )
    if not parsed.database or not Path(parsed.database).is_file():
        raise SourceError(f"the database {parsed.database} is not there", hint="check [source] url")
    schema, _, bare = (source.table or "").rpartition(".")
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(_read_only(parsed.database or ""), uri=True),
        poolclass=NullPool,
    )
    try:
        tables = inspect(engine).get_table_names(schema or None)
        views = inspect(engine).get_view_names(schema or None)
        if bare not in (*tables, *views):
            raise SourceError(
                f'the table "{source.table}" is not in {parsed.database}'
                + _nearest(bare, [*tables, *views]),
                hint="check [source] table; nothing was read",
            )
        columns = inspect(engine).get_columns(bare, schema or None)
    except SQLAlchemyError as exc:
        raise SourceError(
            f"the database {parsed.database} cannot be read: {exc.args[0]}",
            hint="check that it is a SQLite database and not locked",
        ) from exc
    finally:
        engine.dispose()
    return {c["name"]: INTEGER if isinstance(c["type"], Integer) else TEXT for c in columns}


def _read_only(database: str) -> str:
    return f"{Path(database).resolve().as_uri()}?mode=ro"


def _read_table(url: str, source: SourceSettings, wanted: Sequence[str]) -> pa.Table:
    sql, parameters = _compiled(_statement(source, wanted, source.table or ""))
    database = make_url(url).database or ""
    try:
        with (
            closing(dbapi.connect(_read_only(database))) as connection,
            closing(connection.cursor()) as cursor,
        ):
            cursor.execute(sql, parameters)
            rows = cursor.fetch_arrow_table()
    except adbc_driver_manager.Error as exc:
        raise SourceError(
            f"reading {source.table} from {database} failed: {exc}",
            hint="the table may be in the middle of a reload; run again",
        ) from exc
    _refuse_bytes(rows, source.table or "")
    # Without a row, the driver cannot know that the columns are text.
    return rows.cast(pa.schema([(name, pa.string()) for name in rows.column_names]))


def _refuse_bytes(rows: pa.Table, where: str) -> None:
    """Raise SourceError for a column with text that is not UTF-8."""
    for name in rows.column_names:
        try:
            rows[name].validate(full=True)
        except pa.ArrowInvalid as exc:
            raise SourceError(
                f'{where}: the column "{name}" holds text that is not UTF-8',
                hint="the load wrote bytes of another encoding; mend the cell in the source",
            ) from exc


def _file_columns(path: Path) -> dict[str, str]:
    """Column name -> kind, by the header of a CSV file and the known columns of the table."""
    if path.suffix.lower() != ".csv":
        raise SourceError(
            f"{path}: only .csv files are read", hint="export the table as CSV, UTF-8, with commas"
        )
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = next(csv.reader(file), [])
    except (OSError, UnicodeDecodeError, csv.Error) as exc:
        raise SourceError(
            f"{path}: cannot be read: {exc}", hint="check [source] file; it must be UTF-8"
        ) from exc
    seen: dict[str, int] = {}
    for place, name in enumerate(header, start=1):
        first = seen.setdefault(name.upper(), place)
        if first != place:
            raise SourceError(
                f'{path}: columns {first} and {place} are both called "{name}"',
                hint="give each column a name of its own; the case of letters does not count",
            )
    if not header:
        raise SourceError(f"{path}: the file is empty", hint="its first row must name the columns")
    types = source_types()
    return {name: _kind(types.get(name)) for name in header}


def _kind(sql_type: str | None) -> str:
    return UNKNOWN if sql_type is None else INTEGER if sql_type == "INT" else TEXT


def _read_file(path: Path, wanted: Sequence[str]) -> pa.Table:
    try:
        return pa.csv.read_csv(
            path,
            # One thread knows which row is at fault.
            read_options=pa.csv.ReadOptions(use_threads=False),
            parse_options=pa.csv.ParseOptions(newlines_in_values=True),
            convert_options=pa.csv.ConvertOptions(
                include_columns=wanted, column_types=dict.fromkeys(wanted, pa.string())
            ),
        )
    except (pa.ArrowInvalid, OSError) as exc:
        raise SourceError(
            f"{path}: cannot be read as CSV: {exc}",
            hint="it must be UTF-8, with commas, and as many cells in each row as in the header",
        ) from exc


def _filtered(rows: pa.Table, source: SourceSettings, wanted: Sequence[str]) -> pa.Table:
    """The scope of a file, by the same statement as a table's."""
    sql, parameters = _compiled(_statement(source, wanted, "orders"))
    with closing(duckdb.connect(config=ENGINE)) as engine:
        engine.register("orders", rows)
        return engine.sql(sql, params=parameters).to_arrow_table()
