"""Reads order lines as Arrow, every cell as text, from databases and files. Read only."""

from customer_orders.source.read import OrderRows, column_names, read

__all__ = ["OrderRows", "column_names", "read"]
