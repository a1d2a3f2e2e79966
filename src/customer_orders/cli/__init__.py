"""The command line: options, one pipeline call, text or JSON, an exit code."""

from customer_orders.cli.commands import main

__all__ = ["main"]
