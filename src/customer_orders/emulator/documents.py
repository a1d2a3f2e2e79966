"""Documents: parsed and validated once per text, and priced before they run."""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLScalarType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    VariableNode,
    build_schema,
    parse,
    validate,
)

from customer_orders.emulator.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CACHED_DOCUMENTS = 500
#: How many entries a list has before it is known; pages carry their own limit. Assumptions.
LIST_SIZES = {
    "boards": 25,
    "items": 25,
    "items_page": 25,
    "next_items_page": 25,
    "items_page_by_column_values": 25,
    "users": 200,
    "column_values": 10,
    "columns": 10,
    "groups": 10,
    "subitems": 10,
}
PAGES = ("items_page", "next_items_page", "items_page_by_column_values")


@dataclass(frozen=True)
class Prepared:
    """A valid document with the one operation that shall run."""

    document: DocumentNode
    operation: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]

    @property
    def kind(self) -> str:
        """`query` or `mutation`."""
        return self.operation.operation.value

    def root_fields(self) -> list[FieldNode]:
        return list(_fields(self.operation.selection_set, self.fragments))

    def leaves(self, node: FieldNode, variables: Mapping[str, Any]) -> int:
        """How many values this field's selection will give, lists counted by their limits."""
        if node.selection_set is None:
            return 1
        each = self.leaves_of_one(node, variables)
        return each * _list_size(node, variables)

    def leaves_of_one(self, node: FieldNode, variables: Mapping[str, Any]) -> int:
        """The same for one entry of a list; the cursor beside a page's items is free."""
        if node.selection_set is None:
            return 1
        inner = list(_fields(node.selection_set, self.fragments))
        if node.name.value in PAGES:
            inner = [field for field in inner if field.name.value == "items"]
            return sum(self.leaves_of_one(field, variables) for field in inner)
        return sum(self.leaves(field, variables) for field in inner)


class Documents:
    """A bounded store of prepared documents, by text and operation name."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self._cache: OrderedDict[tuple[str, str | None], Prepared] = OrderedDict()

    def prepare(self, text: str, operation_name: str | None) -> Prepared:
        """The prepared document, or the refusal that monday gives for a wrong one."""
        key = (text, operation_name)
        if key in self._cache:
            self._cache.move_to_end(key)
            return self._cache[key]
        prepared = self._prepare(text, operation_name)
        self._cache[key] = prepared
        if len(self._cache) > CACHED_DOCUMENTS:
            self._cache.popitem(last=False)
        return prepared

    def _prepare(self, text: str, operation_name: str | None) -> Prepared:
        try:
            document = parse(text)
        except GraphQLError as error:
            raise InvalidDocument("GRAPHQL_PARSE_FAILED", [error]) from error
        if errors := validate(self.schema, document):
            raise InvalidDocument("GRAPHQL_VALIDATION_FAILED", errors)
        operations = [
            node
            for node in document.definitions
            if isinstance(node, OperationDefinitionNode)
            and operation_name in (None, node.name and node.name.value)
        ]
        if len(operations) != 1:
            raise Refusal(400, "Must provide one operation, or its operationName", "BAD_REQUEST")
        fragments = {
            node.name.value: node
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        return Prepared(document, operations[0], fragments)


class InvalidDocument(Refusal):
    """The whole request fails with no data, as validation errors do."""

    def __init__(self, code: str, causes: list[GraphQLError]) -> None:
        super().__init__(400, causes[0].message, code)
        self.causes = causes

    def errors(self) -> list[dict[str, Any]]:
        return [
            {
                "message": cause.message,
                "locations": [place.formatted for place in cause.locations or ()],
                "extensions": {"code": self.code},
            }
            for cause in self.causes
        ]


@cache
def schema_text() -> str:
    """The SDL: a subset of the one that monday publishes."""
    return files("customer_orders.emulator").joinpath("schema.graphql").read_text("utf-8")


def new_schema() -> GraphQLSchema:
    """The schema with monday's scalars; resolvers are bound by the caller."""
    schema = build_schema(schema_text(), assume_valid=True)
    scalar = cast("GraphQLScalarType", schema.type_map["JSON"])
    scalar.coerce_input_value = _json_input
    scalar.coerce_input_literal = _json_literal
    return schema


def _json_input(value: Any) -> Any:
    """A JSON argument is a JSON-encoded string; a raw object is the classic mistake."""
    if not isinstance(value, str):
        raise GraphQLError("Expected a JSON-encoded string")
    try:
        return json.loads(value)
    except ValueError:
        raise GraphQLError("Syntax error in JSON input") from None


def _json_literal(node: Any) -> Any:
    if not isinstance(node, StringValueNode):
        raise GraphQLError("Expected a JSON-encoded string", node)
    return _json_input(node.value)


def _fields(
    selection: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> Iterator[FieldNode]:
    for node in selection.selections:
        if isinstance(node, FieldNode):
            yield node
        elif isinstance(node, InlineFragmentNode):
            yield from _fields(node.selection_set, fragments)
        elif isinstance(node, FragmentSpreadNode):
            yield from _fields(fragments[node.name.value].selection_set, fragments)


def _list_size(node: FieldNode, variables: Mapping[str, Any]) -> int:
    size = LIST_SIZES.get(node.name.value)
    if size is None:
        return 1
    arguments = {argument.name.value: argument.value for argument in node.arguments or ()}
    limit = _literal(arguments.get("limit"), variables)
    ids = _literal(arguments.get("ids"), variables)
    if isinstance(limit, int):
        size = limit
    if isinstance(ids, list):
        size = min(size, len(ids)) if node.name.value in ("boards", "items") else len(ids)
    return size


def _literal(node: object, variables: Mapping[str, Any]) -> Any:
    if isinstance(node, VariableNode):
        return variables.get(node.name.value)
    if isinstance(node, IntValueNode):
        return int(node.value)
    return list(node.values) if isinstance(node, ListValueNode) else None
