"""The two columns: what they are called in a table, which are missing, and what makes them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, Dialect, Index, MetaData, String, Table
from sqlalchemy.dialects.mssql import NVARCHAR
from sqlalchemy.schema import CreateIndex
from sqlalchemy.sql.elements import quoted_name
from sqlalchemy.types import TypeEngine

UUID, HASH = "record_uuid", "row_hash"
#: Ours where somebody else's record_uuid is there.
OTHER_UUID = "line_uuid"
#: Shortest name that every engine keeps whole.
LONGEST_NAME = 63


def _words(length: int) -> TypeEngine[str]:
    return String(length).with_variant(NVARCHAR(length), "mssql")


#: Both may be blank: a line that cannot be told has neither.
KINDS = {UUID: _words(36), OTHER_UUID: _words(36), HASH: _words(64)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Marks:
    """The columns as a table has them, or will."""

    #: Name of the column with record_uuid.
    uuid: str
    #: Columns that are not there yet.
    missing: tuple[str, ...]

    @property
    def present(self) -> list[str]:
        """Columns that are there."""
        return [name for name in (self.uuid, HASH) if name not in self.missing]

    @classmethod
    def of(cls, columns: Collection[str]) -> Marks:
        """By the names of a table's columns.

        Both columns are always added at once: a record_uuid without a row_hash is somebody else's.
        """
        theirs = OTHER_UUID in columns or (UUID in columns and HASH not in columns)
        uuid = OTHER_UUID if theirs else UUID
        return cls(uuid=uuid, missing=tuple(n for n in (uuid, HASH) if n not in columns))


def table_of(name: str, marks: Marks, place: str) -> Table:
    """The source table as far as it is written to: the two columns, and where a row stands."""
    schema, _, bare = name.rpartition(".")
    return Table(
        quoted_name(bare, True),
        MetaData(),
        Column(marks.uuid, KINDS[marks.uuid]),
        Column(HASH, KINDS[HASH]),
        Column(place, BigInteger()),
        schema=quoted_name(schema, True) if schema else None,
    )


def named(dialect: Dialect, table: str) -> str:
    """The table's quoted name."""
    schema, _, bare = table.rpartition(".")
    quoted = Table(
        quoted_name(bare, True), MetaData(), schema=quoted_name(schema, True) if schema else None
    )
    return dialect.identifier_preparer.format_table(quoted)


def additions(dialect: Dialect, table: str, marks: Marks) -> list[str]:
    """The statements that add what is missing to a quoted table, without the index."""
    quote, kinds = dialect.identifier_preparer.quote, dialect.type_compiler_instance
    null = " NULL" if dialect.name == "mssql" else ""
    return [
        f"ALTER TABLE {table} ADD {quote(name)} {kinds.process(KINDS[name])}{null}"
        for name in marks.missing
    ]


def index_statement(dialect: Dialect, orders: Table, marks: Marks, taken: Collection[str]) -> str:
    """The statement that makes the index; its name is one that nobody has."""
    wanted = f"{marks.uuid} of {orders.name}"[: LONGEST_NAME - 3]
    names = (wanted, *(f"{wanted} {n}" for n in range(2, 99)))
    name = next(name for name in names if name not in taken)
    index = Index(quoted_name(name, True), orders.c[marks.uuid])
    return str(CreateIndex(index).compile(dialect=dialect))


def missing_marks(columns: Collection[str], table: str, dialect: Dialect) -> Sequence[str]:
    """The statements that would mend a table without them; none where both are there."""
    return additions(dialect, named(dialect, table), Marks.of(columns))
