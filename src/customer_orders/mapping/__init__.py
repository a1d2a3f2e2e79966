"""What the board should show of an order line: cells, names, groups, sizes, findings. Pure."""

from customer_orders.mapping.labels import fit_labels
from customer_orders.mapping.render import render, render_all
from customer_orders.mapping.rules import Rules, hashed_columns, needed_columns
from customer_orders.mapping.sizes import size_order
from customer_orders.mapping.targets import check_targets, subitem_targets, target_faults

__all__ = [
    "Rules",
    "check_targets",
    "fit_labels",
    "hashed_columns",
    "needed_columns",
    "render",
    "render_all",
    "size_order",
    "subitem_targets",
    "target_faults",
]
