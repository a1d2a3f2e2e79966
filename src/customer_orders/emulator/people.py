"""Others at work while a program is: a person at the board, another program of the account."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from customer_orders.emulator.core import Monday
    from customer_orders.emulator.faults import Fault
    from customer_orders.emulator.state import Item


def happen(monday: Monday, event: Fault, kind: str, named: Sequence[str]) -> None:
    """Do what the rule says. `kind` and `named` are those of the request that set it off."""
    if event.kind == "other_program":
        monday.limits.spend(kind, event.complexity, event.calls)
        return
    item = _item(monday, event, named)
    if item is not None and item.state == "active":
        _act(monday, event, item)
        monday.changes += 1


def _item(monday: Monday, event: Fault, named: Sequence[str]) -> Item | None:
    """The item of the rule, else the one that the request writes, else any on a board."""
    items = monday.state.items
    if event.item is not None:
        return items.get(event.item)
    if named:
        return items.get(named[0])
    shown = [item for item in items.values() if item.state == "active" and item.parent is None]
    return monday.random.choice(shown) if shown else None


def _act(monday: Monday, event: Fault, item: Item) -> None:
    boards, person = monday.boards, monday.state.users[0]
    if event.act == "edit":
        values = event.values or {"name": f"{item.name} (edited)"}
        boards.change_values(person, item, values, create_labels=False)
    elif event.act == "move":
        others = [group.id for group in item.board.groups if group is not item.group]
        boards.move_item(item, event.group or monday.random.choice(others))
    elif event.act == "duplicate":
        boards.duplicate_item(person, item)
    else:
        boards.retire_item(item, "archived" if event.act == "archive" else "deleted")
