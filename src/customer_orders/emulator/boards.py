"""What can be done to items; groups and columns are in `structure.py`.

Nothing here knows GraphQL. Every method either does its whole work or raises ApiError and changes
nothing, but for labels: those that create_labels_if_missing made stay, even when a later value is
refused.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from customer_orders.emulator.errors import ApiError, invalid_argument, no_permission, not_found
from customer_orders.emulator.state import Board, Column, Group, Item
from customer_orders.emulator.trail import Trail
from customer_orders.emulator.values import write_value

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

    from customer_orders.emulator.clock import Clock
    from customer_orders.emulator.settings import Settings
    from customer_orders.emulator.state import State, User

NAME_LENGTH = 255
SUBITEMS_PER_ITEM = 100
_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


class Boards:
    """The boards of one account, and the only place that changes them."""

    def __init__(
        self, state: State, settings: Settings, clock: Clock, source: random.Random
    ) -> None:
        self.state = state
        self.clock = clock
        self.random = source
        self.trail = Trail(settings, clock)

    # Finding

    def board(self, board_id: str) -> Board:
        """An active classic board; the emulator does not answer for multi-level ones."""
        board = self.state.boards.get(str(board_id))
        if board is None or board.state == "deleted":
            message = "Board does not exist or you don't have access to it"
            raise ApiError(
                "InvalidBoardIdException", message, error_data={"board_id": str(board_id)}
            )
        if board.hierarchy_type != "classic":
            raise invalid_argument("the emulator does not write multi-level boards")
        return board

    def group(self, board: Board, group_id: str) -> Group:
        for group in board.groups:
            if group.id == group_id and group.state == "active":
                return group
        raise not_found("group", group_id)

    def item(self, item_id: str | None) -> Item:
        """An item that is not deleted; archived ones are found too."""
        item = self.state.items.get(str(item_id))
        if item is None or item.state == "deleted":
            raise not_found("item", item_id)
        return item

    def column(self, board: Board, column_id: str) -> Column:
        column = board.columns.get(column_id)
        if column is None or column.archived:
            raise ApiError(
                "InvalidColumnIdException",
                "This column ID doesn't exist for the board",
                error_data={"column_id": column_id, "board_id": board.id},
            )
        return column

    # Items

    def create_item(
        self,
        user: User,
        board: Board,
        name: str,
        values: Mapping[str, Any],
        *,
        group_id: str | None = None,
        create_labels: bool = False,
        relative: str | None = None,
        relative_to: str | None = None,
    ) -> Item:
        """Without a group the item goes to the top group; without a place to the group's end."""
        group = self.group(board, group_id) if group_id else self._top_group(board)
        place = self._place(group, relative, relative_to)
        item = self._new_item(user, board, group, name, values, create_labels)
        group.items.insert(place, item)
        return item

    def create_subitem(
        self, user: User, parent: Item, name: str, values: Mapping[str, Any], *, create_labels: bool
    ) -> Item:
        """A subitem stands on the subitems board, which has columns of its own."""
        self._must_be_active(parent)
        if parent.board.subitems_board is None:
            raise ApiError(
                "NoSubitemsColumnInThisBoard",
                "There is no subitems column in this board",
                error_data={"board_id": parent.board.id},
            )
        if sum(each.state == "active" for each in parent.subitems) >= SUBITEMS_PER_ITEM:
            raise items_limit(f"an item can have {SUBITEMS_PER_ITEM} subitems")
        board = self.board(parent.board.subitems_board)
        group = self._top_group(board)
        item = self._new_item(user, board, group, name, values, create_labels)
        item.parent = parent
        parent.subitems.append(item)
        group.items.append(item)
        return item

    def change_values(
        self, user: User, item: Item, values: Mapping[str, Any], *, create_labels: bool
    ) -> Item:
        """All columns or none; `name` is written like a column and cannot be cleared."""
        self._must_be_active(item)
        name = self._name(values["name"]) if "name" in values else item.name
        written = self._written(user, item.board, values, create_labels)
        self.trail.before_change(item)
        item.name = name
        for column_id, stored in written.items():
            if stored is None:
                item.values.pop(column_id, None)
            else:
                item.values[column_id] = stored
        item.updated_at = self.clock.now()
        return item

    def move_item(self, item: Item, group_id: str) -> Item:
        """Subitems stay with their parent and so go along."""
        self._must_be_active(item)
        group = self.group(item.board, group_id)
        if group is not item.group:
            self.trail.before_change(item)
            item.group.items.remove(item)
            group.items.append(item)
            item.group = group
            item.updated_at = self.clock.now()
        return item

    def retire_item(self, item: Item, state: str) -> Item:
        """Archives or deletes an item and its subitems."""
        for each in (item, *item.subitems):
            if each.state == "active":
                each.board.items_count -= 1
            if each.state in ("active", "archived"):
                each.state = state
                each.updated_at = self.clock.now()
        return item

    def duplicate_item(self, user: User, item: Item) -> Item:
        """The copy stands below the original, with copies of the subitems."""
        self._must_be_active(item)
        twin = self.copy_item(user, item, f"{item.name} (copy)"[:NAME_LENGTH], item.group)
        item.group.items.insert(item.group.items.index(item) + 1, twin)
        return twin

    # Parts

    def new_code(self) -> str:
        """Eight letters, as monday ends the ids of groups and columns."""
        return "".join(self.random.choices(_ALPHABET, k=8))

    def _new_item(
        self,
        user: User,
        board: Board,
        group: Group,
        name: str,
        values: Mapping[str, Any],
        create_labels: bool,
    ) -> Item:
        if board.items_limit is not None and board.items_count >= board.items_limit:
            raise items_limit(f"the board has reached its {board.items_limit} items")
        name = self._name(name)
        written = self._written(user, board, values, create_labels)
        now = self.clock.now()
        item = Item(
            id=self.state.new_id(),
            name=name,
            board=board,
            group=group,
            created_at=now,
            updated_at=now,
            creator_id=user.id,
            values={key: stored for key, stored in written.items() if stored is not None},
        )
        self.state.items[item.id] = item
        board.items_count += 1
        return item

    def _written(
        self, user: User, board: Board, values: Mapping[str, Any], create_labels: bool
    ) -> dict[str, Any]:
        # [OBS] without the right, the flag alone is refused, even when no label is missing.
        if create_labels:
            must_change_structure(user)
        columns = board.columns
        written = {}
        for column_id, raw in values.items():
            if column_id != "name":
                column = columns.get(column_id) or self.column(board, column_id)
                # The column's own id, not the request's copy of it: one string for all items.
                written[column.id] = write_value(column, raw, create_labels=create_labels)
        return written

    def copy_item(self, user: User, item: Item, name: str, group: Group) -> Item:
        twin = self._new_item(user, item.board, group, name, {}, create_labels=False)
        twin.values = copy.deepcopy(item.values)
        for each in [sub for sub in item.subitems if sub.state == "active"]:
            sub = self.copy_item(user, each, each.name, each.group)
            sub.parent = twin
            each.group.items.append(sub)
            twin.subitems.append(sub)
        return twin

    def _place(self, group: Group, relative: str | None, relative_to: str | None) -> int:
        """after_at alone is the top of the group, before_at alone its end."""
        if relative_to is None:
            return 0 if relative == "after_at" else len(group.items)
        other = self.item(relative_to)
        if other.group is not group:
            raise invalid_argument("relative_to is not in this group", relative_to=relative_to)
        return group.items.index(other) + (relative == "after_at")

    def _top_group(self, board: Board) -> Group:
        return next(group for group in board.groups if group.state == "active")

    def _name(self, name: Any) -> str:
        if not isinstance(name, str) or not name:
            raise ApiError("InvalidItemNameException", "Item name cannot be empty")
        if len(name) > NAME_LENGTH:
            raise ApiError(
                "ItemNameTooLongException",
                f"Item name exceeds the maximum length of {NAME_LENGTH} characters",
            )
        return name

    def _must_be_active(self, item: Item) -> None:
        if item.state != "active":
            raise ApiError(
                "ColumnValueException",
                "Cannot change column value for inactive items",
                error_data={
                    "item_id": item.id,
                    "column_validation_error_code": "inactiveItems",
                },
            )


def items_limit(why: str) -> ApiError:
    """ItemsLimitationException: the cap of a board or of an item's subitems."""
    return ApiError("ItemsLimitationException", f"Items limit exceeded: {why}")


def must_change_structure(user: User) -> None:
    """Labels, groups, columns and boards need the right to change a board's structure."""
    if not user.can_change_structure:
        raise no_permission()
