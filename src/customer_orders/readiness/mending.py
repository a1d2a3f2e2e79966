"""Statements that mend the source table, in the words of its engine, for whoever may run them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import DATE, INTEGER, Dialect, Text, Uuid
from sqlalchemy.dialects.mssql import NVARCHAR
from sqlalchemy.types import TypeEngine

from customer_orders.config import Settings, source_types
from customer_orders.databases import database_url
from customer_orders.stamp import missing_marks, named

TEXT = Text().with_variant(NVARCHAR(), "mssql")
TYPES: Mapping[str, TypeEngine[Any]] = {
    "INT": INTEGER(),
    "DATE": DATE(),
    "UNIQUEIDENTIFIER": Uuid(as_uuid=False),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Mending:
    """What mends a table."""

    #: With its schema, as the configuration has it.
    table: str
    dialect: Dialect

    @classmethod
    def of(cls, settings: Settings) -> Mending | None:
        """None where the source is a file or a query: those are mended elsewhere."""
        asked = settings.source
        if asked.url is None or asked.table is None:
            return None
        dialect = database_url(settings.database(asked.url)).get_dialect()()
        return cls(table=asked.table, dialect=dialect)

    def add(self, column: str) -> str:
        """Adds a column, of the type that the shipped list has for it."""
        kind = TYPES.get(source_types().get(column, ""), TEXT)
        written = kind.compile(dialect=self.dialect)
        return self._alter(f"ADD {self._quoted(column)} {written}")

    def rename(self, old: str, new: str) -> str:
        """Gives a column the name that is expected."""
        if self.dialect.name == "mssql":
            place = f"{named(self.dialect, self.table)}.{self._quoted(old)}".replace("'", "''")
            bare = new.replace("'", "''")
            return f"EXEC sp_rename N'{place}', N'{bare}', N'COLUMN'"
        return self._alter(f"RENAME COLUMN {self._quoted(old)} TO {self._quoted(new)}")

    def make_integer(self, column: str) -> str:
        """Makes a column of text one of integers; "" where the engine has no statement for it."""
        quoted = self._quoted(column)
        match self.dialect.name:
            case "postgresql":
                number = f"nullif(btrim({quoted}), '')::numeric::integer"
                return self._alter(f"ALTER COLUMN {quoted} TYPE INTEGER USING {number}")
            case "mssql":
                return self._alter(f"ALTER COLUMN {quoted} INT NULL")
        return ""

    def add_marks(self, columns: Collection[str]) -> list[str]:
        """What `deploy --source` would add."""
        return list(missing_marks(columns, self.table, self.dialect))

    def _alter(self, what: str) -> str:
        return f"ALTER TABLE {named(self.dialect, self.table)} {what}".replace("%%", "%")

    def _quoted(self, column: str) -> str:
        return self.dialect.identifier_preparer.quote_identifier(column)
