"""A planned operation as the mutation that carries it out: titles become ids here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from customer_orders.model import Board, BoardColumn, Cell
from customer_orders.monday.client import Mutation
from customer_orders.monday.values import encode
from customer_orders.plan import Action, Operation, Target

LABELLED = ("dropdown", "status")


def mutation(
    operation: Operation,
    board: Board,
    *,
    group_id: str | None,
    item_id: str | None,
    subitem_id: str | None,
) -> Mutation:
    """The mutation of an operation whose group, item or subitem exists where it needs one."""
    payload = operation.payload
    match operation.kind, operation.action:
        case Target.GROUP, Action.ENSURE_GROUP:
            return Mutation(
                document="create_group", variables={"board": board.id, "title": payload["title"]}
            )
        case Target.ITEM, Action.CREATE:
            placed = {"board": board.id, "group": _known(group_id), "name": payload["name"]}
            return Mutation(
                document="create_item",
                variables=placed | _values(board.columns, payload["values"]),
            )
        case Target.ITEM, Action.MOVE:
            return Mutation(
                document="move_item",
                variables={"item": _known(item_id), "group": _known(group_id)},
            )
        case Target.ITEM, Action.UPDATE:
            named = {"name": payload["name"]} if "name" in payload else {}
            return Mutation(
                document="change_values",
                variables={"board": board.id, "item": _known(item_id)}
                | _values(board.columns, payload.get("values", {}), named),
            )
        case Target.SUBITEM, Action.CREATE:
            return Mutation(
                document="create_subitem",
                variables={"parent": _known(item_id), "name": payload["name"]}
                | _values(board.subitem_columns, payload["values"]),
            )
        case Target.SUBITEM, Action.UPDATE | Action.ZERO:
            return Mutation(
                document="change_values",
                variables={"board": board.subitems_board, "item": _known(subitem_id)}
                | _values(board.subitem_columns, payload["values"]),
            )
        case Target.ITEM | Target.SUBITEM as kind, Action.ARCHIVE | Action.DELETE as action:
            gone = subitem_id if kind is Target.SUBITEM else item_id
            return Mutation(document=f"{action}_item", variables={"item": _known(gone)})
        case Target.COPY, Action.ARCHIVE:
            return Mutation(document="archive_item", variables={"item": payload["monday_id"]})
        case Target.COPY, Action.UPDATE:
            where = board.subitems_board if operation.below else board.id
            columns = board.subitem_columns if operation.below else board.columns
            return Mutation(
                document="change_values",
                variables={"board": where, "item": payload["monday_id"]}
                | _values(columns, payload["values"]),
            )
        case kind, action:
            raise ValueError(f"nothing is sent to {action} a {kind}")


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
