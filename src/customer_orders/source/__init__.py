"""Reads order lines as Arrow, every cell as text, from databases and files. Read only."""

from customer_orders.source.columns import TEXT, nearest_name
from customer_orders.source.numbered import NumberedRows, numbered, table_kinds
from customer_orders.source.read import OrderRows, column_kinds, read

__all__ = [
    "TEXT",
    "NumberedRows",
    "OrderRows",
    "column_kinds",
    "nearest_name",
    "numbered",
    "read",
    "table_kinds",
]
