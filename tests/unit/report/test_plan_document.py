"""A plan for people: its tables, its sample, and the file that another person reviews."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from customer_orders.errors import ChecksumDiffers, ConfigError
from customer_orders.model import Finding, Unchanged
from customer_orders.plan import (
    Action,
    Estimate,
    Filters,
    Operation,
    Outcome,
    Plan,
    Planned,
    PlannedLine,
    Reading,
    Target,
)
from customer_orders.report import kept_plan, plan_document, print_plan, read_plan, write_plan
from customer_orders.report.changed import cells
from customer_orders.report.plan_grids import plan_grids, sample

LINES = {
    "a": ("NEW-1", Outcome.CREATED),
    "b": ("OLD-2", Outcome.UPDATED),
    "c": ("OLD-3", Outcome.MOVED),
}


def operation(kind: Target, action: Action, line: str | None = None, **parts: Any) -> Operation:
    """An operation of one customer and group."""
    return Operation(
        kind=kind,
        action=action,
        board="9",
        customer="TORVANE",
        group="TORVANE FALL",
        record_uuid=line,
        **parts,
    )


def planned() -> Planned:
    """A new line, a changed one with three sizes, and a moved one."""
    item, size = Target.ITEM, Target.SUBITEM
    one, two, none = ({"values": {"Order Qty": quantity}} for quantity in ("1", "2", "0"))
    operations = (
        operation(Target.GROUP, Action.ENSURE_GROUP, payload={"title": "TORVANE FALL"}),
        operation(item, Action.CREATE, "a", payload={"name": "n", "values": {"DROP": "1"}}),
        operation(size, Action.CREATE, "a", size="M", payload=one),
        operation(
            item,
            Action.UPDATE,
            "b",
            payload={"name": "new", "values": {"DROP": "[b]2"}},
            before={"name": "old", "values": {"DROP": None}},
        ),
        operation(size, Action.UPDATE, "b", size="M", payload=two, before=one),
        operation(size, Action.ZERO, "b", size="L", payload=none, before=two),
        operation(
            size,
            Action.CREATE,
            "b",
            size="XL",
            payload={"name": "XL", "values": {"Size": "XL", "Order Qty": "5"}},
        ),
        operation(item, Action.MOVE, "c", payload={"group": "NEW"}, before={"group": "OLD"}),
    )
    lines = [
        PlannedLine(line=x, customer="TORVANE", outcome=outcome, line_key=f"{order}\x1fSTYLE")
        for x, (order, outcome) in LINES.items()
    ]
    plan = Plan(
        operations=operations,
        lines=tuple(lines),
        unchanged=(Unchanged(customer="QUILLMOOR", po=None, season=None, lines=7, subitems=9),),
        findings=(Finding(rule="number", message="FREIGHT is not a number"),),
        missing=(),
        to_settle=(),
        dropped=1,
    )
    return Planned(
        plan=plan,
        reading=Reading(scope="s", mapping_version="v", rows=10, by_customer={}),
        looked_at=tuple(LINES),
        groups={},
        estimate=Estimate(
            calls=7, complexity=9_000_000, minutes=0.9, binds="", calls_left=900, calls_a_day=900
        ),
    )


def tables() -> dict[str, list[list[Any]]]:
    """Table -> its rows, without columns of zeros."""
    document = plan_document(planned(), Filters())
    return {grid.id: [list(row) for row in grid.rows] for grid in plan_grids(document)}


def test_changes_cell_by_cell() -> None:
    """Before and after of every cell of a line that stands there; a new line is no change."""
    assert tables()["changes"] == [
        ["TORVANE", "OLD-2", "name", "old", "new"],
        ["TORVANE", "OLD-2", "DROP", None, "[b]2"],
        ["TORVANE", "OLD-2", "size M", "1", "2"],
        ["TORVANE", "OLD-2", "size L", "2", "0"],
        ["TORVANE", "OLD-2", "size XL", None, "5"],
        ["TORVANE", "OLD-3", "group", "OLD", "NEW"],
    ]


def test_a_size_that_is_called_like_its_quantity() -> None:
    """Size 30 with 30 pieces is told once, however the columns are ordered."""
    for titles in (("Order Qty", "Size"), ("Size", "Order Qty")):
        made = cells(Target.SUBITEM, "30", {"values": dict.fromkeys(titles, "30")}, {})
        assert list(made) == [("size 30", None, "30")]


def test_counts_by_customer_and_group() -> None:
    """Made, linked, changed, moved; sizes made, changed and set to zero; whether it is new."""
    assert tables()["groups"] == [["TORVANE", "TORVANE FALL", "new", 1, 1, 1, 2, 1, 1]]
    customers = {row[0]: row[1:] for row in tables()["customers"]}
    assert customers == {"QUILLMOOR": [0, 0, 0, 7], "TORVANE": [1, 1, 1, 0]}


def test_the_terminal_shows_it_all() -> None:
    """Tables, calls, complexity, minutes, findings and checksum; data is no markup."""
    console = Console(width=100, file=io.StringIO(), record=True)
    document = plan_document(planned(), Filters(po="4755"))
    print_plan(console, document, show=2)
    text = console.export_text()
    assert "calls 7, complexity 9,000,000, minutes 0.9" in text
    for word in ("[b]2", "OLD-3", "FREIGHT is not a number", "po 4755", document["checksum"]):
        assert word in text
    assert text.count('"payload"') == 2


@pytest.mark.parametrize("known", [True, False])
def test_the_terminal_says_when_nothing_is_known_of_others(known: bool) -> None:
    """Then the forecast does not count them."""
    console = Console(width=100, file=io.StringIO(), record=True)
    document = plan_document(planned(), Filters())
    document["estimate"]["others_known"] = known
    print_plan(console, document)
    assert ("other programs" in console.export_text()) is not known


def test_a_sample_has_something_of_every_kind() -> None:
    """Each kind in turn, so that few payloads show what there is."""
    operations = plan_document(planned(), Filters())["operations"]
    kinds = [(o["kind"], o["action"]) for o in sample(operations, 7)]
    assert len(set(kinds)) == 7
    assert sample(operations, 0) == []
    assert len(sample(operations, 99)) == len(operations)


def test_a_kept_plan_is_the_plan(tmp_path: Path) -> None:
    """What is written is what is read for review, and what `apply FILE` takes."""
    file = tmp_path / "plan.json"
    write_plan(planned(), Filters(customer="TORVANE"), file)
    assert kept_plan(file) == plan_document(planned(), Filters(customer="TORVANE"))
    assert read_plan(file) == (planned().plan.checksum, Filters(customer="TORVANE"))


def test_a_kept_plan_without_a_part_is_refused(tmp_path: Path) -> None:
    """Whatever the review would print must be there."""
    file = tmp_path / "plan.json"
    document = plan_document(planned(), Filters())
    for part in ("filters", "missing", "dropped"):
        file.write_text(json.dumps({k: v for k, v in document.items() if k != part}), "utf-8")
        with pytest.raises(ConfigError, match=f"it lacks {part}"):
            kept_plan(file)


def test_a_kept_plan_that_was_changed_is_refused(tmp_path: Path) -> None:
    """A reviewer sees the operations that the checksum stands for, or none."""
    file = tmp_path / "plan.json"
    write_plan(planned(), Filters(), file)
    document = json.loads(file.read_text("utf-8"))
    document["operations"][1]["payload"]["values"]["DROP"] = "another"
    file.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(ChecksumDiffers, match="its checksum says"):
        kept_plan(file)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"operations": [], "checksum": "x"}', "\x00"])
def test_a_file_that_is_no_plan(tmp_path: Path, text: str) -> None:
    """Said with the file and the way to make one."""
    file = tmp_path / "other.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"other\.json: not a plan") as caught:
        kept_plan(file)
    assert "plan --out FILE" in caught.value.hint
