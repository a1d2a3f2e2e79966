"""A table's rows with the places where the engine keeps them, for whoever writes beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
from sqlalchemy import Connection, select
from sqlalchemy.sql.elements import quoted_name

from customer_orders.config import Settings
from customer_orders.source.cells import SESSION
from customer_orders.source.columns import Origin, chosen_sizes, wanted_columns
from customer_orders.source.database import row_batches, table_columns
from customer_orders.source.read import OrderRows, scope_of
from customer_orders.source.statement import columns_read, in_scope, orders_table

#: What the place of a row is called among its columns.
PLACE = "customer_orders.place"


@dataclass(frozen=True, kw_only=True, slots=True)
class NumberedRows:
    """The configured scope as a run reads it, and what else was asked of each of its rows."""

    rows: OrderRows
    #: Place of each row, by the engine's own row id, as text; empty where none was asked.
    places: Sequence[str]
    #: Column -> its cells as text.
    others: dict[str, Sequence[str]]


def table_kinds(connection: Connection, settings: Settings) -> dict[str, str]:
    """Column -> kind, asked on this connection. Raises SourceError when there is no such table."""
    shown = connection.engine.url.set(query={}).render_as_string()
    return table_columns(connection, shown, settings.source)


def numbered(
    connection: Connection,
    settings: Settings,
    needed: Sequence[str],
    others: Sequence[str],
    place: str | None,
) -> NumberedRows:
    """Read the scope inside the connection's own transaction; `place` is the engine's row id."""
    if connection.dialect.name == "postgresql":
        for words in SESSION:
            connection.exec_driver_sql(words)
    origin = _origin(connection, settings, place)
    wanted = wanted_columns(settings.source, origin, needed)
    more = [*others, *([PLACE] if place else [])]
    found = origin.rows(list(dict.fromkeys((*wanted, *more))))
    table = found.select(wanted)
    sizes = chosen_sizes(settings.source, origin, table)
    return NumberedRows(
        rows=OrderRows(table=table, sizes=sizes, scope=scope_of(settings)),
        places=found[PLACE].to_pylist() if place else (),
        others={column: found[column].to_pylist() for column in others},
    )


def _origin(connection: Connection, settings: Settings, place: str | None) -> Origin:
    source, name = settings.source, f"the table {settings.source.table}"

    def rows(wanted: Sequence[str]) -> pa.Table:
        asked = [column for column in columns_read(source, wanted) if column != PLACE]
        orders = orders_table(source.table or "", [*asked, *([place] if place else [])])
        cells = select(*(orders.c[column] for column in asked))
        if place:
            cells = cells.add_columns(orders.c[place].label(quoted_name(PLACE, True)))
        return in_scope(row_batches(connection, cells, name), source, wanted)

    return Origin(name=name, kinds=table_kinds(connection, settings), rows=rows)
