"""The configured columns against the live board, before anything is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from customer_orders.config import order_lines
from customer_orders.errors import BoardError
from customer_orders.mapping import check_targets
from customer_orders.model import Board

Make = Callable[..., Any]

HEAD = 'board 9000000001 "Customer Master Schedule": '


@pytest.fixture
def fault(settings: Make, board: Make) -> Make:
    """The message about a board."""

    def check(on: Board | None = None, **tables: Any) -> str:
        made = settings(**tables)
        with pytest.raises(BoardError) as caught:
            check_targets(made, made.boards[0], on or board())
        assert "nothing was written" in caught.value.hint
        return caught.value.message

    return check


def test_the_board_of_the_profile_passes(settings: Make, board: Make) -> None:
    """All 46 columns, the key column and the two of the subitems are there."""
    made = settings()
    check_targets(made, made.boards[0], board())


@pytest.mark.parametrize("title", [*order_lines().columns, "LINE KEY"])
def test_every_target_must_be_there(fault: Make, board: Make, title: str) -> None:
    """Each column of the mapping is looked for by its title."""
    message = fault(board(columns={title: None}))
    assert message.startswith(f'{HEAD}column "{title}" is missing')
    assert ";" not in message


def test_a_missing_column_names_the_nearest(fault: Make, board: Make) -> None:
    """A renamed column is likely the one that is missed."""
    message = fault(board(columns={"FREIGHT": None, "FREIGHTS": "numbers"}))
    assert message == f'{HEAD}column "FREIGHT" is missing (nearest: "FREIGHTS")'


def test_a_missing_key_column_is_named_with_the_way_to_make_it(settings: Make, board: Make) -> None:
    """`deploy --board` makes it."""
    made = settings()
    with pytest.raises(BoardError, match='column "LINE KEY" is missing') as caught:
        check_targets(made, made.boards[0], board(columns={"LINE KEY": None}))
    assert "`customer-orders deploy --board` makes the key column" in caught.value.hint


@pytest.mark.parametrize(
    "kind", ["mirror", "formula", "subtasks", "item_id", "last_updated", "lookup", "auto_number"]
)
def test_a_read_only_column_is_refused(fault: Make, board: Make, kind: str) -> None:
    """Nobody can write a mirror or a formula."""
    message = fault(board(columns={"FREIGHT": kind}))
    assert message == f'{HEAD}column "FREIGHT" is of the read-only type {kind}'


def test_a_mapping_to_a_read_only_column_is_refused(fault: Make) -> None:
    """The configuration may not aim at one either."""
    message = fault(mapping={"columns": {"MO NUMBER": {"from": "MO"}}})
    assert message == f'{HEAD}column "MO NUMBER" is of the read-only type mirror'


@pytest.mark.parametrize(
    "title",
    [
        *("ORDER STATUS", "ADD TO PLANNING", "FCST QTY", "FCST CONSUMED QTY", "PPS CMT DUE"),
        *("PPS CMT RCV", "PPS STATUS", "matchAlias", "PLANNING BOARD", "PACKED QTY"),
        *("SHIPPED QTY", "Cut Qty"),
    ],
)
def test_a_column_of_others_is_refused(fault: Make, board: Make, title: str) -> None:
    """Writable or not, there or not: it belongs to other people and systems."""
    columns = {title: {"from": "NOTES"}}
    expected = f'{HEAD}column "{title}" belongs to others and is never written'
    assert fault(mapping={"columns": columns}) == expected
    assert fault(board(columns={title: "text"}), mapping={"columns": columns}) == expected


@pytest.mark.parametrize("title", ["ORDER STATUS", "matchAlias"])
def test_the_key_column_is_not_one_of_others(fault: Make, board: Make, title: str) -> None:
    """The line key must not overwrite what somebody else keeps there."""
    boards = [{"id": "9000000001", "name": "Customer Master Schedule", "key_column": title}]
    message = fault(board(columns={title: "text"}), board=boards)
    assert message == f'{HEAD}column "{title}" belongs to others and is never written'


def test_the_key_column_is_not_fed_from_the_source_too(fault: Make) -> None:
    """One column cannot hold both the key and a cell."""
    boards = [{"id": "9000000001", "name": "Customer Master Schedule", "key_column": "PO NUMBER"}]
    assert fault(board=boards) == (
        f'{HEAD}column "PO NUMBER" takes the line key and is fed from the source too'
    )


@pytest.mark.parametrize(
    ("title", "kind", "wanted"),
    [
        ("FREIGHT", "text", "numbers"),
        ("CUSTOMER", "text", "dropdown"),
        ("UNIT OF MEASURE", "dropdown", "status"),
        ("EX WORKS (USD)", "long_text", "numbers"),
        ("LINE KEY", "long_text", "text"),
    ],
)
def test_a_column_of_another_type_is_refused(
    fault: Make, board: Make, title: str, kind: str, wanted: str
) -> None:
    """Resolved by title and type."""
    message = fault(board(columns={title: kind}))
    assert message == f'{HEAD}column "{title}" is of type {kind}, expected {wanted}'


def test_a_configured_type_goes_before_that_of_the_profile(settings: Make, board: Make) -> None:
    """A board may differ where the configuration says so."""
    columns = {"STYLE": {"from": "CUSTOMER STYLE", "type": "dropdown"}}
    made = settings(mapping={"columns": columns})
    check_targets(made, made.boards[0], board(columns={"STYLE": "dropdown"}))


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"Size": None, "Sizes": "dropdown"}, 'column "Size" is missing (nearest: "Sizes")'),
        ({"Size": "text"}, 'column "Size" is of type text, expected dropdown'),
        ({"Order Qty": "mirror"}, 'column "Order Qty" is of the read-only type mirror'),
    ],
)
def test_the_columns_of_the_subitems(
    fault: Make, board: Make, columns: dict[str, str | None], expected: str
) -> None:
    """Size and Order Qty are held against the board of the subitems."""
    assert fault(board(subitem_columns=columns)) == f"{HEAD}subitems: {expected}"


@pytest.mark.parametrize("title", ["Cut Qty", "Packed Qty", "ORDER LINE STATUS"])
def test_subitem_quantities_of_others_are_refused(fault: Make, title: str) -> None:
    """The quantity may not be aimed at what cutting and packing count."""
    message = fault(mapping={"subitem_quantity": title})
    assert message == f'{HEAD}subitems: column "{title}" belongs to others and is never written'


def test_all_faults_are_named_at_once(fault: Make, board: Make) -> None:
    """One check shows everything that has to be mended."""
    on = board(columns={"FREIGHT": "formula", "LINE KEY": None}, subitem_columns={"Size": "text"})
    message = fault(on)
    assert message.split("; ") == [
        f'{HEAD}column "FREIGHT" is of the read-only type formula',
        'subitems: column "Size" is of type text, expected dropdown',
        'column "LINE KEY" is missing',
    ]


def test_a_board_of_another_name_is_refused_first(fault: Make, board: Make) -> None:
    """Swapped labels of two environments once sent a run to the wrong board."""
    message = fault(replace(board(name="Customer Master Schedule DEV"), columns={}))
    assert message == (
        'board 9000000001 is called "Customer Master Schedule DEV", '
        'the configuration says "Customer Master Schedule"'
    )


@pytest.mark.parametrize(
    "mapping",
    [
        {"columns": {"FREIGHT": {"from": "DROP"}}},
        {"columns": {"FREIGHT": {"from": "FREIGHT", "type": "numbers"}}, "profile": "none"},
        {"subitem_quantity": "Cut Qty", "ownership": {"others": ["Cut Qty"]}},
    ],
)
def test_columns_of_others_are_refused_whatever_the_mapping_says(
    fault: Make, mapping: dict[str, Any]
) -> None:
    """A column that the configuration leaves to others stops every command before it writes."""
    owned = {"ownership": {"others": ["FREIGHT", "Cut Qty"]}}
    assert "belongs to others and is never written" in fault(mapping=mapping | owned)
