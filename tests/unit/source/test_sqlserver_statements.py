"""Every statement that is sent to SQL Server, as its dialect writes it, is T-SQL."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import sqlglot
from sqlalchemy import Select
from sqlalchemy.dialects import mssql
from sqlglot import exp

from customer_orders.demo import sample
from customer_orders.source import sqlserver
from customer_orders.source.statement import orders_query, orders_table

AWKWARD = ("DROP", "2/3", "75% :x", "it''s", "[odd", "a]b", 'say "x"', "HOT 30/GLOBAL (")
ORDERS = orders_table("dbo.IT'S [ODD] 50%", AWKWARD)
EVERY = [name for name, _ in sample.columns()]
QUERY = "SELECT * FROM dbo.orders WHERE note LIKE N'50% off: now?'\n"
STATEMENTS = {
    "snapshot": sqlserver.snapshot_asked(),
    "columns": sqlserver.columns_asked("dbo", "IT'S [ODD] 50%"),
    "state": sqlserver.state_asked(ORDERS, "[dbo].[IT'S [ODD]] 50%]"),
    "cells": sqlserver.cells_asked(ORDERS, AWKWARD),
    "cells of the sample": sqlserver.cells_asked(orders_table("ORDERS_UNIFIED", EVERY), EVERY),
    "nothing of a query": sqlserver.nothing_asked(orders_query(QUERY)),
    "cells of a query": sqlserver.cells_asked(orders_query(QUERY, AWKWARD), AWKWARD),
}


def parsed(asked: Select[Any]) -> exp.Expr:
    """The one statement, with the marks of its parameters as the driver writes them."""
    sql = str(asked.compile(dialect=mssql.dialect(paramstyle="named")))
    (tree,) = sqlglot.parse(sql, read="tsql")
    assert tree is not None
    return tree


@pytest.mark.parametrize("name", STATEMENTS)
def test_statement_is_t_sql_that_only_reads(name: str) -> None:
    """It parses, and holds no hint, no MERGE and nothing that writes."""
    tree = parsed(STATEMENTS[name])
    assert isinstance(tree, exp.Select)
    assert not list(
        tree.find_all(
            exp.WithTableHint,
            exp.Merge,
            exp.Insert,
            exp.Update,
            exp.Delete,
            exp.Create,
            exp.Command,
        )
    )


def test_names_come_back_as_they_are() -> None:
    """Quoted by the dialect, every awkward name means itself."""
    tree = parsed(STATEMENTS["cells"])
    assert [found.name for found in tree.expressions] == list(AWKWARD)
    assert tree.find(exp.Table).name == "IT'S [ODD] 50%"  # type: ignore[union-attr]
    assert parsed(STATEMENTS["cells of the sample"]).named_selects == EVERY


def test_values_are_bound() -> None:
    """Names of tables are values where they are asked for, and never part of the text."""
    for name in ("columns", "state"):
        compiled = STATEMENTS[name].compile(dialect=mssql.dialect(paramstyle="named"))
        assert "ODD" in str(compiled.params.values())
    assert "ODD" not in str(STATEMENTS["columns"].compile(dialect=mssql.dialect()))


def test_a_query_is_asked_as_it_is_written() -> None:
    """Per cents, colons and question marks of the user's own text stay what they are."""
    asked = STATEMENTS["cells of a query"]
    assert "N'50% off: now?'" in str(asked.compile(dialect=mssql.dialect()))


def test_columns_of_uuids_are_found() -> None:
    """The driver tells them by Python's type."""
    description = [("id", uuid.UUID, None), ("name", str, None)]
    assert sqlserver.names_of_uuids(description) == {"id"}
