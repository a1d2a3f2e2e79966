"""SQLite through the driver of Python, which the ledger uses too; SQLite turns cells into text.

A process must hold one copy of SQLite: the locks of a file belong to the process, and a second copy
that closes the file drops those of the first (https://www.sqlite.org/howtocorrupt.html, 2.2).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pyarrow as pa
from sqlalchemy import URL, create_engine
from sqlalchemy.pool import NullPool

from customer_orders.config import SourceSettings
from customer_orders.errors import SourceError
from customer_orders.source.columns import Origin
from customer_orders.source.database import NO_DATABASE, columns_of
from customer_orders.source.statement import (
    BATCH,
    columns_read,
    compiled,
    counted,
    orders_of,
    statement,
)
from customer_orders.source.steady import PATIENCE, RELOAD, refuse_moved, refuse_shrunk

#: Grows with every table that is made, renamed or dropped.
VERSION = "SELECT schema_version FROM pragma_schema_version"


def origin(url: URL, source: SourceSettings, query: str | None) -> Origin:
    """The columns of the table or the query. The file is opened read only, and never made."""
    database = url.database or ""
    with _reading(database, f"the database {database} cannot be read", NO_DATABASE) as cursor:
        asked = _version(cursor, database)
    engine = create_engine(
        "sqlite://",
        creator=lambda: _opened(database),
        poolclass=NullPool,
    )
    name, kinds = columns_of(engine, database, source, query)
    failed = f"reading {name} from {database} failed"
    with _reading(database, failed, RELOAD) as cursor:
        known = _count(cursor, source)

    def rows(wanted: Sequence[str]) -> pa.Table:
        orders = orders_of(source, query, columns_read(source, wanted))
        # One transaction, which sees one moment of the file.
        with _reading(database, failed, RELOAD) as cursor:
            refuse_moved(name, _version(cursor, database) != asked)
            refuse_shrunk(name, known, _count(cursor, source))
            cursor.execute(*compiled(statement(source, wanted, orders)))
            found = _fetched(cursor, wanted)
            refuse_moved(name, _version(cursor, database) != asked)
        return _text(found, name)

    return Origin(name=name, kinds=kinds, rows=rows, query=query or "")


def refuse_absent(url: URL) -> None:
    """Raise SourceError when the file is not there: SQLite would make an empty one."""
    if not Path(url.database or "").is_file():
        raise SourceError(f"the database {url.database} is not there", hint="check [source] url")


def _opened(database: str) -> sqlite3.Connection:
    file = f"{Path(database).resolve().as_uri()}?mode=ro"
    return sqlite3.connect(file, uri=True, timeout=PATIENCE, isolation_level=None)


@contextmanager
def _reading(database: str, failed: str, hint: str) -> Iterator[sqlite3.Cursor]:
    """A transaction that only reads. Raises SourceError for whatever goes wrong in it."""
    try:
        with closing(_opened(database)) as connection:
            connection.text_factory = bytes  # Arrow looks at a whole column of them at once
            yield connection.execute("BEGIN")
    except (sqlite3.Error, OSError) as exc:
        raise SourceError(f"{failed}: {exc}", hint=hint) from exc


def _version(cursor: sqlite3.Cursor, database: str) -> tuple[int, ...]:
    """Which file it is, and the version of its schema: a load may swap the one or the other."""
    cursor.execute(VERSION)
    (version,) = cursor.fetchone()
    file = Path(database).stat()
    return file.st_dev, file.st_ino, version


def _count(cursor: sqlite3.Cursor, source: SourceSettings) -> int:
    """Rows of the table; a query is not asked twice."""
    if source.table is None:
        return 0
    cursor.execute(*compiled(counted(source.table)))
    (rows,) = cursor.fetchone()
    return int(rows)


def _fetched(cursor: sqlite3.Cursor, columns: Sequence[str]) -> pa.Table:
    """The rows as columns of bytes."""
    schema = pa.schema([(column, pa.binary()) for column in columns])
    batches = []
    while rows := cursor.fetchmany(BATCH):
        cells = [pa.array(cells, pa.binary()) for cells in zip(*rows, strict=True)]
        batches.append(pa.record_batch(cells, schema))
    return pa.Table.from_batches(batches, schema)


def _text(rows: pa.Table, where: str) -> pa.Table:
    """Columns of text. Raises SourceError for a column with text that is not UTF-8."""
    texts = {}
    for name in rows.column_names:
        try:
            texts[name] = rows[name].cast(pa.string())
        except pa.ArrowInvalid as exc:
            raise SourceError(
                f'{where}: the column "{name}" holds text that is not UTF-8',
                hint="the load wrote bytes of another encoding; mend the cell in the source",
            ) from exc
    return pa.table(texts)
