"""A planned operation as the mutation that carries it out: titles become ids here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from customer_orders.model import LABELLED, Board, BoardColumn, Cell
from customer_orders.monday.client import Mutation
from customer_orders.monday.values import encode
from customer_orders.plan import Action, Operation, Target

#: What is sent -> the document that does it. A link sends nothing.
DOCUMENTS = {
    (Target.GROUP, Action.ENSURE_GROUP): "create_group",
    (Target.ITEM, Action.CREATE): "create_item",
    (Target.ITEM, Action.MOVE): "move_item",
    (Target.ITEM, Action.UPDATE): "change_values",
    (Target.SUBITEM, Action.CREATE): "create_subitem",
    (Target.SUBITEM, Action.UPDATE): "change_values",
    (Target.SUBITEM, Action.ZERO): "change_values",
    (Target.ITEM, Action.ARCHIVE): "archive_item",
    (Target.SUBITEM, Action.ARCHIVE): "archive_item",
    (Target.SUBITEM, Action.DELETE): "delete_item",
    (Target.COPY, Action.ARCHIVE): "archive_item",
    (Target.COPY, Action.UPDATE): "change_values",
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
        case "archive_item" | "delete_item", kind:
            gone = {Target.ITEM: item_id, Target.SUBITEM: subitem_id}
            values = {"item": _known(gone.get(kind, payload.get("monday_id")))}
        case _, Target.COPY:
            where = board.subitems_board if operation.below else board.id
            values = {"board": where, "item": payload["monday_id"]}
            values |= _values(below if operation.below else columns, payload["values"])
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
    board's structure, even where nothing is missing.
    """
    encoded: dict[str, Any] = {columns[t].id: encode(columns[t], c) for t, c in values.items()}
    text = json.dumps({**encoded, **(named or {})}, ensure_ascii=False)
    return {"values": text, "make_labels": any(_new(columns, values))}


def new_labels(operation: Operation, board: Board) -> list[str]:
    """Titles of the columns in which the operation makes a label."""
    columns = board.subitem_columns if operation.below else board.columns
    return list(_new(columns, operation.payload.get("values", {})))


def _new(columns: Mapping[str, BoardColumn], values: Mapping[str, Cell]) -> Iterator[str]:
    for title, cell in values.items():
        column = columns[title]
        if cell is not None and column.type in LABELLED and cell not in column.labels:
            yield title


def _known(monday_id: str | None) -> str:
    if monday_id is None:
        raise ValueError("an operation was sent before what it depends on was made")
    return monday_id
