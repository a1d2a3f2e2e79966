"""Lines of a source without sizes and without a list of customers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from customer_orders.mapping import check_targets
from customer_orders.model import Held, Item

Make = Callable[..., Any]

OWN: dict[str, Any] = {
    "source": {"file": "a.csv", "key": ["AAG ORDER NUMBER"]},
    "mapping": {"profile": "none", "columns": {"ORDER QTY": "TOTAL QTY"}},
    "customers": {},
}


def test_every_customer_is_its_own(show: Make) -> None:
    """The name in the source is the group; nobody is unknown."""
    item, _ = show({"CUSTOMER NAME": "TARN & HOLM EU"}, **OWN)
    assert isinstance(item, Item)
    assert (item.customer, item.group, item.name) == (
        "TARN & HOLM EU",
        "TARN & HOLM EU",
        "GRE-04305",
    )


def test_a_blank_customer_is_held(show: Make) -> None:
    """There is no group for nobody."""
    held, _ = show({"CUSTOMER NAME": None}, **OWN)
    assert isinstance(held, Held)


def test_a_quantity_without_sizes_is_no_finding(show: Make) -> None:
    """There is nothing that it could differ from."""
    item, findings = show({"TOTAL QTY": "12"}, **OWN)
    assert (item.values["ORDER QTY"], item.subitems) == ("12", ())
    assert findings == ()


def test_a_board_without_subitems_passes(settings: Make, board: Make) -> None:
    """Columns of subitems are needed only where there are sizes."""
    made = settings(**OWN)
    live = board(subitem_columns={"Size": None, "Order Qty": None})
    check_targets(made, made.boards[0], live)
