"""Whole lines: the customer, the group, the name, and what holds a line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer_orders.model import Held, Severity

Make = Callable[..., Any]

UUID = "3f0e6f5c-8d3c-5b8e-9a55-0c1f6a6a9b11"
CUSTOMERS = {
    "GREYSON": ["GREYSON CLOTHIERS", "Greyson (US)", "GREYSON - EMEA"],
    "O'DELL & SON": ["O'DELL, SON", "O\u2019Dell and Son"],
    "M\u00dcLLER WEST": ["M\u00fcller"],
}


@pytest.mark.parametrize(
    ("name", "customer"),
    [
        ("GREYSON", "GREYSON"),
        ("GREYSON CLOTHIERS", "GREYSON"),
        ("Greyson Clothiers", "GREYSON"),
        ("greyson (us)", "GREYSON"),
        ("GREYSON - EMEA", "GREYSON"),
        ("\u00a0GREYSON ", "GREYSON"),
        ("o'dell & son", "O'DELL & SON"),
        ("O'Dell, Son", "O'DELL & SON"),
        ("O\u2019DELL AND SON", "O'DELL & SON"),
        ("M\u00fcLLER", "M\u00dcLLER WEST"),
    ],
)
def test_a_customer_is_known_by_its_aliases(show: Make, name: str, customer: str) -> None:
    """Regional suffix, case, apostrophe, comma and brackets: the canonical name is what counts."""
    item, _ = show({"CUSTOMER NAME": name}, customers=CUSTOMERS)
    assert item.customer == customer
    assert item.group == f"{customer} 2025 FALL"


@pytest.mark.parametrize(
    "name",
    ["GREYSON CLOTHIERS INC", "GREYSO", "GREYSON  CLOTHIERS", "O DELL, SON", "MULLER", "Mueller"],
)
def test_an_unknown_customer_holds_its_line(show: Make, name: str) -> None:
    """Nothing near is taken for the same; the finding names what was found."""
    held, findings = show({"CUSTOMER NAME": name}, customers=CUSTOMERS)
    assert isinstance(held, Held)
    assert findings == ()
    assert (held.record_uuid, held.customer, held.po) == (UUID, name, "4755")
    finding = held.finding
    assert (finding.rule, finding.column, finding.value) == ("customer", "CUSTOMER NAME", name)
    assert (finding.severity, finding.row) == (Severity.ERROR, 7)
    assert finding.message == f'the customer "{name}" is not known; the line is not sent'


def test_a_blank_customer_holds_its_line(show: Make) -> None:
    """A line of nobody is not sent."""
    held, _ = show({"CUSTOMER NAME": None})
    assert isinstance(held, Held)
    assert held.customer == "(no customer)"
    assert held.finding.message == "the customer is blank; the line is not sent"
    assert held.finding.value is None


def test_a_blank_alias_claims_no_blank_customer(show: Make) -> None:
    """An empty text left in the configuration does not adopt lines of nobody."""
    held, _ = show({"CUSTOMER NAME": None}, customers={"GREYSON": [""]})
    assert isinstance(held, Held)


def test_the_canonical_customer_also_goes_to_a_column_of_another_name(
    show: Make, board: Make
) -> None:
    """Any column fed by the customer's name, and the one the setting names."""
    mapping = {
        "columns": {"BRAND": {"from": "CUSTOMER NAME"}, "HOUSE": {"from": "STYLE DESCRIPTION"}},
        "customer": "HOUSE",
    }
    on = board(columns={"BRAND": "text", "HOUSE": "text"})
    item, _ = show(on=on, mapping=mapping)
    assert (item.values["BRAND"], item.values["HOUSE"]) == ("GREYSON", "GREYSON")


BOARD = {"id": "9000000001", "name": "Customer Master Schedule"}


@pytest.mark.parametrize(("customers", "sent"), [(["GREYSON"], True), (["OTHER"], False)])
def test_a_customer_without_a_board_is_held(show: Make, customers: list[str], sent: bool) -> None:
    """The finding can go without a change of the row, so its rule is one that is reviewed."""
    known = {"GREYSON": ["GREYSON CLOTHIERS"], "OTHER": ["OTHER BRAND"]}
    result, findings = show(board=[BOARD | {"customers": customers}], customers=known)
    assert isinstance(result, Held) is not sent
    if not sent:
        assert (result.finding.rule, result.customer) == ("board", "GREYSON")
        assert 'no board is configured for the customer "GREYSON"' in result.finding.message
    assert findings == ()


@pytest.mark.parametrize(
    ("customer_season", "aag_season", "group"),
    [
        ("SP26", "2025 FALL", "GREYSON SP26"),
        ("SP26", None, "GREYSON SP26"),
        (None, "2025 FALL", "GREYSON 2025 FALL"),
    ],
)
def test_the_group_is_customer_and_season(
    show: Make, customer_season: str | None, aag_season: str | None, group: str
) -> None:
    """The customer's own season comes first, then ours; neither is worth a finding."""
    item, findings = show({"CUSTOMER SEASON": customer_season, "AAG SEASON": aag_season})
    assert item.group == group
    assert item.season == (customer_season or aag_season)
    assert findings == ()


