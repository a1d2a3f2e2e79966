"""SQL Server without a server: what is printed for it, and what it would be asked."""

from __future__ import annotations

import pytest
import sqlglot
from sqlalchemy import bindparam, case, exists, func, select, true
from tsql import as_tsql, look_through

from customer_orders.ledger import Ledger
from customer_orders.ledger.rows import CHUNK
from customer_orders.ledger.schema import lock, metadata, operation


def test_the_ddl_is_tsql() -> None:
    """Every batch parses; every table is there, with text compared letter by letter."""
    text = Ledger("mssql://user@host/db").ddl()
    batches = [batch.strip() for batch in text.split("\nGO\n")]
    for batch in batches:
        sqlglot.parse(batch, dialect="tsql")
    for name in metadata.tables:
        assert f"CREATE TABLE customer_orders.{name} (" in text
    assert " as [open]," in text
    # A schema and a view each want a batch of their own.
    assert "exec('create schema customer_orders')" in batches[0]
    assert [b for b in batches if b.startswith("create view")] != []
    assert " VARCHAR(" not in text.replace("version_num VARCHAR(32)", "")
    assert text.count("COLLATE Latin1_General_100_BIN2") == text.count("NVARCHAR(")


def test_a_list_that_is_too_long() -> None:
    """SQL Server takes 2,100 parameters; as many as a list has are counted."""
    statement = select(lock).where(lock.c.board.in_(bindparam("many", expanding=True)))
    as_tsql(None, statement, (), {"many": ["1"] * CHUNK}, None)
    with pytest.raises(AssertionError):
        as_tsql(None, statement, (), {"many": ["1"] * 2_000}, None)


@pytest.mark.parametrize(
    "statement",
    [
        select(lock).where(lock.c.held.is_(true())),
        select(exists().where(lock.c.board == "1")),
        select(func.sum(case((exists().where(lock.c.board == "1"), 1), else_=0))),
        select(case((operation.c.state == "a", 1))).group_by(case((operation.c.state == "a", 1))),
    ],
)
def test_what_other_engines_take(statement: object) -> None:
    """These parse, and are found all the same."""
    with pytest.raises(AssertionError):
        as_tsql(None, statement, (), {}, None)


def test_what_is_no_sql_at_all() -> None:
    """The parser is a strict one."""
    with pytest.raises(sqlglot.ParseError):
        look_through("UPDATE SET x = WHERE")
