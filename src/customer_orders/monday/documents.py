"""GraphQL documents: static files, and the same mutation several times under aliases.

Nothing is spliced into a query: values travel as variables, and the fan-out renames variables and
fields in the parsed document.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    NameNode,
    OperationDefinitionNode,
    VariableNode,
    Visitor,
    parse,
    print_ast,
    visit,
)
from graphql.language import OperationType, SelectionSetNode

COST = "{ complexity { query } }"


@cache
def document(name: str) -> str:
    """The text of `documents/NAME.graphql`."""
    folder = files("customer_orders.monday") / "documents"
    return (folder / f"{name}.graphql").read_text(encoding="utf-8")


@cache
def fanned_out(name: str, aliases: tuple[str, ...]) -> str:
    """A mutation document once per alias: field `op0: create_item`, variables `$name_op0`.

    Last it asks what the request cost.
    """
    mutation = _operation(parse(document(name), no_location=True))
    copies = [_copy(mutation, alias) for alias in aliases]
    fields = [field for copy in copies for field in copy.selection_set.selections]
    cost = _operation(parse(COST, no_location=True)).selection_set.selections
    variables = tuple(v for copy in copies for v in copy.variable_definitions or ())
    whole = OperationDefinitionNode(
        operation=OperationType.MUTATION,
        name=mutation.name,
        variable_definitions=variables,
        directives=(),
        selection_set=SelectionSetNode(selections=(*fields, *cost)),
    )
    return print_ast(DocumentNode(definitions=(whole,)))


def variables(aliases: Sequence[str], calls: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The variables of a fanned-out document, one dictionary of variables per alias."""
    return {
        f"{name}_{alias}": value
        for alias, call in zip(aliases, calls, strict=True)
        for name, value in call.items()
    }


def _operation(parsed: DocumentNode) -> OperationDefinitionNode:
    found = parsed.definitions[0]
    if not isinstance(found, OperationDefinitionNode):
        raise TypeError("a mutation document holds one operation and nothing else")
    return found


def _copy(mutation: OperationDefinitionNode, alias: str) -> OperationDefinitionNode:
    renamed: OperationDefinitionNode = visit(mutation, _Rename(alias))
    return renamed


class _Rename(Visitor):
    """Gives every variable, and the one root field, the alias."""

    def __init__(self, alias: str) -> None:
        super().__init__()
        self._alias = alias
        self._depth = 0

    def leave_variable(self, node: VariableNode, *_: Any) -> VariableNode:
        return VariableNode(name=NameNode(value=f"{node.name.value}_{self._alias}"))

    def enter_field(self, *_: Any) -> None:
        self._depth += 1

    def leave_field(self, node: FieldNode, *_: Any) -> FieldNode:
        self._depth -= 1
        if self._depth:
            return node
        return FieldNode(
            alias=NameNode(value=self._alias),
            name=node.name,
            arguments=node.arguments,
            directives=(),
            selection_set=node.selection_set,
        )
