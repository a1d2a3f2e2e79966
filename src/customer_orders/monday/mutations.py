"""A planned operation as the mutation that carries it out: titles become ids here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from customer_orders.model import Board, BoardColumn, Cell
from customer_orders.monday.client import Mutation
from customer_orders.monday.values import encode
from customer_orders.plan import Action, Operation, Target

LABELLED = ("dropdown", "status")
#: What is sent -> the document that does it. A link sends nothing.
DOCUMENTS = {
    (Target.GROUP, Action.ENSURE_GROUP): "create_group",
    (Target.ITEM, Action.CREATE): "create_item",
    (Target.ITEM, Action.MOVE): "move_item",
    (Target.ITEM, Action.UPDATE): "change_values",
    (Target.SUBITEM, Action.CREATE): "create_subitem",
    (Target.SUBITEM, Action.UPDATE): "change_values",
    (Target.SUBITEM, Action.ZERO): "change_values",
}


def mutation(
    operation: Operation,
    board: Board,
    *,
    group_id: str | None,
    item_id: str | None,
    subitem_id: str | None,
) -> Mutation:
    """The mutation of an operation whose group, item or subitem exists where it needs one."""
    document = DOCUMENTS[operation.kind, operation.action]
    payload, columns, below = operation.payload, board.columns, board.subitem_columns
    values: dict[str, Any]
    match document, operation.kind:
        case "create_group", _:
            values = {"board": board.id, "title": payload["title"]}
        case "create_item", _:
            values = {"board": board.id, "group": _known(group_id), "name": payload["name"]}
            values |= _values(columns, payload["values"])
        case "move_item", _:
            values = {"item": _known(item_id), "group": _known(group_id)}
        case "create_subitem", _:
            values = {"parent": _known(item_id), "name": payload["name"]}
            values |= _values(below, payload["values"])
        case _, Target.SUBITEM:
            values = {"board": board.subitems_board, "item": _known(subitem_id)}
            values |= _values(below, payload["values"])
        case _:
            named = {"name": payload["name"]} if "name" in payload else {}
            values = {"board": board.id, "item": _known(item_id)}
            values |= _values(columns, payload.get("values", {}), named)
    return Mutation(document=document, variables=values)


def _values(
    columns: Mapping[str, BoardColumn],
    values: Mapping[str, Cell],
    named: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """`column_values` as the JSON-encoded string that monday wants, by column id.

    Labels are made only when one is missing: the flag is refused without the right to change the
    board's structure, even where nothing is missing (api.md 3).
    """
    encoded: dict[str, Any] = {columns[t].id: encode(columns[t], c) for t, c in values.items()}
    text = json.dumps({**encoded, **(named or {})}, ensure_ascii=False)
    return {"values": text, "make_labels": any(_missing(columns[t], c) for t, c in values.items())}


def _missing(column: BoardColumn, cell: Cell) -> bool:
    return cell is not None and column.type in LABELLED and cell not in column.labels


def _known(monday_id: str | None) -> str:
    if monday_id is None:
        raise ValueError("an operation was sent before what it depends on was made")
    return monday_id
