"""Reads the JSON of `state.py` into a State; the short forms are filled in here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from customer_orders.emulator.clock import epoch
from customer_orders.emulator.state import (
    BLANK_STATUS,
    FIRST_ID,
    LABELLED,
    Account,
    Board,
    Column,
    Group,
    Item,
    Label,
    State,
    User,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

TOKEN_PREFIX = "emulator-"  # noqa: S105 - a prefix, not a secret


def load_state(data: Mapping[str, Any], now: float) -> State:
    """A State from its JSON; `now` dates what carries no date."""
    state = State(account=Account(**data.get("account", {})))
    state.users = [User(**each) for each in data.get("users") or [{"id": "1"}]]
    if bad := [user.id for user in state.users if not user.token.startswith(TOKEN_PREFIX)]:
        raise ValueError(f"the tokens of users {bad} must start with {TOKEN_PREFIX!r}")
    state.last_id = int(data.get("next_id", FIRST_ID + 1)) - 1
    hidden = {str(each.get("subitems_board")) for each in data.get("boards", [])}
    for each in data.get("boards", []):
        board = read_board(each, now, holds_subitems=str(each["id"]) in hidden)
        state.boards[board.id] = board
    _join_subitem_boards(state)
    for each in data.get("boards", []):
        _read_items(state, state.boards[str(each["id"])], each.get("items", []), now)
    _join_subitems(state, data)
    return state


def read_board(data: Mapping[str, Any], now: float, *, holds_subitems: bool = False) -> Board:
    """A board with its columns and groups, without items."""
    plain = {
        name: data[name]
        for name in ("description", "state", "board_kind", "hierarchy_type", "items_limit")
        if name in data
    }
    if holds_subitems:
        # The cap of 10,000 is documented for items; for subitems it is 100 an item.
        plain.setdefault("items_limit", None)
    board = Board(id=str(data["id"]), name=data["name"], holds_subitems=holds_subitems, **plain)
    if data.get("subitems_board") is not None:
        board.subitems_board = str(data["subitems_board"])
    board.created_at = epoch(data["created_at"]) if "created_at" in data else now
    board.updated_at = epoch(data["updated_at"]) if "updated_at" in data else now
    columns = [read_column(each) for each in data.get("columns", [])]
    if not any(column.type == "name" for column in columns):
        columns.insert(0, Column(id="name", title="Name", type="name"))
    board.columns = {column.id: column for column in columns}
    for each in data.get("groups") or [{"id": "topics", "title": "Group Title"}]:
        board.groups.append(Group(board=board, **each))
    return board


def read_column(data: Mapping[str, Any]) -> Column:
    """A column; labels move from its settings into their own table."""
    settings = dict(data.get("settings") or {})
    labels = settings.pop("labels", []) if data["type"] in LABELLED else []
    column = Column(
        id=data["id"],
        title=data["title"],
        type=data["type"],
        settings=settings,
        description=data.get("description"),
        archived=data.get("archived", False),
        revision=int(data.get("revision", 1)),
    )
    for each in labels:
        column.add_label(_read_label(column, each))
    return column


def _read_label(column: Column, data: str | Mapping[str, Any]) -> Label:
    if isinstance(data, str):
        data = {"label": data}
    label_id = data.get("id", free_label_id(column))
    return Label(
        id=int(label_id),
        label=data["label"],
        index=data.get("index", len(column.labels)),
        color=data.get("color", int(label_id)),
        is_done=data.get("is_done", False),
        is_deactivated=data.get("is_deactivated", False),
    )


def free_label_id(column: Column) -> int:
    """The id of the next new label: one above the last; a status never gets the blank one's."""
    if column.type == "dropdown":
        return max(column.labels, default=0) + 1
    label_id = max(column.labels, default=-1) + 1
    return label_id + 1 if label_id == BLANK_STATUS else label_id


def _join_subitem_boards(state: State) -> None:
    """A subtasks column and its board belong together; its settings name the board."""
    for board in state.boards.values():
        below = board.subitems_board
        if below is not None and below not in state.boards:
            raise ValueError(f"board {board.id} names a missing subitems_board")
        for column in board.columns.values():
            if column.type == "subtasks" and below is not None:
                column.settings.setdefault("boardIds", [int(below)])
            elif column.type == "subtasks" and board.hierarchy_type == "classic":
                raise ValueError(f"board {board.id} has a subtasks column but no subitems_board")


def _read_items(state: State, board: Board, rows: list[Any], now: float) -> None:
    groups = {group.id: group for group in board.groups}
    for row in rows:
        group = groups[row["group"]] if "group" in row else board.groups[0]
        item = Item(
            id=str(row.get("id") or state.new_id()),
            name=row["name"],
            board=board,
            group=group,
            created_at=epoch(row["created_at"]) if "created_at" in row else now,
            updated_at=epoch(row["updated_at"]) if "updated_at" in row else now,
            creator_id=str(row.get("creator_id", state.users[0].id)),
            values=dict(row.get("values", {})),
            state=row.get("state", "active"),
        )
        group.items.append(item)
        state.items[item.id] = item
        state.last_id = max(state.last_id, int(item.id))
        board.items_count += item.state == "active"


def _join_subitems(state: State, data: Mapping[str, Any]) -> None:
    for board in data.get("boards", []):
        for row in board.get("items", []):
            if row.get("parent") is not None and row.get("id") is not None:
                item, parent = state.items[str(row["id"])], state.items[str(row["parent"])]
                item.parent = parent
                parent.subitems.append(item)
