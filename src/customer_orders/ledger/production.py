"""The production rows: what stands on the boards, as it was last confirmed or read."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Table, Update, bindparam, delete, select, update

from customer_orders.ledger.bulk import fill
from customer_orders.ledger.rows import chunks, to_json
from customer_orders.ledger.schema import board_group, item, subitem
from customer_orders.plan import Operation, Target


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """What an operation left on the board."""

    planned: Operation
    monday_id: str
    #: What was sent, or what was read, in the shape of a payload.
    payload: Mapping[str, Any]
    #: Whether it was found there, so that it may have been somebody else's until now.
    found: bool


def put(connection: Connection, shown: Sequence[Shown]) -> None:
    """Write what stands there now; of a copy there is nothing to write."""
    rooms = ((Target.GROUP, _groups), (Target.ITEM, _items), (Target.SUBITEM, _subitems))
    for kind, write in rooms:
        if of_kind := [each for each in shown if each.planned.kind is kind]:
            write(connection, of_kind)


def displace(connection: Connection, shown: Sequence[Shown]) -> list[str]:
    """Forget what stood for another key: a person wrote the new one into it. Returns the lines."""
    lines: set[str] = set()
    for kind, table in ((Target.ITEM, item), (Target.SUBITEM, subitem)):
        names = [column.name for column in table.primary_key]
        found = {s.monday_id: s.planned for s in shown if s.found and s.planned.kind is kind}
        for chunk in chunks(sorted(found)):
            standing = connection.execute(select(table).where(table.c.monday_id.in_(chunk))).all()
            for row in standing:
                planned = found[row.monday_id]
                if any(getattr(row, name) != getattr(planned, name) for name in names):
                    connection.execute(delete(table).where(table.c.monday_id == row.monday_id))
                    lines.add(row.record_uuid)
    return sorted(lines)


def forget(connection: Connection, removed: Sequence[Operation]) -> None:
    """What these operations took off the board stands nowhere any more."""
    for planned in (each for each in removed if each.kind is not Target.COPY):
        of_line = subitem.c.record_uuid == planned.record_uuid
        if planned.kind is Target.SUBITEM:
            of_line &= subitem.c.size == planned.size
        else:
            connection.execute(delete(item).where(item.c.record_uuid == planned.record_uuid))
        connection.execute(delete(subitem).where(of_line))


def _groups(connection: Connection, shown: Sequence[Shown]) -> None:
    keys = [(each.planned.board, each.planned.group) for each in shown]
    rows = [
        {"board": board, "title": title, "monday_id": each.monday_id}
        for (board, title), each in zip(keys, shown, strict=True)
    ]
    _put(connection, board_group, rows, _standing(connection, board_group, keys))


def _items(connection: Connection, shown: Sequence[Shown]) -> None:
    standing = _standing(connection, item, [(each.planned.record_uuid,) for each in shown])
    rows = []
    for each in shown:
        planned, payload = each.planned, each.payload
        row = standing.get((planned.record_uuid,))
        known = {"group": row.group_title, "name": row.name} if row else {}
        rows.append(
            {
                "record_uuid": planned.record_uuid,
                "monday_id": each.monday_id,
                "board": planned.board,
                "group_title": payload.get("group") or known["group"],
                "name": payload.get("name") or known["name"],
                "delivered": _delivered(None if planned.begins else row, payload),
            }
        )
    _put(connection, item, rows, standing)
    # Below an item that is new to the ledger nothing is known yet.
    for chunk in chunks([each.planned.record_uuid for each in shown if each.planned.begins]):
        connection.execute(delete(subitem).where(subitem.c.record_uuid.in_(chunk)))


def _subitems(connection: Connection, shown: Sequence[Shown]) -> None:
    keys = [(each.planned.record_uuid, each.planned.size) for each in shown]
    standing = _standing(connection, subitem, keys)
    rows = [
        {
            "record_uuid": record_uuid,
            "size": size,
            "monday_id": each.monday_id,
            "delivered": _delivered(standing.get((record_uuid, size)), each.payload),
        }
        for (record_uuid, size), each in zip(keys, shown, strict=True)
    ]
    _put(connection, subitem, rows, standing)


def _standing(
    connection: Connection, table: Table, keys: Collection[tuple[str | None, ...]]
) -> dict[tuple[str | None, ...], Row[Any]]:
    """The rows that stand under these keys; no engine has to compare pairs."""
    names = [column.name for column in table.primary_key]
    first = table.c.title if table is board_group else table.c.record_uuid
    place = names.index(first.name)
    found: dict[tuple[str | None, ...], Row[Any]] = {}
    for chunk in chunks(sorted({key[place] or "" for key in keys})):
        for row in connection.execute(select(table).where(first.in_(chunk))):
            found[tuple(getattr(row, name) for name in names)] = row
    return found


def _put(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    standing: Collection[tuple[str | None, ...]],
) -> None:
    """Insert the rows whose key does not stand yet and update the others, in any engine's words."""
    names = [column.name for column in table.primary_key]
    there = [tuple(row[name] for name in names) in standing for row in rows]
    new = [row for row, stands in zip(rows, there, strict=True) if not stands]
    old = [row for row, stands in zip(rows, there, strict=True) if stands]
    fill(connection, table, new)
    if old:
        connection.execute(_updating(table), [_as_parameters(row, names) for row in old])


@cache
def _updating(table: Table) -> Update:
    """The UPDATE of one row by its key; a key column's parameter is called `of_` and its name."""
    return update(table).where(*(c == bindparam(f"of_{c.name}") for c in table.primary_key))


def _as_parameters(row: Mapping[str, Any], keys: Collection[str]) -> dict[str, Any]:
    return {f"of_{name}" if name in keys else name: value for name, value in row.items()}


def _delivered(row: Row[Any] | None, payload: Mapping[str, Any]) -> str:
    """The values that stood there, with those of the payload over them."""
    known = json.loads(row.delivered) if row else {}
    return to_json(known | dict(payload.get("values", {})))
