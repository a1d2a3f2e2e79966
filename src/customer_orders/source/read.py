"""Finds the configured source, and reads the needed columns and the sizes of its scope."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import structlog
from sqlalchemy.engine import URL

from customer_orders.config import CSV_SUFFIXES, Settings, SourceSettings
from customer_orders.databases import database_url
from customer_orders.errors import SourceError
from customer_orders.source import (
    csv_file,
    database,
    excel_file,
    parquet_file,
    postgresql,
    sqlite,
    sqlserver,
)
from customer_orders.source.columns import Origin, chosen_sizes, wanted_columns
from customer_orders.source.files import Place, refuse_other_kinds
from customer_orders.source.query import read_query

log = structlog.get_logger()
#: Names of columns that a line of log repeats.
SHOWN = 5
FILES: Mapping[str, Callable[[Place], Origin]] = {
    **dict.fromkeys(CSV_SUFFIXES, csv_file.origin),
    ".parquet": parquet_file.origin,
    ".xlsx": excel_file.origin,
}
#: Engines with a reader of their own, by what stands before the colon of a URL. Any other URL goes
#: through SQLAlchemy.
READERS: Mapping[str, Callable[[URL, SourceSettings, str | None], Origin]] = {
    "sqlite": sqlite.origin,
    "postgres": postgresql.origin,
    "postgresql": postgresql.origin,
    "mssql": sqlserver.origin,
    "mssql+mssqlpython": sqlserver.origin,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderRows:
    """A complete read of the configured scope."""

    #: Text columns by their source names; a blank cell is NULL or the empty text.
    table: pa.Table
    #: Size columns, in table order.
    sizes: Sequence[str]
    #: Digest of what was asked for: only reads of one scope can be compared.
    scope: str


def read(settings: Settings, needed: Sequence[str]) -> OrderRows:
    """Read the scope with the needed columns and the size span.

    Raises SourceError when the source, a column or a driver is not there, with the nearest name
    where there is one.
    """
    origin = _origin(settings, needed)
    wanted = wanted_columns(settings.source, origin, needed)
    _log_unused(origin, [name for name in origin.kinds if name not in wanted])
    rows = origin.rows(wanted)
    return OrderRows(
        table=rows,
        sizes=chosen_sizes(settings.source, origin, rows),
        scope=scope_of(settings, origin.query),
    )


def scope_of(settings: Settings, query: str = "") -> str:
    """Digest of what is asked for."""
    asked = settings.source.model_dump_json() + query
    return hashlib.sha256(asked.encode()).hexdigest()


def column_kinds(settings: Settings, needed: Sequence[str]) -> Mapping[str, str]:
    """Column -> INTEGER, TEXT or UNKNOWN. Raises SourceError when it cannot be opened."""
    return _origin(settings, needed).kinds


def _origin(settings: Settings, needed: Sequence[str]) -> Origin:
    source = settings.source
    if source.file is not None:
        place = Place(path=settings.path(source.file), source=source, needed=needed)
        refuse_other_kinds(place.path, FILES)
        return FILES[place.path.suffix.lower()](place)
    written = settings.database(source.url or "")
    url = _parsed(written)
    if url.get_backend_name() == "sqlite":
        sqlite.refuse_absent(url)
    query = read_query(settings.path(source.query), url) if source.query else None
    open_it = READERS.get(written.partition(":")[0], database.origin)
    return open_it(url, source, query)


def _parsed(url: str) -> URL:
    try:
        return database_url(url)
    except ValueError as exc:
        raise SourceError(
            "[source] url is no database URL", hint="it must look like sqlite:///orders.db"
        ) from exc


def _log_unused(origin: Origin, unused: Sequence[str]) -> None:
    if unused:
        log.info("columns not used", source=origin.name, count=len(unused), first=unused[:SHOWN])
