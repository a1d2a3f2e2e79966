"""The sample's table in the words of each engine."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
import sqlglot
from sqlalchemy.dialects import mssql, postgresql, sqlite
from sqlalchemy.schema import CreateTable, DropTable

from customer_orders.demo import changes, sample, tables

DIALECTS: dict[str, tuple[sa.Dialect, dict[str, str]]] = {
    "sqlite": (sqlite.dialect(), {"INT": "INTEGER", "NVARCHAR(MAX)": "TEXT"}),
    "postgres": (
        postgresql.dialect(paramstyle="qmark"),
        {"INT": "INT", "NVARCHAR(MAX)": "TEXT", "DATE": "DATE", "UNIQUEIDENTIFIER": "UUID"},
    ),
    "tsql": (
        mssql.dialect(paramstyle="qmark"),
        {
            "INT": "INTEGER",
            "NVARCHAR(MAX)": "NVARCHAR(MAX)",
            "DATE": "DATE",
            "UNIQUEIDENTIFIER": "UNIQUEIDENTIFIER",
        },
    ),
}


@pytest.mark.parametrize("read", DIALECTS)
def test_types_are_the_engine_s_own(read: str) -> None:
    """268 columns by name, each of the type that the engine has for it."""
    dialect, kinds = DIALECTS[read]
    sql = str(CreateTable(tables.orders_table("ORDERS")).compile(dialect=dialect))
    (tree,) = sqlglot.parse(sql, read=read)
    assert tree is not None
    found = {c.name: c.kind.sql(dialect=read) for c in tree.find_all(sqlglot.exp.ColumnDef)}
    assert found == {
        name: sqlglot.exp.DataType.build(kinds.get(kind, "TEXT"), dialect=read).sql(dialect=read)
        for name, kind in sample.columns()
    }


def test_statements_are_t_sql() -> None:
    """Making, filling, changing and dropping the table; the other engines run them in tests."""
    dialect, _ = DIALECTS["tsql"]
    orders = tables.orders_table("ORDERS", marked=True)
    number = orders.c["AAG ORDER NUMBER"]
    statements = [CreateTable(orders), DropTable(orders), sa.insert(orders)]
    statements += [
        sa.insert(orders).values(edit.cells)
        if edit.items_created
        else sa.update(orders).where(number == edit.line).values(edit.cells)
        for edit in changes.CHANGES
    ]
    for statement in statements:
        (tree,) = sqlglot.parse(str(statement.compile(dialect=dialect)), read="tsql")
        assert tree is not None
