"""What `deploy --source` sends, as the dialects of the engines write it."""

from __future__ import annotations

import pytest
import sqlglot
from sqlalchemy import Dialect
from sqlalchemy.dialects import mssql, postgresql, sqlite
from sqlglot import exp

from customer_orders.stamp import Marks, engines, missing_marks
from customer_orders.stamp.marks import additions, index_statement, named, table_of

DIALECTS: dict[str, Dialect] = {
    "sqlite": sqlite.dialect(),
    "postgres": postgresql.dialect(paramstyle="named"),
    "tsql": mssql.dialect(paramstyle="named"),
}
NAME = "dbo.IT'S [ODD] 50%"


def sent(read: str) -> list[str]:
    """Every statement, in order."""
    dialect, marks = DIALECTS[read], Marks.of(["record_uuid", "A"])
    orders = table_of(NAME, marks, engines.NUMBER)
    quoted = named(dialect, NAME)
    numbering = engines.numbering(quoted, "") if read == "tsql" else ()
    own = engines.numbering(quoted, "id")[:1] if read == "tsql" else ()
    return [
        *engines.locking(dialect.name, quoted),
        *additions(dialect, quoted, marks),
        *numbering[:1],
        *own,
        str(engines.twins_asked(orders, engines.NUMBER).compile(dialect=dialect)),
        *engines.writing(dialect, orders, marks, engines.NUMBER),
        *numbering[1:],
        index_statement(dialect, orders, marks, ()),
        *([str(engines.identity_asked(quoted).compile(dialect=dialect))] if numbering else []),
    ]


@pytest.mark.parametrize("read", DIALECTS)
def test_statements_are_sql_of_their_engine(read: str) -> None:
    """Each parses as one statement in the words of its engine."""
    for statement in sent(read):
        (tree,) = sqlglot.parse(statement, read=read)
        assert tree is not None, statement


def test_sql_server_gets_what_its_like_take_too() -> None:
    """No MERGE, no hints, no ALTER COLUMN, no CREATE OR ALTER, no named defaults."""
    text = "\n".join(sent("tsql")).upper()
    for words in ("MERGE", "WITH (", "ALTER COLUMN", "CREATE OR ALTER", "CONSTRAINT", "DEFAULT"):
        assert words not in text
    trees = [tree for one in sent("tsql") for tree in sqlglot.parse(one, read="tsql")]
    assert not any(tree.find(exp.Merge, exp.WithTableHint) for tree in trees if tree)


def test_a_table_that_numbers_its_rows_is_locked_as_well() -> None:
    """A table takes one IDENTITY; another column of ours locks it as well."""
    assert engines.numbering("t", "") == (
        "ALTER TABLE t ADD customer_orders_row BIGINT IDENTITY(1,1) NOT NULL",
        "ALTER TABLE t DROP COLUMN customer_orders_row",
    )
    assert engines.numbering("t", "id") == (
        "ALTER TABLE t ADD customer_orders_row BIGINT NULL",
        "ALTER TABLE t DROP COLUMN customer_orders_row",
    )


@pytest.mark.parametrize(
    ("columns", "uuid", "missing"),
    [
        (["A"], "record_uuid", ("record_uuid", "row_hash")),
        (["A", "record_uuid"], "line_uuid", ("line_uuid", "row_hash")),
        (["A", "record_uuid", "row_hash"], "record_uuid", ()),
        (["A", "record_uuid", "line_uuid", "row_hash"], "line_uuid", ()),
        (["A", "record_uuid", "line_uuid"], "line_uuid", ("row_hash",)),
        (["A", "row_hash"], "record_uuid", ("record_uuid",)),
    ],
)
def test_names_of_the_columns(columns: list[str], uuid: str, missing: tuple[str, ...]) -> None:
    """A record_uuid without our row_hash is somebody else's."""
    marks = Marks.of(columns)
    assert (marks.uuid, marks.missing) == (uuid, missing)


def test_what_mends_a_table() -> None:
    """The statements that a check names."""
    assert missing_marks(["A"], "ORDERS", DIALECTS["sqlite"]) == [
        'ALTER TABLE "ORDERS" ADD record_uuid VARCHAR(36)',
        'ALTER TABLE "ORDERS" ADD row_hash VARCHAR(64)',
    ]
    assert missing_marks(["A"], "dbo.ORDERS", DIALECTS["tsql"]) == [
        "ALTER TABLE [dbo].[ORDERS] ADD record_uuid NVARCHAR(36) NULL",
        "ALTER TABLE [dbo].[ORDERS] ADD row_hash NVARCHAR(64) NULL",
    ]
    assert missing_marks(["record_uuid", "row_hash"], "ORDERS", DIALECTS["sqlite"]) == []


def test_an_index_gets_a_name_of_its_own() -> None:
    """Where the first one is taken, the next."""
    marks = Marks.of(["A"])
    orders = table_of("ORDERS", marks, "rowid")
    first = index_statement(DIALECTS["sqlite"], orders, marks, ())
    assert first == 'CREATE INDEX "record_uuid of ORDERS" ON "ORDERS" (record_uuid)'
    second = index_statement(DIALECTS["sqlite"], orders, marks, {"record_uuid of ORDERS"})
    assert '"record_uuid of ORDERS 2"' in second
