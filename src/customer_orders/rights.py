"""The rights that a run needs and no more, as a script for a DBA. Nothing is granted from here."""

from __future__ import annotations

from sqlalchemy import URL, Dialect, MetaData, Table
from sqlalchemy.sql.elements import quoted_name

from customer_orders.config import Settings
from customer_orders.databases import database_url
from customer_orders.ledger import SCHEMA

READER, WRITER = "customer_orders_reader", "customer_orders_writer"
#: What the writer does with the rows of our tables.
DEEDS = "SELECT, INSERT, UPDATE, DELETE"
#: Where a table stands whose name has no schema.
USUAL_SCHEMA = {"postgresql": "public", "mssql": "dbo"}
LATER = "ALTER DEFAULT PRIVILEGES IN SCHEMA"
NO_ROLES = "-- {what}: {engine} knows no roles; who may use the file decides."
SWAPPED = "-- Whoever loads the table runs this too: a table that is made anew has lost its grants."


def script(settings: Settings) -> str:
    """Two roles: one that reads the source, one that writes to the ledger's schema.

    Each has its statements in the words of its engine. `deploy` itself needs more, once.
    """
    parts = [_ledger(database_url(settings.ledger_url)), _source(settings)]
    return "\n\n".join(parts) + "\n"


def _ledger(url: URL) -> str:
    head = f"-- The ledger, after `customer-orders deploy`: {_shown(url)}"
    match url.get_backend_name():
        case "postgresql":
            lines = [
                f"CREATE ROLE {WRITER} NOLOGIN;",
                f"GRANT USAGE ON SCHEMA {SCHEMA} TO {WRITER};",
                f"GRANT {DEEDS} ON ALL TABLES IN SCHEMA {SCHEMA} TO {WRITER};",
                f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {SCHEMA} TO {WRITER};",
                "-- From PostgreSQL 17 on, so that a large run may tell it to count (ANALYZE):",
                f"-- GRANT MAINTAIN ON ALL TABLES IN SCHEMA {SCHEMA} TO {WRITER};",
                "-- For tables of later versions, by the user who deploys them.",
                f"{LATER} {SCHEMA} GRANT {DEEDS} ON TABLES TO {WRITER};",
                f"{LATER} {SCHEMA} GRANT USAGE ON SEQUENCES TO {WRITER};",
            ]
        case "mssql":
            lines = [
                f"CREATE ROLE {WRITER};",
                f"GRANT {DEEDS} ON SCHEMA::{SCHEMA} TO {WRITER};",
            ]
        case engine:
            return NO_ROLES.format(what="The ledger", engine=engine)
    return "\n".join([head, *lines])


def _source(settings: Settings) -> str:
    if settings.source.url is None:
        return "-- The source is a file: who may read it decides."
    url = database_url(settings.database(settings.source.url))
    schema, table = _place(url.get_dialect()(), settings.source.table)
    head = f"-- The source: {_shown(url)}"
    match url.get_backend_name():
        case "postgresql":
            lines = [
                f"CREATE ROLE {READER} NOLOGIN;",
                f"GRANT USAGE ON SCHEMA {schema} TO {READER};",
                f"GRANT SELECT ON {table} TO {READER};",
                SWAPPED,
                f"{LATER} {schema} GRANT SELECT ON TABLES TO {READER};",
            ]
        case "mssql":
            lines = [
                f"CREATE ROLE {READER};",
                "-- On the schema: a table that is made anew has lost its grants.",
                f"GRANT SELECT ON SCHEMA::{schema} TO {READER};",
            ]
        case engine:
            return NO_ROLES.format(what="The source", engine=engine)
    return "\n".join([head, *lines])


def _place(dialect: Dialect, table: str | None) -> tuple[str, str]:
    """The quoted schema, and the quoted table in it; of a query, every table of the usual one."""
    usual = USUAL_SCHEMA.get(dialect.name, "")
    schema, _, bare = (table or "").rpartition(".")
    quoted = quoted_name(schema or usual, True)
    preparer = dialect.identifier_preparer
    if not bare:
        return preparer.quote(quoted), f"ALL TABLES IN SCHEMA {preparer.quote(quoted)}"
    orders = Table(quoted_name(bare, True), MetaData(), schema=quoted)
    # SQLAlchemy writes a per cent twice for its driver.
    return preparer.quote(quoted), preparer.format_table(orders).replace("%%", "%")


def _shown(url: URL) -> str:
    """Without its user, its password, and what stands behind the question mark."""
    place = URL.create(url.drivername, host=url.host, port=url.port, database=url.database)
    return place.render_as_string()
