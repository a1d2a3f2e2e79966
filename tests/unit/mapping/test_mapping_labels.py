"""The label plan: what is there, what is made, what is refused, before anything is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from customer_orders.mapping import Rules, fit_labels, render
from customer_orders.model import Finding, Item, LabelUse, OrderLine, Severity

Make = Callable[..., Any]


@pytest.fixture
def fitted(
    settings: Make, board: Make, line: Make
) -> Callable[..., tuple[list[Item], list[Finding], dict[str, LabelUse]]]:
    """Renders lines with these drops on a board whose DROP column has so many labels."""

    def fit(*drops: str, known: int = 0, **more: Any) -> Any:
        labels = {"DROP": [f"label {number}" for number in range(known)], **more}
        live = board(labels=labels)
        rules = Rules.of(settings(), {live.id: live})
        lines: list[OrderLine] = [line({"DROP": d}, {"M": "1", "L": "2"}) for d in drops]
        results = [render(each, rules) for each in lines]
        rendered = [(each, item) for each, (item, _) in zip(lines, results, strict=True)]
        findings = [found for _, remarks in results for found in remarks]
        result, remarks, uses = fit_labels(rendered, findings, rules)
        return [item for _, item in result], remarks, {use.column: use for use in uses}

    return fit


def test_every_label_is_there_made_or_refused(fitted: Make) -> None:
    """By column: the customer is known, the drop is made, the unknown terms are refused."""
    _, remarks, uses = fitted("DROP 1", "DROP 2", "DROP 1")
    assert remarks == []
    assert uses["CUSTOMER"].used == ("GREYSON",)
    assert (uses["DROP"].known, uses["DROP"].made) == (0, ("DROP 1", "DROP 2"))
    assert uses["ORDER TYPE"].refused == ()


def test_a_label_that_may_not_be_made_is_in_the_plan(fitted: Make) -> None:
    """What rendering refused is told beside what is made."""
    _, _, uses = fitted("DROP 1", CUSTOMER=["NORTHWIND KNITS"])
    assert uses["CUSTOMER"].refused == ("GREYSON",)


def test_spellings_of_one_new_label(fitted: Make) -> None:
    """Case and outer blanks do not make two labels: the first spelling is sent."""
    items, _, uses = fitted("Drop 1", "DROP 1")
    assert [item.values["DROP"] for item in items] == ["Drop 1", "Drop 1"]
    assert uses["DROP"].made == ("Drop 1",)


def test_no_more_labels_than_fit(fitted: Make) -> None:
    """500 in a dropdown: the rest of the cells is not sent, each with a finding."""
    items, remarks, uses = fitted("A", "B", "label 7", known=499)
    assert [item.values.get("DROP") for item in items] == ["A", None, "label 7"]
    assert "DROP" not in items[1].values
    assert (uses["DROP"].made, uses["DROP"].refused) == (("A",), ("B",))
    assert [(found.rule, found.severity) for found in remarks] == [
        ("label", Severity.WARNING),
        ("labels", Severity.ERROR),
    ]


@pytest.mark.parametrize(("known", "told"), [(448, False), (449, True)])
def test_a_column_that_fills_up_is_a_finding(fitted: Make, known: int, told: bool) -> None:
    """From 450 of 500 labels on, as long as some are made."""
    _, remarks, _ = fitted("new", known=known)
    assert [found.severity for found in remarks] == ([Severity.WARNING] if told else [])
    assert fitted("label 7", known=500)[1] == []


def test_a_size_without_room_is_left_out(fitted: Make) -> None:
    """The board keeps what it has of that size; nothing is set to 0."""
    items, remarks, uses = fitted("A", Size=[f"size {number}" for number in range(500)])
    assert items[0].subitems == ()
    assert items[0].rejected_sizes == {"M", "L"}
    assert uses["Size"].refused == ("L", "M")
    assert {found.rule for found in remarks} == {"label", "labels"}
