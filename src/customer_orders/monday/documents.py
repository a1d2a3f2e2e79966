"""GraphQL documents: static files, and the same field several times under aliases.

Nothing is spliced into a query: values travel as variables, and the fan-out renames variables and
fields in the parsed document.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from graphql import (
    DefinitionNode,
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
from graphql.language import SelectionSetNode

COST = "{ complexity { query } }"
VARIABLE = re.compile(r"\$(\w+)")


@cache
def document(name: str) -> str:
    """The text of `documents/NAME.graphql`."""
    folder = files("customer_orders.monday") / "documents"
    return (folder / f"{name}.graphql").read_text(encoding="utf-8")


@cache
def fanned_out(name: str, aliases: tuple[str, ...]) -> str:
    """A document's first field once per alias: `op0: create_item`, variables `$name_op0`.

    What its fragments use is the same for all. Last it asks what the request cost.
    """
    operation, *fragments = parse(document(name), no_location=True).definitions
    alone, shared = _operation(operation), _shared(name)
    copies = [_copy(alone, alias, shared) for alias in aliases]
    fields = [copy.selection_set.selections[0] for copy in copies]
    declared = {
        each.variable.name.value: each for c in copies for each in c.variable_definitions or ()
    }
    (cost,) = _operation(parse(COST, no_location=True).definitions[0]).selection_set.selections
    whole = OperationDefinitionNode(
        operation=alone.operation,
        name=alone.name,
        variable_definitions=tuple(declared.values()),
        directives=(),
        selection_set=SelectionSetNode(selections=(*fields, cost)),
    )
    return print_ast(DocumentNode(definitions=(whole, *fragments)))


def variables(
    name: str, aliases: Sequence[str], calls: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """The variables of a fanned-out document, one dictionary of variables per alias."""
    shared = _shared(name)
    return {
        variable if variable in shared else f"{variable}_{alias}": value
        for alias, call in zip(aliases, calls, strict=True)
        for variable, value in call.items()
    }


@cache
def _shared(name: str) -> frozenset[str]:
    """The variables that a document's fragments use: no alias has its own."""
    _, *fragments = parse(document(name), no_location=True).definitions
    return frozenset(VARIABLE.findall("".join(map(print_ast, fragments))))


def _operation(found: DefinitionNode) -> OperationDefinitionNode:
    if not isinstance(found, OperationDefinitionNode):
        raise TypeError("a document begins with its operation")
    return found


def _copy(
    operation: OperationDefinitionNode, alias: str, shared: frozenset[str]
) -> OperationDefinitionNode:
    renamed: OperationDefinitionNode = visit(operation, _Rename(alias, shared))
    return renamed


class _Rename(Visitor):
    """Gives every variable that is not shared, and every root field, the alias."""

    def __init__(self, alias: str, shared: frozenset[str]) -> None:
        super().__init__()
        self._alias = alias
        self._shared = shared
        self._depth = 0

    def leave_variable(self, node: VariableNode, *_: Any) -> VariableNode:
        if node.name.value in self._shared:
            return node
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
