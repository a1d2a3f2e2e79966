"""`python -m customer_orders`: the command without its entry point."""

from customer_orders.cli import main

main()
