"""The mutations: arguments in, one method of Boards each. Aliases run in turn, not atomically."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from customer_orders.emulator.clock import iso
from customer_orders.emulator.errors import ApiError, invalid_argument

if TYPE_CHECKING:
    from collections.abc import Callable

    from customer_orders.emulator.call import Call, Info
    from customer_orders.emulator.state import Column, Group, Item

    Arguments = dict[str, Any]
    Mutation = Callable[[Call, Arguments], Any]


def _resolver(mutate: Mutation) -> Callable[..., Any]:
    """Every mutation is counted, may be struck by a fault, and is cheaper when it fails."""

    def resolve(_source: Any, info: Info, **arguments: Any) -> Any:
        call = info.context
        name = info.field_name
        try:
            call.start_mutation(name)
            return mutate(call, arguments)
        except ApiError:
            call.mutation_failed(name)
            raise

    return resolve


def _values(arguments: Arguments) -> dict[str, Any]:
    values = arguments.get("column_values")
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise invalid_argument("column_values must be a JSON object of column ids")
    return values


def _create_labels(arguments: Arguments) -> bool:
    return bool(arguments.get("create_labels_if_missing"))


def _create_item(call: Call, arguments: Arguments) -> Item:
    return call.boards.create_item(
        call.user,
        call.boards.board(arguments["board_id"]),
        arguments["item_name"],
        _values(arguments),
        group_id=arguments.get("group_id"),
        create_labels=_create_labels(arguments),
        relative=arguments.get("position_relative_method"),
        relative_to=arguments.get("relative_to"),
    )


def _create_subitem(call: Call, arguments: Arguments) -> Item:
    return call.boards.create_subitem(
        call.user,
        call.boards.item(arguments["parent_item_id"]),
        arguments["item_name"],
        _values(arguments),
        create_labels=_create_labels(arguments),
    )


def _item_on_board(call: Call, arguments: Arguments) -> Item:
    """The item, which must stand on the board named: for a subitem that is the subitems board."""
    board = call.boards.board(arguments["board_id"])
    item = call.boards.item(arguments.get("item_id"))
    if item.board is not board:
        raise ApiError(
            "ResourceNotFoundException",
            "Item not found in board",
            status_code=404,
            error_data={"resource_type": "item", "resource_id": item.id, "board_id": board.id},
        )
    return item


def _change(call: Call, arguments: Arguments, values: dict[str, Any]) -> Item:
    item = _item_on_board(call, arguments)
    return call.boards.change_values(
        call.user, item, values, create_labels=_create_labels(arguments)
    )


def _change_multiple(call: Call, arguments: Arguments) -> Item:
    return _change(call, arguments, _values(arguments))


def _change_column(call: Call, arguments: Arguments) -> Item:
    value = arguments["value"]
    column = call.boards.board(arguments["board_id"]).columns.get(arguments["column_id"])
    if column is not None and column.type in ("board_relation", "dependency"):
        raise invalid_argument("links between items take change_multiple_column_values")
    # This mutation clears with {} as well as with null (reference/column-values.md).
    return _change(call, arguments, {arguments["column_id"]: None if value == {} else value})


def _change_simple(call: Call, arguments: Arguments) -> Item:
    """A plain string; empty clears, of a number as well."""
    return _change(call, arguments, {arguments["column_id"]: arguments.get("value") or None})


def _create_group(call: Call, arguments: Arguments) -> Group:
    return call.monday.structure.create_group(
        call.user,
        call.boards.board(arguments["board_id"]),
        arguments["group_name"],
        arguments.get("group_color"),
        arguments.get("position_relative_method"),
        arguments.get("relative_to"),
    )


def _group(call: Call, arguments: Arguments) -> Group:
    return call.boards.group(call.boards.board(arguments["board_id"]), arguments["group_id"])


def _update_group(call: Call, arguments: Arguments) -> Group:
    group = _group(call, arguments)
    attribute, value = arguments["group_attribute"], arguments["new_value"]
    return call.monday.structure.update_group(call.user, group, attribute, value)


def _duplicate_group(call: Call, arguments: Arguments) -> Group:
    return call.monday.structure.duplicate_group(
        call.user,
        _group(call, arguments),
        arguments.get("group_title"),
        to_top=bool(arguments.get("add_to_top")),
    )


def _duplicate_item(call: Call, arguments: Arguments) -> Item:
    return call.boards.duplicate_item(call.user, _item_on_board(call, arguments))


def _create_column(call: Call, arguments: Arguments, column_type: str | None = None) -> Column:
    return call.monday.structure.create_column(
        call.user,
        call.boards.board(arguments["board_id"]),
        column_type or arguments["column_type"],
        arguments["title"],
        _defaults(arguments.get("defaults")),
        column_id=arguments.get("id"),
        description=arguments.get("description"),
        after=arguments.get("after_column_id"),
    )


def _defaults(defaults: Any) -> dict[str, Any]:
    """`defaults` may be the settings or `{"settings": {...}}`, with labels as a list or by id."""
    settings = dict(defaults or {})
    settings = dict(settings.get("settings", settings))
    labels = settings.get("labels")
    if isinstance(labels, dict):
        settings["labels"] = [{"id": int(key), "label": text} for key, text in labels.items()]
    for place, label in enumerate(settings.get("labels") or ()):
        if "name" in label:
            label["label"] = label.pop("name")
        # The typed input names a colour; the emulator numbers colours by the label's id.
        if isinstance(label.get("color"), str):
            label["color"] = label.get("id", place)
    return settings


def _update_column(call: Call, arguments: Arguments) -> Column:
    board = call.boards.board(arguments["board_id"])
    column = call.boards.column(board, arguments["id"])
    changes = {**arguments, "settings": _defaults(arguments.get("settings"))}
    return call.monday.structure.update_column(
        call.user, column, changes, revision=arguments["revision"]
    )


def _change_title(call: Call, arguments: Arguments) -> Column:
    board = call.boards.board(arguments["board_id"])
    column = call.boards.column(board, arguments["column_id"])
    return call.monday.structure.update_column(call.user, column, {"title": arguments["title"]})


def _delete_column(call: Call, arguments: Arguments) -> Column:
    board = call.boards.board(arguments["board_id"])
    return call.monday.structure.delete_column(
        call.user, call.boards.column(board, arguments["column_id"])
    )


def _create_board(call: Call, arguments: Arguments) -> Any:
    name, kind = arguments["board_name"], arguments["board_kind"]
    return call.monday.structure.create_board(call.user, name, kind, arguments.get("description"))


def _retire_item(state: str) -> Mutation:
    return lambda call, arguments: call.boards.retire_item(
        call.boards.item(arguments.get("item_id")), state
    )


def _retire_group(state: str) -> Mutation:
    return lambda call, arguments: call.monday.structure.retire_group(
        call.user, _group(call, arguments), state
    )


def _retire_board(state: str) -> Mutation:
    return lambda call, arguments: call.monday.structure.retire_board(
        call.user, call.boards.board(arguments["board_id"]), state
    )


def _retire_many(state: str) -> Mutation:
    """A job: the emulator does the work at once and reports it as completed."""

    def mutate(call: Call, arguments: Arguments) -> dict[str, str]:
        board = call.boards.board(arguments["board_id"])
        wanted = [call.boards.state.items.get(each) for each in arguments["item_ids"]]
        found = [
            item for item in wanted if item and item.board is board and item.state != "deleted"
        ]
        for item in found:
            call.boards.retire_item(item, state)
        job_id, now = call.boards.new_code(), iso(call.boards.clock.now())
        counts = {"total": len(wanted), "succeeded": len(found)}
        call.monday.jobs[job_id] = {
            "id": job_id,
            "status": "COMPLETED",
            "created_at": now,
            "updated_at": now,
            "result": {**counts, "failed": len(wanted) - len(found)},
        }
        return {"job_id": job_id}

    return mutate


def _move_item(call: Call, arguments: Arguments) -> Item:
    item = call.boards.item(arguments.get("item_id"))
    return call.boards.move_item(item, arguments["group_id"])


MUTATIONS: dict[str, Callable[..., Any]] = {
    name: _resolver(mutate)
    for name, mutate in {
        "archive_board": _retire_board("archived"),
        "archive_group": _retire_group("archived"),
        "archive_item": _retire_item("archived"),
        "bulk_archive_items": _retire_many("archived"),
        "bulk_delete_items": _retire_many("deleted"),
        "change_column_title": _change_title,
        "change_column_value": _change_column,
        "change_multiple_column_values": _change_multiple,
        "change_simple_column_value": _change_simple,
        "create_board": _create_board,
        "create_column": _create_column,
        "create_dropdown_column": lambda call, args: _create_column(call, args, "dropdown"),
        "create_group": _create_group,
        "create_item": _create_item,
        "create_status_column": lambda call, args: _create_column(call, args, "status"),
        "create_subitem": _create_subitem,
        "delete_board": _retire_board("deleted"),
        "delete_column": _delete_column,
        "delete_group": _retire_group("deleted"),
        "delete_item": _retire_item("deleted"),
        "duplicate_group": _duplicate_group,
        "duplicate_item": _duplicate_item,
        "move_item_to_group": _move_item,
        "update_dropdown_column": _update_column,
        "update_group": _update_group,
        "update_status_column": _update_column,
    }.items()
}
