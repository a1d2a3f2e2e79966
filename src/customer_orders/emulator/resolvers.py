"""Binds the schema to the boards: queries and the fields of objects; see also `mutations.py`."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, cast

from graphql import GraphQLInterfaceType, GraphQLObjectType

from customer_orders.emulator.cells import Cell, cells_of, columns_of, fields_of, type_name
from customer_orders.emulator.clock import iso
from customer_orders.emulator.documents import new_schema
from customer_orders.emulator.errors import invalid_argument, not_found
from customer_orders.emulator.mutations import MUTATIONS
from customer_orders.emulator.requests import CURRENT_VERSION, VERSIONS
from customer_orders.emulator.state import Board, Column, Group, Item

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from graphql import GraphQLSchema

    from customer_orders.emulator.call import Info
    from customer_orders.emulator.search import Page
    from customer_orders.emulator.state import State, User

ITEMS_BY_IDS = 100


@cache
def bound_schema() -> GraphQLSchema:
    """The schema with every resolver in its place; it holds no state, so one serves all."""
    schema = new_schema()
    mutations = {**MUTATIONS, "complexity": _complexity}
    for type_, resolvers in {**OBJECTS, "Query": QUERIES, "Mutation": mutations}.items():
        for name, resolver in resolvers.items():
            _object(schema, type_).fields[name].resolve = resolver
    interface = cast("GraphQLInterfaceType", schema.type_map["ColumnValue"])
    interface.resolve_type = lambda cell, _info, _type: type_name(cell.column.type)
    for each in schema.get_possible_types(interface):
        for name, field in each.fields.items():
            field.resolve = _reading(name)
    _object(schema, "FormulaValue").fields["display_value"].resolve = _formula
    return schema


def _object(schema: GraphQLSchema, name: str) -> GraphQLObjectType:
    return cast("GraphQLObjectType", schema.type_map[name])


def _reading(name: str) -> Callable[..., Any]:
    def read(cell: Cell, _info: Info) -> Any:
        field = fields_of(cell.column.type).get(name)
        return field(cell) if field else None

    return read


def _formula(cell: Cell, info: Info) -> Any:
    """Formulas shown have limits of their own; the emulator computes none."""
    info.context.read_formula(cell.column.id)
    return ""


def user_json(state: State, user: User) -> dict[str, Any]:
    """A User; what the emulator does not keep has a plain value."""
    return {
        "id": user.id,
        "name": user.name,
        "email": user.email,
        "account": account_json(state),
        "account_id": state.account.id,
        "kind": "member",
        "is_deleted": False,
        "title": "",
        "url": f"https://{state.account.slug}.monday.com/users/{user.id}",
        "created_at": iso(0),
    }


def account_json(state: State) -> dict[str, Any]:
    """An Account."""
    account = state.account
    return {
        "id": account.id,
        "name": account.name,
        "slug": account.slug,
        "tier": account.plan,
        "plan": {"max_users": 100, "period": "yearly", "tier": account.plan, "version": 1},
        "first_day_of_the_week": "monday",
        "is_during_trial": False,
        "show_timeline_weekends": True,
        "active_members_count": len(state.users),
    }


# Queries


def _boards(
    _source: Any,
    info: Info,
    ids: Sequence[str] | None = None,
    limit: int = 25,
    page: int = 1,
    state: str = "active",
    board_kind: str | None = None,
    hierarchy_types: Sequence[str] | None = None,
    **_ignored: Any,
) -> list[Board]:
    found = [
        board
        for board in info.context.boards.state.boards.values()
        if (ids is None or board.id in ids)
        and state in ("all", board.state)
        and board_kind in (None, board.board_kind)
        and (not hierarchy_types or board.hierarchy_type in hierarchy_types)
    ]
    return found[(page - 1) * limit : page * limit]


def _items(
    _source: Any,
    info: Info,
    ids: Sequence[str] | None = None,
    limit: int = 25,
    page: int = 1,
    exclude_nonactive: bool = False,
    newest_first: bool = False,
) -> list[Item]:
    """`items(ids)`: at most 100 ids, and silently only 25 of them unless `limit` is given [OBS]."""
    if ids is not None and len(ids) > ITEMS_BY_IDS:
        raise invalid_argument(f"at most {ITEMS_BY_IDS} ids")
    known = info.context.boards.state.items
    wanted = list(known) if ids is None else list(dict.fromkeys(ids))
    hidden = ("archived", "deleted") if exclude_nonactive or ids is None else ("deleted",)
    found = [known[each] for each in wanted if each in known and known[each].state not in hidden]
    if newest_first:
        found.sort(key=lambda item: item.created_at, reverse=True)
    return found[(page - 1) * limit : page * limit]


def _next_items_page(_source: Any, info: Info, cursor: str, limit: int = 25) -> Page:
    return _paged(info, info.context.monday.search.next_page(cursor, limit), limit)


def _by_column_values(
    _source: Any,
    info: Info,
    board_id: str,
    columns: Sequence[dict[str, Any]] | None = None,
    cursor: str | None = None,
    limit: int = 25,
    **_ignored: Any,
) -> Page:
    call = info.context
    page = call.monday.search.by_column_values(call.boards.board(board_id), columns, limit, cursor)
    return _paged(info, page, limit)


def _items_page(
    source: Board | Group,
    info: Info,
    limit: int = 25,
    cursor: str | None = None,
    query_params: dict[str, Any] | None = None,
    **_ignored: Any,
) -> Page:
    board, group_id = (source, None) if isinstance(source, Board) else (source.board, source.id)
    page = info.context.monday.search.items_page(board, limit, cursor, query_params, group_id)
    return _paged(info, page, limit)


def _paged(info: Info, page: Page, limit: int) -> Page:
    """A page shorter than its limit costs less; an empty last one cost 0 [OBS 2026-07-30]."""
    call = info.context
    each = call.prepared.leaves_of_one(info.field_nodes[0], call.variables)
    call.saved += (limit - len(page.items)) * each
    return page


def _complexity(_source: Any, info: Info) -> dict[str, int]:
    call = info.context
    kind = call.prepared.kind
    return {
        "before": call.budget_before,
        "query": call.estimate,
        "after": max(0, call.budget_before - call.estimate),
        "reset_in_x_seconds": call.monday.limits.complexity(kind).left(),
    }


def _users(
    _source: Any,
    info: Info,
    ids: Sequence[str] | None = None,
    emails: Sequence[str] | None = None,
    limit: int = 200,
    page: int = 1,
    **_ignored: Any,
) -> list[dict[str, Any]]:
    state = info.context.boards.state
    found = [
        user_json(state, user)
        for user in state.users
        if (not ids or user.id in ids) and (not emails or user.email in emails)
    ]
    return found[(page - 1) * limit : page * limit]


def _version_json(value: str) -> dict[str, str]:
    kind = VERSIONS[value]
    return {"value": value, "kind": kind, "display_name": kind.strip("_").title()}


def _job_status(_source: Any, info: Info, job_id: str) -> dict[str, Any]:
    job = info.context.monday.jobs.get(job_id)
    if job is None:
        raise not_found("job", job_id)
    return job


def _daily_limit(_source: Any, info: Info) -> dict[str, Any]:
    limit = info.context.monday.settings.day_limit()
    return {"daily_limit": {"base": limit, "total": limit}}


QUERIES: dict[str, Callable[..., Any]] = {
    "account": lambda _source, info: account_json(info.context.boards.state),
    "boards": _boards,
    "complexity": _complexity,
    "items": _items,
    "items_page_by_column_values": _by_column_values,
    "job_status": _job_status,
    "me": lambda _source, info: user_json(info.context.boards.state, info.context.user),
    "next_items_page": _next_items_page,
    "platform_api": _daily_limit,
    "users": _users,
    "version": lambda _source, _info: _version_json(CURRENT_VERSION),
    "versions": lambda _source, _info: [_version_json(each) for each in VERSIONS],
}


# Objects


def _columns(
    board: Board,
    _info: Info,
    ids: Sequence[str] | None = None,
    types: Sequence[str] | None = None,
    **_ignored: Any,
) -> list[Column]:
    return [
        column
        for column in board.columns.values()
        if not column.archived
        and (ids is None or column.id in ids)
        and (not types or column.type in types)
    ]


def _groups(board: Board, _info: Info, ids: Sequence[str] | None = None) -> list[Group]:
    return [
        group
        for group in board.groups
        if group.state == "active" and (ids is None or group.id in ids)
    ]


def _owner(_source: Any, info: Info) -> dict[str, Any]:
    state = info.context.boards.state
    return user_json(state, state.users[0])


def _creator(item: Item, info: Info) -> dict[str, Any] | None:
    state = info.context.boards.state
    found = next((user for user in state.users if user.id == item.creator_id), None)
    return user_json(state, found) if found else None


def _item_url(item: Item, info: Info) -> str:
    slug = info.context.boards.state.account.slug
    return f"https://{slug}.monday.com/boards/{item.board.id}/pulses/{item.id}"


def _column_values(
    item: Item,
    _info: Info,
    ids: Sequence[str] | None = None,
    types: Sequence[str] | None = None,
    **_ignored: Any,
) -> list[Cell]:
    return cells_of(item, columns_of(item.board, ids, types))


def _none(_source: Any, _info: Info, **_ignored: Any) -> list[Any]:
    """Lists of what the emulator does not keep."""
    return []


OBJECTS: dict[str, dict[str, Callable[..., Any]]] = {
    "Board": {
        "access_level": lambda _board, _info: "edit",
        "columns": _columns,
        "created_at": lambda board, _info: iso(board.created_at),
        "creator": _owner,
        "groups": _groups,
        "items_page": _items_page,
        "owner": _owner,
        "owners": lambda board, info: [_owner(board, info)],
        "permissions": lambda _board, _info: "everyone",
        "subscribers": lambda board, info: [_owner(board, info)],
        "tags": _none,
        "team_owners": _none,
        "top_group": lambda board, info: _groups(board, info)[0],
        "type": lambda board, _info: "sub_items_board" if board.holds_subitems else "board",
        "updated_at": lambda board, _info: iso(board.updated_at),
        "url": lambda board, info: (
            f"https://{info.context.boards.state.account.slug}.monday.com/boards/{board.id}"
        ),
        "views": _none,
    },
    "Column": {
        "capabilities": lambda _column, _info: {},
        "revision": lambda column, _info: str(column.revision),
        "settings": lambda column, _info: column.full_settings(),
        "settings_str": lambda column, _info: column.settings_str(),
    },
    "Group": {
        "archived": lambda group, _info: group.state == "archived",
        "deleted": lambda group, _info: group.state == "deleted",
        "items_page": _items_page,
        "position": lambda group, _info: f"{(group.board.groups.index(group) + 1) * 65536}.0",
    },
    "Item": {
        "column_values": _column_values,
        "created_at": lambda item, _info: iso(item.created_at),
        "creator": _creator,
        "email": lambda item, _info: f"pulse-{item.id}@example.invalid",
        "parent_item": lambda item, _info: item.parent,
        "relative_link": lambda item, _info: f"/boards/{item.board.id}/pulses/{item.id}",
        "subitems": lambda item, _info: [each for each in item.subitems if each.state == "active"],
        "subscribers": _none,
        "updated_at": lambda item, _info: iso(item.updated_at),
        "updates": _none,
        "url": _item_url,
    },
}
