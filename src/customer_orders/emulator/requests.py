"""Reading a request: its headers, its JSON body, and what it is going to touch."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from graphql import VariableNode

from customer_orders.emulator.errors import Refusal, not_authenticated
from customer_orders.emulator.seed import TOKEN_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from graphql import FieldNode

    from customer_orders.emulator.state import State, User

CURRENT_VERSION = "2026-10"
MAINTENANCE_VERSION = "2026-07"
#: What each version is today (developer.monday.com, API versioning, 2026-09-06).
VERSIONS = {
    "2026-04": "old__maintenance",
    MAINTENANCE_VERSION: "maintenance",
    CURRENT_VERSION: "current",
    "2027-01": "release_candidate",
}


class Request(NamedTuple):
    """A GraphQL request as posted."""

    text: str
    variables: dict[str, Any]
    operation_name: str | None


def read_request(body: bytes) -> Request:
    """The GraphQL request in a body, or 400."""
    try:
        content = json.loads(body)
    except ValueError:
        raise Refusal(400, "Request body is not valid JSON", "JsonParseException") from None
    if not isinstance(content, dict) or not isinstance(content.get("query"), str):
        raise Refusal(400, "Request body must be a JSON with query.", "BAD_REQUEST")
    variables = content.get("variables") or {}
    if not isinstance(variables, dict):
        # A JSON string as variables was deprecated with 2025-04.
        raise Refusal(400, "variables must be a JSON object", "BAD_REQUEST")
    return Request(content["query"], variables, content.get("operationName"))


def token_of(headers: Mapping[str, str]) -> str:
    """The token as sent, raw or as Bearer."""
    token = headers.get("authorization", "")
    return token[7:].strip() if token[:7].lower() == "bearer " else token


def find_user(state: State, headers: Mapping[str, str]) -> User:
    """Who sends this; only a token made for emulators opens the door."""
    token = token_of(headers)
    if token.startswith(TOKEN_PREFIX):
        for user in state.users:
            if user.token == token:
                return user
    raise not_authenticated()


def answered_version(headers: Mapping[str, str]) -> str:
    """The version really used: too old gives Maintenance, unknown gives Current."""
    asked = headers.get("api-version")
    if asked is None or asked in ("current", "dev"):
        return CURRENT_VERSION
    if not re.fullmatch(r"\d{4}-\d{2}", asked):
        raise Refusal(400, f"Invalid API version {asked}", "InvalidVersionException")
    if asked in VERSIONS:
        return asked
    return MAINTENANCE_VERSION if asked < min(VERSIONS) else CURRENT_VERSION


def items_named(roots: Iterable[FieldNode], variables: Mapping[str, Any]) -> list[str]:
    """The items that a request writes, by its arguments."""
    named = []
    for root in roots:
        arguments = {each.name.value: each.value for each in root.arguments or ()}
        node = arguments.get("item_id") or arguments.get("parent_item_id")
        named.append(_text(node, variables))
    return [each for each in named if each is not None]


def boards_written(
    state: State, roots: Iterable[FieldNode], variables: Mapping[str, Any]
) -> set[str]:
    """The boards that the mutations of a request write, as far as their arguments tell."""
    boards = set()
    for root in roots:
        arguments = {each.name.value: each.value for each in root.arguments or ()}
        board_id = _text(arguments.get("board_id"), variables)
        item_id = _text(arguments.get("parent_item_id") or arguments.get("item_id"), variables)
        if board_id is not None:
            boards.add(board_id)
        elif item_id in state.items:
            boards.add(state.items[item_id].board.id)
    return boards


def _text(node: object, variables: Mapping[str, Any]) -> str | None:
    if isinstance(node, VariableNode):
        value = variables.get(node.name.value)
        return None if value is None else str(value)
    value = getattr(node, "value", None)
    return None if value is None else str(value)
