"""What is known before planning: by the ledger, and by looks at the live boards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from customer_orders.model import Cell, DeliveredItem
from customer_orders.plan.operations import Action, Operation


@dataclass(frozen=True, kw_only=True, slots=True)
class Surplus:
    """A second item, or a second subitem of one size, that bears a key of ours."""

    monday_id: str
    name: str
    #: None for an item.
    size: str | None
    #: Title of the column with the key, or with the size, and what stands there.
    column: str
    key: str
    #: Whether it is ours and empty in all that belongs to others.
    spare: bool


@dataclass(frozen=True, kw_only=True)
class Knowledge:
    """What is known before planning: the ledger, the live boards, and the look-ups."""

    #: record_uuid -> item as it was delivered.
    delivered: Mapping[str, DeliveredItem]
    #: record_uuid -> item read from the board, where something was to be made or might be edited.
    found: Mapping[str, DeliveredItem] = field(default_factory=dict)
    #: Whether the whole boards were read: what is not in `found` does not stand there.
    whole_boards: bool = False
    #: record_uuid -> what stands there beside its item, where the whole boards were read.
    surplus: Mapping[str, Sequence[Surplus]] = field(default_factory=dict)
    #: Items under a key that no line has, where the whole boards were read.
    foreign: Sequence[DeliveredItem] = ()
    #: Lines whose refusals do not count, because an operator asked to try again.
    lifted: frozenset[str] = frozenset()
    #: Board id -> title -> id of the groups that need not be made.
    groups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    #: (target, action) -> payload text of operations that monday refused.
    refused: Mapping[tuple[str, str], str] = field(default_factory=dict)
    #: record_uuid -> title -> value of single cells that monday refused.
    refused_cells: Mapping[str, Mapping[str, Cell]] = field(default_factory=dict)
    #: Lines with operations whose outcome is not known: nothing is planned for them.
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
        if operation.record_uuid in self.lifted:
            return False
        refused = self.refused.get((operation.target, operation.action))
        return refused is not None and refused == operation.payload_text

    def with_found(self, found: Mapping[str, DeliveredItem]) -> Knowledge:
        """With what a look at the board found where something was to be made.

        An item under the key of a line without one is that line's now, whatever it was made for:
        the line that the ledger has it for waits for the next run, which makes it anew.
        """
        taken = {item.monday_id for line, item in found.items() if line not in self.delivered}
        waits = {line for line, item in self.delivered.items() if item.monday_id in taken}
        unsettled = self.unsettled if self.whole_boards else self.unsettled | waits
        return replace(self, found={**found, **self.found}, unsettled=unsettled)
