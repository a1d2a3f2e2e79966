"""Statements that mend a source table are SQL of its engine."""

from __future__ import annotations

import pytest
import sqlglot
from sqlalchemy import Dialect
from sqlalchemy.dialects import mssql, postgresql, sqlite

from customer_orders.demo import sample
from customer_orders.readiness.mending import Mending

DIALECTS: dict[str, Dialect] = {
    "sqlite": sqlite.dialect(),
    "postgres": postgresql.dialect(),
    "tsql": mssql.dialect(),
}
NAMES = [name for name, _ in sample.columns()]


@pytest.mark.parametrize("read", DIALECTS)
@pytest.mark.parametrize("table", ["ORDERS_UNIFIED", "dbo.IT'S [ODD] 50%"])
def test_statements_parse(read: str, table: str) -> None:
    """Whatever a column is called: each is one statement of its engine."""
    mending = Mending(table=table, dialect=DIALECTS[read])
    for name in NAMES:
        for sql in (mending.add(name), mending.rename("it's [old]", name)):
            (tree,) = sqlglot.parse(sql, read=read)
            assert tree is not None, sql
    for name in ("M", "2/3", "L(10-12)"):
        if sql := mending.make_integer(name):
            assert len(sqlglot.parse(sql, read=read)) == 1


def test_words_of_each_engine() -> None:
    """Types and quotes are its own."""
    table = "ORDERS_UNIFIED"
    added = {read: Mending(table=table, dialect=d).add("75% OFF") for read, d in DIALECTS.items()}
    assert added == {
        "sqlite": 'ALTER TABLE "ORDERS_UNIFIED" ADD "75% OFF" TEXT',
        "postgres": 'ALTER TABLE "ORDERS_UNIFIED" ADD "75% OFF" TEXT',
        "tsql": "ALTER TABLE [ORDERS_UNIFIED] ADD [75% OFF] NVARCHAR(max)",
    }
    renamed = Mending(table="dbo.T", dialect=DIALECTS["tsql"]).rename("it's", "IT'S")
    assert renamed == "EXEC sp_rename N'[dbo].[T].[it''s]', N'IT''S', N'COLUMN'"
