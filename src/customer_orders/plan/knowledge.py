"""What is known before planning: by the ledger, and by looks at the live boards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from customer_orders.model import Cell, DeliveredItem
from customer_orders.plan.operations import Action, Operation


@dataclass(frozen=True, kw_only=True)
class Knowledge:
    """What is known before planning: the ledger, the live boards, and the look-ups."""

    #: record_uuid -> item as it was delivered.
    delivered: Mapping[str, DeliveredItem]
    #: record_uuid -> item read from the board under our key, where a create was to be planned.
    found: Mapping[str, DeliveredItem] = field(default_factory=dict)
    #: Board id -> title -> id of the groups that need not be made.
    groups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    #: (target, action) -> payload text of operations that monday refused.
    refused: Mapping[tuple[str, str], str] = field(default_factory=dict)
    #: record_uuid -> title -> value of single cells that monday refused.
    refused_cells: Mapping[str, Mapping[str, Cell]] = field(default_factory=dict)
    #: Lines with operations whose outcome is not known.
    unsettled: frozenset[str] = frozenset()
    #: Columns that are written when an item is made, and never again.
    set_once: frozenset[str] = frozenset()
    #: Columns that are left alone where a person changed them.
    keep_board_edits: frozenset[str] = frozenset()
    #: What becomes of a size that is no longer ordered.
    size_gone: Action = Action.ZERO
    #: Titles of the subitem columns: size and quantity.
    size_column: str = "Size"
    quantity_column: str = "Order Qty"

    def refuses(self, operation: Operation) -> bool:
        """Whether monday refused the same payload for the same target, and would again."""
        refused = self.refused.get((operation.target, operation.action))
        return refused is not None and refused == operation.payload_text
