"""What the emulator holds, and the JSON in which it is seeded, saved and loaded.

One format serves as seed and as saved state. Everything but `boards` may be left out:

    {"account": {"id": "1", "name": "Emulated account", "slug": "emulated", "plan": "pro"},
     "users": [{"id": "1", "name": "Emulator", "email": "...", "token": "emulator-token",
                "can_change_structure": true}],
     "settings": {"plan": "pro", "index_lag_seconds": 0},
     "next_id": 1000000000,
     "boards": [
       {"id": "10", "name": "Orders", "description": null, "state": "active",
        "board_kind": "public", "hierarchy_type": "classic",
        "items_limit": 10000, "subitems_board": "11",
        "columns": [
          {"id": "size", "title": "Size", "type": "dropdown", "description": null,
           "archived": false, "revision": 1,
           "settings": {"labels": [{"id": 1, "label": "S", "is_deactivated": false}]}},
          {"id": "state", "title": "State", "type": "status",
           "settings": {"labels": [{"id": 1, "label": "Done", "index": 0, "color": 1,
                                    "is_done": true, "is_deactivated": false}]}}],
        "groups": [{"id": "topics", "title": "Group Title", "color": "#037f4c",
                    "state": "active"}],
        "items": [
          {"id": "100", "name": "A", "group": "topics", "state": "active", "creator_id": "1",
           "created_at": "2026-10-01T09:00:00Z", "updated_at": "2026-10-01T09:00:00Z",
           "parent": null, "values": {"size": [1], "state": 1, "qty": "5"}}]}]}

Short forms: a board needs `id` and `name`; a column `id`, `title`, `type` (the `name` column is
added); a board without groups gets one; a label may be its bare text, then its id is its place
(dropdown from 1, status from 0, leaving out 5, the blank); an item needs `name`. `plan` of the
account sets `settings.plan`. A subitem stands on the subitems board and names its `parent`. The
stored value of a cell is described in `values.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from customer_orders.emulator.clock import iso

#: Label id 5 of a status column is the blank one (reference/status.md).
BLANK_STATUS = 5
ITEMS_PER_BOARD = 10_000
FIRST_ID = 1_000_000_000
GROUP_COLOR = "#037f4c"
LABELLED = ("status", "dropdown")


@dataclass(kw_only=True)
class User:
    """Who sends requests; the token is how monday knows."""

    id: str
    name: str = "Emulator"
    email: str = "emulator@example.invalid"
    token: str = "emulator-token"  # noqa: S105 - opens the emulator only
    can_change_structure: bool = True

    def to_json(self) -> dict[str, Any]:
        return dict(vars(self))


@dataclass(kw_only=True)
class Account:
    """Whose boards these are."""

    id: str = "1"
    name: str = "Emulated account"
    slug: str = "emulated"
    plan: str = "pro"

    def to_json(self) -> dict[str, Any]:
        return dict(vars(self))


@dataclass(kw_only=True, slots=True)
class Label:
    """One allowed value of a status or dropdown column."""

    id: int
    label: str
    index: int = 0
    color: int = 0
    is_done: bool = False
    is_deactivated: bool = False


@dataclass(kw_only=True, eq=False)
class Column:
    """A column of a board. `settings` holds all but the labels, which have a room of their own."""

    id: str
    title: str
    type: str
    settings: dict[str, Any] = field(default_factory=dict)
    labels: dict[int, Label] = field(default_factory=dict)
    description: str | None = None
    archived: bool = False
    revision: int = 1
    #: Text to id, so that a write need not search.
    label_ids: dict[str, int] = field(default_factory=dict)

    def add_label(self, label: Label) -> None:
        self.labels[label.id] = label
        self.label_ids[label.label] = label.id

    def full_settings(self) -> dict[str, Any]:
        """`Column.settings` as 2025-10 gives it: labels is a list of objects."""
        if self.type not in LABELLED:
            return self.settings
        return {
            **self.settings,
            "labels": [self._label_json(each) for each in self.labels.values()],
        }

    def _label_json(self, label: Label) -> dict[str, Any]:
        small = {"id": label.id, "label": label.label, "is_deactivated": label.is_deactivated}
        if self.type == "dropdown":
            return small
        return {**small, "index": label.index, "color": label.color, "is_done": label.is_done}

    def settings_str(self) -> str:
        """The same settings in the older form: status labels by id, dropdown labels by `name`."""
        labels = self.labels.values()
        if self.type == "status":
            return json.dumps(
                {
                    "labels": {str(each.id): each.label for each in labels},
                    "labels_positions_v2": {str(each.id): each.index for each in labels},
                    "done_colors": [each.id for each in labels if each.is_done],
                }
            )
        if self.type == "dropdown":
            names = [{"id": each.id, "name": each.label} for each in labels]
            return json.dumps({**self.settings, "labels": names})
        return json.dumps(self.settings)

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "title": self.title,
            "type": self.type,
            "description": self.description,
            "archived": self.archived,
            "revision": self.revision,
            "settings": self.full_settings(),
        }


@dataclass(kw_only=True, eq=False, slots=True)
class Item:
    """An item or a subitem; the difference is `parent`."""

    id: str
    name: str
    board: Board
    group: Group
    created_at: float
    updated_at: float
    creator_id: str
    values: dict[str, Any] = field(default_factory=dict)
    state: str = "active"
    parent: Item | None = None
    subitems: list[Item] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "group": self.group.id,
            "state": self.state,
            "creator_id": self.creator_id,
            "created_at": iso(self.created_at),
            "updated_at": iso(self.updated_at),
            "parent": self.parent.id if self.parent else None,
            "values": self.values,
        }


@dataclass(kw_only=True, eq=False)
class Group:
    """A section of a board, with its items in the order shown."""

    id: str
    title: str
    board: Board
    color: str = GROUP_COLOR
    state: str = "active"
    items: list[Item] = field(default_factory=list)

    def active(self) -> Iterator[Item]:
        """The active items in the order shown."""
        return (item for item in self.items if item.state == "active")

    def to_json(self) -> dict[str, Any]:
        return {"id": self.id, "title": self.title, "color": self.color, "state": self.state}


@dataclass(kw_only=True, eq=False)
class Board:
    """A board. Its subitems stand on a board of their own (classic hierarchy)."""

    id: str
    name: str
    description: str | None = None
    state: str = "active"
    board_kind: str = "public"
    hierarchy_type: str = "classic"
    items_limit: int | None = ITEMS_PER_BOARD
    subitems_board: str | None = None
    #: True for the hidden board that holds another board's subitems.
    holds_subitems: bool = False
    created_at: float = 0.0
    updated_at: float = 0.0
    columns: dict[str, Column] = field(default_factory=dict)
    groups: list[Group] = field(default_factory=list)
    #: Active items only, as `Board.items_count` counts.
    items_count: int = 0

    def items(self) -> Iterator[Item]:
        """The active items, group by group in the order shown."""
        for group in self.groups:
            if group.state == "active":
                yield from group.active()

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "state": self.state,
            "board_kind": self.board_kind,
            "hierarchy_type": self.hierarchy_type,
            "items_limit": self.items_limit,
            "subitems_board": self.subitems_board,
            "created_at": iso(self.created_at),
            "updated_at": iso(self.updated_at),
            "columns": [column.to_json() for column in self.columns.values()],
            "groups": [group.to_json() for group in self.groups],
            "items": [item.to_json() for group in self.groups for item in group.items],
        }


@dataclass(kw_only=True)
class State:
    """Everything that lasts."""

    account: Account = field(default_factory=Account)
    users: list[User] = field(default_factory=list)
    boards: dict[str, Board] = field(default_factory=dict)
    #: Every item of every board by id, archived and deleted ones included.
    items: dict[str, Item] = field(default_factory=dict)
    last_id: int = FIRST_ID

    def new_id(self) -> str:
        self.last_id += 1
        return str(self.last_id)

    def head(self) -> dict[str, Any]:
        """All but the boards."""
        return {
            "account": self.account.to_json(),
            "users": [user.to_json() for user in self.users],
            "next_id": self.last_id + 1,
        }

    def to_json(self) -> dict[str, Any]:
        return {**self.head(), "boards": [board.to_json() for board in self.boards.values()]}