def test_a_line_without_a_season_goes_to_unseasoned(show: Make) -> None:
    """The last template takes what fits no other, with a finding."""
    item, findings = show({"CUSTOMER SEASON": None, "AAG SEASON": None})
    assert item.group == "GREYSON UNSEASONED"
    assert item.season is None
    assert [(f.rule, f.message, f.severity) for f in findings] == [
        ("season", "no season in CUSTOMER SEASON, AAG SEASON", Severity.INFO)
    ]


@pytest.mark.parametrize(
    ("templates", "group"),
    [
        (["{CUSTOMER}"], "GREYSON"),
        (["{CUSTOMER NAME} / {DROP}", "{CUSTOMER} rest"], "GREYSON CLOTHIERS / D2"),
        (["{NOTES}", "{CUSTOMER} {DROP}"], "GREYSON D2"),
        (["{NOTES}"], "GREYSON"),
        (["everything"], "everything"),
    ],
)
def test_group_templates(show: Make, templates: list[str], group: str) -> None:
    """The first template without a blank field; a group is never without a title."""
    item, _ = show({"DROP": "D2", "NOTES": None}, mapping={"group": templates})
    assert item.group == group


@pytest.mark.parametrize(
    ("cells", "name"),
    [
        ({}, "MFA25B60 417 - MALTESE BLUE GRE-04305"),
        ({"CUSTOMER STYLE": None}, "417 - MALTESE BLUE GRE-04305"),
        ({"CUSTOMER COLOUR DESCRIPTION": None}, "MFA25B60 GRE-04305"),
        ({"AAG ORDER NUMBER": None}, "MFA25B60 417 - MALTESE BLUE"),
        ({"CUSTOMER STYLE": None, "AAG ORDER NUMBER": None}, "417 - MALTESE BLUE"),
        ({"CUSTOMER STYLE": None, "CUSTOMER COLOUR DESCRIPTION": "A  B"}, "A  B GRE-04305"),
        ({"CUSTOMER COLOUR DESCRIPTION": "{NOTES}"}, "MFA25B60 {NOTES} GRE-04305"),
        ({"CUSTOMER COLOUR DESCRIPTION": "\\1 \\g<0>"}, "MFA25B60 \\1 \\g<0> GRE-04305"),
        ({"CUSTOMER COLOUR DESCRIPTION": "GR\u00dcN"}, "MFA25B60 GR\u00dcN GRE-04305"),
    ],
)
def test_the_name_closes_up_over_blank_fields(
    show: Make, cells: dict[str, str | None], name: str
) -> None:
    """A blank field takes one blank along; the blanks inside a cell stay."""
    item, _ = show(cells)
    assert item.name == name


def test_a_name_of_blank_fields_alone_is_the_line_key(show: Make) -> None:
    """An item must have a name."""
    blank = dict.fromkeys(["CUSTOMER STYLE", "CUSTOMER COLOUR DESCRIPTION", "AAG ORDER NUMBER"])
    item, _ = show(blank)
    assert item.name == UUID


@pytest.mark.parametrize(
    "column",
    [
        "USA ONLY LSTP 75% EX WORKS",
        "EX WORKS (USD)",
        "ALIAS/RELATED ITEM",
        "PROMO GROUP / CAMPAIGN (HOT 30/GLOBAL EDIT",
        "CUSTOMER''S COLOUR CODE (CUSTOM FIELD) CUSTOMER PROVIDES THIS",
        "NO. OF CARTONS",
        "A.B[0]!r:>10",
        "0",
    ],
)
def test_a_template_names_any_column(show: Make, column: str) -> None:
    """Dots, brackets, percent and apostrophes in a column name are plain text."""
    mapping = {"name": "<{" + column + "}> {CUSTOMER}"}
    item, _ = show({column: "12%s"}, mapping=mapping)
    assert item.name == "<12%s> GREYSON"


def test_a_name_is_cut_at_255(show: Make) -> None:
    """255 characters pass; of a longer name the end goes, with a finding."""
    item, findings = show({"CUSTOMER STYLE": "x" * 255}, mapping={"name": "{CUSTOMER STYLE}"})
    assert (item.name, findings) == ("x" * 255, ())
    item, findings = show({"CUSTOMER STYLE": "x" * 256}, mapping={"name": "{CUSTOMER STYLE}"})
    assert item.name == "x" * 255
    assert [(f.rule, f.column) for f in findings] == [("length", None)]
    assert findings[0].message == "the item name has 256 characters; cut to 255"
    assert item.values["STYLE"] == "x" * 256


def test_the_rest_of_an_item(show: Make) -> None:
    """What travels beside the values: identity, hash, board and what filters look at."""
    item, _ = show()
    assert (item.record_uuid, item.row_hash, item.board) == (UUID, "hash", "9000000001")
    assert (item.customer, item.po, item.season) == ("GREYSON", "4755", "2025 FALL")


@given(st.text(max_size=60), st.one_of(st.none(), st.text(min_size=1, max_size=30)))
def test_any_template_gives_a_name_and_a_group(show: Make, template: str, cell: str | None) -> None:
    """Whatever stands in the configuration, an item has a trimmed name and a group."""
    mapping = {"name": template + "{NOTES}", "group": [template + "{NOTES}", template]}
    item, _ = show({"NOTES": cell}, mapping=mapping)
    assert 0 < len(item.name) <= 255
    assert item.group
