"""What can be done to groups, columns and boards; all of it needs a right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from customer_orders.emulator.boards import must_change_structure
from customer_orders.emulator.errors import ApiError, invalid_argument
from customer_orders.emulator.seed import free_label_id, read_board, read_column
from customer_orders.emulator.state import BLANK_STATUS, GROUP_COLOR, Board, Column, Group

if TYPE_CHECKING:
    from collections.abc import Mapping

    from customer_orders.emulator.boards import Boards
    from customer_orders.emulator.state import User

COLUMNS_PER_BOARD = 1_000


class Structure:
    """The shape of boards: their groups and their columns."""

    def __init__(self, boards: Boards) -> None:
        self.boards = boards

    def create_group(
        self,
        user: User,
        board: Board,
        title: str,
        color: str | None,
        relative: str | None,
        relative_to: str | None,
    ) -> Group:
        """A new group is the top one; `before_at` alone puts it last (n8n, verified live)."""
        must_change_structure(user)
        group = Group(
            id="group_" + self.boards.new_code(),
            title=title,
            board=board,
            color=color or GROUP_COLOR,
        )
        if relative_to is None:
            place = len(board.groups) if relative == "before_at" else 0
        else:
            place = board.groups.index(self.boards.group(board, relative_to)) + (
                relative == "after_at"
            )
        board.groups.insert(place, group)
        return group

    def update_group(self, user: User, group: Group, attribute: str, value: str) -> Group:
        must_change_structure(user)
        if attribute == "title":
            group.title = value
        elif attribute == "color":
            group.color = value
        else:
            self._move_group(group, attribute, value)
        return group

    def retire_group(self, user: User, group: Group, state: str) -> Group:
        """Archives or deletes a group and its items; the last group cannot be deleted."""
        must_change_structure(user)
        if sum(each.state == "active" for each in group.board.groups) == 1:
            raise ApiError(
                "DeleteLastGroupException",
                "Cannot delete the last group on a board",
                status_code=409,
                error_data={"board_id": group.board.id},
            )
        for item in group.items:
            self.boards.retire_item(item, state)
        group.state = state
        return group

    def duplicate_group(
        self, user: User, group: Group, title: str | None, *, to_top: bool
    ) -> Group:
        must_change_structure(user)
        twin = Group(
            id="group_" + self.boards.new_code(),
            title=title or f"Duplicate of {group.title}",
            board=group.board,
            color=group.color,
        )
        for item in [each for each in group.items if each.state == "active"]:
            twin.items.append(self.boards.copy_item(user, item, item.name, twin))
        group.board.groups.insert(0 if to_top else group.board.groups.index(group) + 1, twin)
        return twin

    # Boards and columns

    def create_board(self, user: User, name: str, kind: str, description: str | None) -> Board:
        must_change_structure(user)
        data = {
            "id": self.boards.state.new_id(),
            "name": name,
            "board_kind": kind,
            "description": description,
        }
        board = read_board(data, self.boards.clock.now())
        self.boards.state.boards[board.id] = board
        return board

    def retire_board(self, user: User, board: Board, state: str) -> Board:
        must_change_structure(user)
        board.state = state
        return board

    def create_column(
        self,
        user: User,
        board: Board,
        column_type: str,
        title: str,
        settings: Mapping[str, Any],
        *,
        column_id: str | None = None,
        description: str | None = None,
        after: str | None = None,
    ) -> Column:
        """A subtasks column brings the hidden board for the subitems with it."""
        must_change_structure(user)
        if len(board.columns) >= COLUMNS_PER_BOARD:
            raise invalid_argument(f"a board can have {COLUMNS_PER_BOARD} columns")
        column_id = column_id or f"{column_type}_{self.boards.new_code()}"
        if column_id in board.columns:
            raise invalid_argument("a column with this id already exists", column_id=column_id)
        data = {"id": column_id, "title": title, "type": column_type, "settings": settings}
        column = read_column({**data, "description": description})
        ids = list(board.columns)
        ids.insert(ids.index(after) + 1 if after in board.columns else len(ids), column_id)
        board.columns[column_id] = column
        board.columns = {each: board.columns[each] for each in ids}
        if column_type == "subtasks" and board.subitems_board is None:
            self._add_subitems_board(board, column)
        return column

    def delete_column(self, user: User, column: Column) -> Column:
        must_change_structure(user)
        if column.type == "name":
            raise invalid_argument("the name column cannot be deleted", column_id=column.id)
        column.archived = True
        return column

    def update_column(
        self,
        user: User,
        column: Column,
        changes: Mapping[str, Any],
        *,
        revision: str | None = None,
    ) -> Column:
        """Title, description, settings; a stale `revision` is refused (typed columns, 2025-10)."""
        must_change_structure(user)
        if revision is not None and revision != str(column.revision):
            raise ApiError(
                "REVISION_MISMATCH",
                "The column was changed since its revision was read",
                status_code=409,
                error_data={"column_id": column.id, "revision": str(column.revision)},
            )
        if changes.get("settings"):
            self._replace_settings(column, changes["settings"])
        column.title = changes.get("title") or column.title
        column.description = changes.get("description") or column.description
        column.revision += 1
        return column

    def _replace_settings(self, column: Column, settings: Mapping[str, Any]) -> None:
        """The list of labels is replaced: by one deletion at most, or by additions."""
        labels, spare = [], free_label_id(column)
        for each in settings.get("labels") or ():
            known = each.get("id", column.label_ids.get(each["label"]))
            # A new label gets an id of its own, or the cells of another one would change.
            labels.append({**each, "id": spare if known is None else known})
            spare += known is None
            spare += column.type == "status" and spare == BLANK_STATUS
        wanted = {int(each["id"]) for each in labels}
        gone, added = column.labels.keys() - wanted, wanted - column.labels.keys()
        if len(gone) > 1 or (gone and added):
            raise invalid_argument("delete one label at a time, and add none with it")
        data = {"id": column.id, "title": "", "type": column.type}
        fresh = read_column({**data, "settings": {**settings, "labels": labels}})
        column.settings, column.labels = fresh.settings, fresh.labels
        column.label_ids = fresh.label_ids

    def _move_group(self, group: Group, attribute: str, value: str) -> None:
        groups = group.board.groups
        if attribute == "position":
            groups.remove(group)
            groups.insert(max(0, int(float(value))), group)
            return
        other = self.boards.group(group.board, value)
        groups.remove(group)
        groups.insert(groups.index(other) + (attribute == "relative_position_after"), group)

    def _add_subitems_board(self, board: Board, column: Column) -> None:
        data = {"id": self.boards.state.new_id(), "name": f"Subitems of {board.name}"}
        groups = [{"id": "topics", "title": "Subitems"}]
        below = read_board({**data, "groups": groups}, self.boards.clock.now(), holds_subitems=True)
        self.boards.state.boards[below.id] = below
        board.subitems_board = below.id
        column.settings["boardIds"] = [int(below.id)]
