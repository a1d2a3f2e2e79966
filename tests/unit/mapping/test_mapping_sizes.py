"""Sizes: which become subitems, in which order, and what a bad one costs."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer_orders.config import source_types
from customer_orders.mapping import size_order
from customer_orders.model import Held, Severity, Subitem

Make = Callable[..., Any]

ALL_SIZES = [n for n, t in source_types().items() if t == "INT" and "TOTAL" not in n]


def pairs(subitems: tuple[Subitem, ...]) -> list[tuple[str, str]]:
    """Size and quantity, in the order of the item."""
    return [(subitem.size, subitem.quantity) for subitem in subitems]


@pytest.mark.parametrize(
    "ordered",
    [
        "XXXS XXS XS S M L XL XXL XXXL 4XL",
        "S M L XL 2XL 3XL 4XL",
        "XL 2XL XXL 3XL XXXL 4XL",
        "S S/M M M/L L L/XL XL",
        "S S(6-8) M M(8-10) M(10-12) L L(10-12) L(14-16) XL",
        "1X 2X 3X 4X 4XT",
        "4XL 1X 0-3M",
        "0-3M 3-6M 6-9M 9-12M 12-18M 18-24M",
        "2T 3T 4T 5T 6T",
        "0-3M 2T 4",
        "0 2 2/3 4 4/5 5 6 6/7 7 8 9 10 12 20",
        "0w 2w 4w 6w 8w 10w 12w",
        "26 27 28 29 30 31 32 34",
        "28 28-30L 30 30-30L 30-31L 30-32L 31",
        "30/30 30/32 32/30 32/32 34/30",
        "30 30/30 30X30 31 31X30",
        "32 32C 32D 32DD 32DDD 34C 36D",
        "OS XS",
    ],
)
def test_sizes_stand_as_people_expect(ordered: str) -> None:
    """Small before large within a family, and families do not mix."""
    places = [size_order(code) for code in ordered.split()]
    assert all(smaller < larger for smaller, larger in pairwise(places))


def test_one_size_stands_first() -> None:
    """A code without a place in any family does not stand among them."""
    places = [size_order(code) for code in ("ONE SIZE", "XXXS", "S", "28")]
    assert all(smaller < larger for smaller, larger in pairwise(places))


def test_every_size_of_the_source_has_a_place_of_its_own() -> None:
    """161 codes, no two with the same key."""
    assert len(ALL_SIZES) == 161
    ordered = sorted(ALL_SIZES, key=size_order)
    assert all(size_order(a) < size_order(b) for a, b in pairwise(ordered))


@given(st.lists(st.one_of(st.sampled_from(ALL_SIZES), st.text(max_size=8)), unique=True))
def test_the_order_of_sizes_does_not_depend_on_the_table(codes: list[str]) -> None:
    """Any code has a place, and any order of columns gives the same subitems."""
    assert len({size_order(code) for code in codes}) == len(codes)


def test_sizes_become_subitems_in_size_order(show: Make) -> None:
    """Table order is not size order."""
    sizes = {"XL": "20", "ONE SIZE": "1", "S": "10", "2XL": "5", "M": "15.0", "10w": "3", "2w": "4"}
    item, _ = show({"TOTAL QTY": "58"}, sizes)
    assert pairs(item.subitems) == [
        *(("ONE SIZE", "1"), ("S", "10"), ("M", "15"), ("XL", "20"), ("2XL", "5")),
        *(("2w", "4"), ("10w", "3")),
    ]
    assert item.rejected_sizes == frozenset()


def test_sizes_match_by_whole_names(show: Make) -> None:
    """XXL holds XL and L, S/M holds S and M: each stays what it is."""
    sizes = {"XXL": "1", "XL": "2", "L": "3", "S/M": "4", "S": "5", "M": "6", "L(10-12)": "7"}
    item, _ = show({"TOTAL QTY": "28"}, sizes)
    assert dict(pairs(item.subitems)) == sizes


def test_xxl_and_2xl_are_two_sizes_without_an_alias(show: Make) -> None:
    """Two brands use both in one order; the column name is the code."""
    item, _ = show({"TOTAL QTY": "30"}, {"XXL": "10", "2XL": "20"})
    assert pairs(item.subitems) == [("2XL", "20"), ("XXL", "10")]


def test_aliases_of_one_size_are_added_up(show: Make) -> None:
    """Merged only by an explicit alias; the total is compared with the sum of all."""
    mapping = {"size_aliases": {"XXL": "2XL", "ONE SIZE": "OS"}}
    sizes = {"XXL": "10", "2XL": "20", "ONE SIZE": "3"}
    item, findings = show({"TOTAL QTY": "33"}, sizes, mapping=mapping)
    assert pairs(item.subitems) == [("OS", "3"), ("2XL", "30")]
    assert findings == ()


@pytest.mark.parametrize("text", ["-5", "10.5", "ten", "NULL", "99999999999"])
def test_a_rejected_size_keeps_what_the_board_has(show: Make, text: str) -> None:
    """It is no subitem and no 0; the others go on, and the total is not compared."""
    item, findings = show({"TOTAL QTY": "25"}, {"S": "10", "M": text, "L": "5"})
    assert pairs(item.subitems) == [("S", "10"), ("L", "5")]
    assert item.rejected_sizes == {"M"}
    assert [(f.rule, f.column, f.value) for f in findings] == [("quantity", "M", text)]
    assert findings[0].message.startswith("size M is ")
    assert item.values["ORDER QTY"] == "25"


def test_one_bad_part_rejects_a_merged_size(show: Make) -> None:
    """Half of a sum would be a wrong quantity."""
    mapping = {"size_aliases": {"XXL": "2XL"}}
    item, findings = show({}, {"XXL": "10", "2XL": "x", "M": "1"}, mapping=mapping)
    assert pairs(item.subitems) == [("M", "1")]
    assert item.rejected_sizes == {"2XL"}
    assert [f.column for f in findings] == ["2XL"]
    item, _ = show({}, {"2XL": "10", "XXL": "x", "M": "1"}, mapping=mapping)
    assert (pairs(item.subitems), item.rejected_sizes) == ([("M", "1")], {"2XL"})


@pytest.mark.parametrize("text", ["0", "0.0", "000"])
def test_a_size_of_0_is_no_subitem(show: Make, text: str) -> None:
    """A real 0 is desired by nobody and rejected by nobody."""
    item, findings = show({"TOTAL QTY": "10"}, {"S": "10", "M": text})
    assert pairs(item.subitems) == [("S", "10")]
    assert (item.rejected_sizes, findings) == (frozenset(), ())


@pytest.mark.parametrize(
    ("total", "sizes", "message"),
    [
        ("650", {"M": "400", "L": "240"}, "650 in total, the sizes add up to 640"),
        ("0", {"M": "400"}, "0 in total, the sizes add up to 400"),
        ("650", {}, "650 in total, the sizes add up to 0"),
        (None, {"M": "400"}, "blank in total, the sizes add up to 400"),
    ],
)
def test_a_total_that_differs_is_a_finding(
    show: Make, total: str | None, sizes: dict[str, str], message: str
) -> None:
    """Sizes drive the subitems, TOTAL QTY drives the order quantity: both are sent."""
    item, findings = show({"TOTAL QTY": total}, sizes)
    assert item.values["ORDER QTY"] == total
    assert dict(pairs(item.subitems)) == sizes
    assert [(f.rule, f.column, f.value) for f in findings] == [("total", "TOTAL QTY", total)]
    assert findings[0].message == f"{message}; each is sent as it is"
    assert findings[0].severity is Severity.WARNING


@pytest.mark.parametrize(
    ("total", "sizes"),
    [("640", {"M": "400", "L": "240"}), ("0", {}), (None, {}), ("1,200.0", {"M": "1200"})],
)
def test_a_total_that_agrees_is_none(show: Make, total: str | None, sizes: dict[str, str]) -> None:
    """Also 0 and blank on a line without sizes."""
    _, findings = show({"TOTAL QTY": total}, sizes)
    assert findings == ()


def test_a_total_that_is_rejected_is_not_compared(show: Make) -> None:
    """One bad cell, one finding."""
    _, findings = show({"TOTAL QTY": "lots"}, {"M": "400"})
    assert [f.rule for f in findings] == ["quantity"]


@pytest.mark.parametrize("order_type", ["CANCELLED", "Cancelled", "cancelled"])
def test_a_cancelled_line_has_quantity_0_and_no_sizes(show: Make, order_type: str) -> None:
    """Whatever the cells say, and without a remark about the total."""
    cells = {"ORDER TYPE": order_type, "TOTAL QTY": "650"}
    item, findings = show(cells, {"M": "400"})
    assert item.values["ORDER TYPE"] == "CANCELLED"
    assert item.values["ORDER QTY"] == "0"
    assert item.subitems == ()
    assert findings == ()


@pytest.mark.parametrize("total", [None, "0", "many"])
def test_the_order_quantity_of_a_cancelled_line_is_always_0(show: Make, total: str | None) -> None:
    """Also where TOTAL QTY is blank or cannot be used."""
    item, _ = show({"ORDER TYPE": "CANCELLED", "TOTAL QTY": total})
    assert item.values["ORDER QTY"] == "0"


def test_cancelling_takes_a_size_to_0_whose_cell_is_bad(show: Make) -> None:
    """All quantities of a cancelled line go to 0, so none is kept for a bad cell."""
    item, findings = show({"ORDER TYPE": "CANCELLED"}, {"M": "x", "L": "5"})
    assert (item.subitems, item.rejected_sizes) == ((), frozenset())
    assert [f.column for f in findings] == ["M"]


@pytest.mark.parametrize("labels", [("Cancelled", "RECEIVED"), ("RECEIVED",)])
def test_a_line_is_cancelled_by_the_source_and_not_by_the_label(
    show: Make, board: Make, labels: tuple[str, ...]
) -> None:
    """The board may spell the label another way, or lack it: the quantities still go to 0."""
    cells = {"ORDER TYPE": "CANCELLED", "TOTAL QTY": "650"}
    item, _ = show(cells, {"M": "650"}, on=board(labels={"ORDER TYPE": labels}))
    assert (item.values["ORDER QTY"], item.subitems) == ("0", ())
    assert item.values.get("ORDER TYPE") == ("Cancelled" if "Cancelled" in labels else None)


@pytest.mark.parametrize("order_type", ["ACTIVE", "RECEIVED", "FORECAST", None, "CANCELED"])
def test_other_order_types_keep_their_quantities(show: Make, order_type: str | None) -> None:
    """Blank and unknown types are not taken for a cancellation."""
    item, _ = show({"ORDER TYPE": order_type, "TOTAL QTY": "650"}, {"M": "650"})
    assert (item.values["ORDER QTY"], pairs(item.subitems)) == ("650", [("M", "650")])


def some(number: int) -> dict[str, str]:
    """That many sizes with one piece each."""
    return dict.fromkeys(ALL_SIZES[:number], "1")


def test_an_item_takes_100_sizes(show: Make) -> None:
    """100 pass; 101 hold the line, under a rule that is reviewed."""
    item, _ = show({"TOTAL QTY": "100"}, some(100))
    assert len(item.subitems) == 100
    held, _ = show({"TOTAL QTY": "101"}, some(101))
    assert isinstance(held, Held)
    assert (held.finding.rule, held.customer) == ("capacity", "GREYSON")
    assert held.finding.message == (
        "the line has 101 sizes, an item takes 100; the line is not sent"
    )


def test_a_cancelled_line_is_never_too_large(show: Make) -> None:
    """It needs no subitem at all."""
    item, _ = show({"ORDER TYPE": "CANCELLED"}, some(161))
    assert item.subitems == ()


NO_NEW_SIZES = {"labels": {"create": ["AAG SEASON"]}}


def test_a_size_without_a_label_is_rejected_where_none_may_be_made(show: Make, board: Make) -> None:
    """The exact label is wanted; the finding's rule is label, so the line is looked at again."""
    on = board(labels={"Size": ("M", "xl")})
    item, findings = show({}, {"M": "1", "L": "2", "XL": "3"}, on=on, mapping=NO_NEW_SIZES)
    assert pairs(item.subitems) == [("M", "1")]
    assert item.rejected_sizes == {"L", "XL"}
    assert [(f.rule, f.column) for f in findings] == [("label", "L"), ("label", "XL")]
    assert "is no label of the subitems' column Size" in findings[0].message


def test_a_size_of_0_needs_no_label(show: Make, board: Make) -> None:
    """A size that nobody ordered is not looked for."""
    on = board(labels={"Size": ()})
    _, findings = show({}, {"M": "0.0"}, on=on, mapping=NO_NEW_SIZES)
    assert findings == ()


def test_a_new_size_makes_its_label(show: Make, board: Make) -> None:
    """Size may make labels unless the configuration says otherwise."""
    item, findings = show({"TOTAL QTY": "1"}, {"M": "1"}, on=board(labels={"Size": ()}))
    assert pairs(item.subitems) == [("M", "1")]
    assert findings == ()
