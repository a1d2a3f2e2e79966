"""The documents: static text, fanned out by alias, valid in monday's published schema."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_schema, parse, validate
from graphql.language import OperationDefinitionNode, OperationType

from customer_orders.emulator.documents import schema_text
from customer_orders.monday.documents import document, fanned_out, variables

PUBLISHED = Path(__file__).parents[4] / "shared" / "monday" / "schema-2026-10.graphql"
NAMES = sorted(
    each.name.removesuffix(".graphql")
    for each in (files("customer_orders.monday") / "documents").iterdir()
)
MUTATIONS = [name for name in NAMES if document(name).startswith("mutation")]


@pytest.fixture(scope="module", params=["published", "emulator"])
def schema(request: pytest.FixtureRequest) -> GraphQLSchema:
    """monday's own schema where it stands beside the project, and the emulator's."""
    if request.param == "emulator":
        return build_schema(schema_text())
    if not PUBLISHED.is_file():
        pytest.skip("the published schema is not beside the project")
    return build_schema(PUBLISHED.read_text(encoding="utf-8"))


def aliases(number: int) -> tuple[str, ...]:
    """op0, op1 and so on."""
    return tuple(f"op{place}" for place in range(number))


@pytest.mark.parametrize("name", NAMES)
def test_every_document_is_valid(schema: GraphQLSchema, name: str):
    """As it stands in its file."""
    assert validate(schema, parse(document(name))) == []


@pytest.mark.parametrize("number", [1, 10, 25])
@pytest.mark.parametrize("name", [*MUTATIONS, "find_items", "read_items"])
def test_every_fan_out_is_valid(schema: GraphQLSchema, name: str, number: int):
    """With 1, 10 and 25 aliases."""
    assert validate(schema, parse(fanned_out(name, aliases(number)))) == []


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_fan_out_is_the_same_field_several_times(name: str):
    """Each alias has the field with all its arguments, by variables of its own."""
    (alone,) = parse(document(name)).definitions
    (fanned,) = parse(fanned_out(name, aliases(3))).definitions
    assert isinstance(alone, OperationDefinitionNode)
    assert isinstance(fanned, OperationDefinitionNode)
    assert fanned.operation is OperationType.MUTATION
    (field,) = alone.selection_set.selections
    *copies, cost = fanned.selection_set.selections
    assert cost.name.value == "complexity"
    assert [copy.alias.value for copy in copies] == ["op0", "op1", "op2"]
    assert {copy.name.value for copy in copies} == {field.name.value}
    arguments = {argument.name.value for argument in field.arguments}
    assert all({a.name.value for a in copy.arguments} == arguments for copy in copies)
    declared = [v.variable.name.value for v in fanned.variable_definitions]
    assert len(declared) == len(set(declared)) == 3 * len(alone.variable_definitions)
    used = re.findall(r"\$(\w+)", " ".join(fanned_out(name, aliases(3)).split("{", 1)[1:]))
    assert sorted(used) == sorted(declared)


def test_nothing_is_spliced_in():
    """Values travel as variables, whatever they hold; the text depends on the aliases alone."""
    calls = [{"name": '") { id } }', "n": 1}, {"name": "b", "n": 2}]
    assert variables("create_group", ("op0", "op1"), calls) == {
        "name_op0": '") { id } }',
        "n_op0": 1,
        "name_op1": "b",
        "n_op1": 2,
    }
    assert fanned_out("create_group", ("op0",)) == fanned_out("create_group", ("op0",))
    with pytest.raises(ValueError, match="shorter"):
        variables("create_group", ("op0", "op1"), calls[:1])


def test_a_query_is_no_mutation_to_fan_out():
    """A document with fragments or more than one operation is no mutation document."""
    assert "find_items" not in MUTATIONS
    assert set(MUTATIONS) == {
        "archive_item",
        "change_values",
        "create_group",
        "create_item",
        "create_key_column",
        "create_subitem",
        "delete_item",
        "move_item",
    }
