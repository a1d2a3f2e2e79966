"""What a ledger's database lacks is named, with the statement that makes it."""

from __future__ import annotations

from books import Books
from sqlalchemy import text

from customer_orders.ledger import shape
from customer_orders.ledger.database import schema_of


def test_what_is_there_is_all_that_is_needed(books: Books) -> None:
    """After deploy nothing is missing."""
    assert shape.differences(books.ledger) == []


def test_a_column_and_a_table_that_somebody_dropped(books: Books) -> None:
    """Both are named, and their statements mend them."""
    with books.ledger.transaction() as connection:
        schema = schema_of(connection.dialect.name)
        place = f"{schema}." if schema else ""
        connection.execute(text(f"alter table {place}operation drop column missing_labels"))
        connection.execute(text(f"drop table {place}price"))
    found = shape.differences(books.ledger)
    named = {each.what for each in found}
    assert named == {"the column operation.missing_labels", "the table price"}
    with books.ledger.transaction() as connection:
        for each in found:
            connection.exec_driver_sql(each.statement)
    assert shape.differences(books.ledger) == []
