"""The ledger's statements as SQL Server would get them, parsed and looked through."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import sqlglot
from sqlalchemy import create_engine
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.ddl import DDLElement
from sqlglot import exp

from customer_orders.databases import database_url
from customer_orders.ledger.schema import SCHEMA

DIALECT = create_engine(database_url("mssql://user@host/db")).dialect
#: Of one statement, beside those that stand in it from the start.
MOST_PARAMETERS = 2_000
#: As SQLAlchemy writes them for the driver, and a list that is filled in when its values are there.
PARAMETER = re.compile(r"%\(\w+\)s|__\[POSTCOMPILE_\w+\]")
AGGREGATES = (exp.Sum, exp.Count, exp.Max, exp.Min)


def as_tsql(
    _connection: Any, statement: Any, many: Sequence[Any], one: Mapping[str, Any], _options: Any
) -> None:
    """Before a statement is executed elsewhere: fail where SQL Server would not take it."""
    if isinstance(statement, ClauseElement) and not isinstance(statement, DDLElement):
        assert sum(map(_bound, one.values())) < MOST_PARAMETERS, statement
        names = list(many[0] if many and isinstance(many[0], Mapping) else one)
        rendered = statement.compile(
            dialect=DIALECT,
            column_keys=names or None,
            schema_translate_map={None: SCHEMA},
            render_schema_translate=True,
        )
        look_through(str(rendered))


def _bound(value: Any) -> int:
    """How many parameters a value takes: one, or as many as a list has."""
    return len(value) if isinstance(value, list | tuple) else 1


@cache
def look_through(text: str) -> None:
    """Raise AssertionError for what is no T-SQL, or more than Babelfish takes."""
    statement = sqlglot.parse_one(PARAMETER.sub("?", text), dialect="tsql")
    assert list(faults(statement)) == [], text


def faults(statement: exp.Expression) -> Iterator[str]:
    """What parses and is refused all the same."""
    if isinstance(statement, exp.Merge):
        yield "MERGE"
    for limit in statement.find_all(exp.Limit):
        if not isinstance(limit.parent, exp.Select) or "TOP" not in limit.parent.sql("tsql"):
            yield "LIMIT"
    for compared in statement.find_all(exp.Is):
        if not isinstance(compared.expression, exp.Null):
            yield f"IS with something else than NULL: {compared}"
    for group in statement.find_all(exp.Group):
        if group.find(exp.Placeholder):
            yield f"GROUP BY with a parameter: {group}"
    for aggregate in statement.find_all(*AGGREGATES):
        if aggregate.find(exp.Select, exp.Exists):
            yield f"an aggregate over a sub-select: {aggregate}"
    for select in statement.find_all(exp.Select):
        for column in select.expressions:
            if isinstance(column.unalias(), exp.Exists | exp.Predicate | exp.Connector | exp.Not):
                yield f"a condition in the place of a column: {column}"
    if statement.find(exp.DPipe):
        yield "||"
