"""Reads order lines as Arrow, every cell as text, from databases and files. Read only."""

from customer_orders.source.numbered import NumberedRows, numbered, table_kinds
from customer_orders.source.read import OrderRows, column_names, read

__all__ = ["NumberedRows", "OrderRows", "column_names", "numbered", "read", "table_kinds"]
