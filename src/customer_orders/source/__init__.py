"""Reads order lines as Arrow, every cell as text, from databases and files. Read only."""

from customer_orders.source.read import OrderRows, read

__all__ = ["OrderRows", "read"]
