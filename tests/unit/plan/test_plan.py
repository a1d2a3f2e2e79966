"""The plan as a value: groups, checksum, filters, counts and estimate."""

import json
from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from planning import (
    BOARD,
    GROUP,
    GROUPS,
    LINE,
    VALUES,
    allowed,
    delivered,
    item,
    knowing,
    order_line,
    plan_of,
    planned,
)

from customer_orders.config import RuleSettings
from customer_orders.errors import ConfigError
from customer_orders.model import Finding, Item, Severity, Unchanged
from customer_orders.plan import (
    Action,
    Filters,
    Knowledge,
    MissingLine,
    Operation,
    Outcome,
    Plan,
    Target,
    ensure_groups,
    forecast,
    make,
    missing_finding,
)

A, B, C, D = "line a", "line b", "line c", "line d"


def test_each_group_is_made_once() -> None:
    """69 lines that go to one group make one group, before any of them."""
    lines = [item(record_uuid=f"line {number}") for number in range(69)]
    plan = plan_of(*lines)
    assert plan.counts()[Target.GROUP, Action.ENSURE_GROUP] == 1
    group = plan.operations[0]
    assert (group.kind, group.group, group.payload) == (Target.GROUP, GROUP, {"title": GROUP})
    assert (group.rank, group.record_uuid, group.customer) == (0, None, "TORVANE")


def test_groups_that_are_there_are_not_made() -> None:
    """A group is known by board and title."""
    assert ensure_groups(plan_of(item()).operations, Knowledge(delivered={}, groups=GROUPS)) == []
    elsewhere = Knowledge(delivered={}, groups={"1": frozenset({GROUP})})
    assert len(ensure_groups(plan_of(item()).operations, elsewhere)) == 1


def test_a_group_on_each_board() -> None:
    """The same title on two boards is two groups; they come sorted."""
    lines = [
        item(record_uuid=A, group="Z"),
        item(record_uuid=B, board="1", group="Z"),
        item(record_uuid=C, group="A"),
    ]
    made = ensure_groups(plan_of(*lines).operations, Knowledge(delivered={}))
    assert [(o.board, o.group) for o in made] == [("1", "Z"), (BOARD, "A"), (BOARD, "Z")]


def test_moves_need_their_group_and_updates_do_not() -> None:
    """The group of a move is made; an item that stays needs none, whatever the board has."""
    knowledge = Knowledge(delivered={LINE: delivered(item())})
    moved = planned(item(group="NEW"), knowledge)[1]
    assert [o.group for o in ensure_groups(moved, knowledge)] == ["NEW"]
    updated = planned(item(name="other"), knowledge)[1]
    assert updated
    assert ensure_groups(updated, knowledge) == []


def test_targets_are_unique_and_hold_no_id_of_monday() -> None:
    """Groups, items and sizes are named by our keys."""
    operations = plan_of(item(sizes={"S/M": "1", "M": "2"})).operations
    assert [o.target for o in operations] == [
        f"{BOARD}/group {GROUP}",
        f"{BOARD}/{LINE}",
        f"{BOARD}/{LINE}/S/M",
        f"{BOARD}/{LINE}/M",
    ]


def test_payload_text_is_canonical() -> None:
    """Sorted keys, and umlauts as they are: the same text for the same payload."""
    one = Operation(
        kind=Target.ITEM, action=Action.UPDATE, board=BOARD, customer="x", group="y",
        payload={"values": {"B": "ü", "A": None}, "name": "n"},
    )  # fmt: skip
    assert one.payload_text == '{"name": "n", "values": {"A": null, "B": "ü"}}'
    assert json.loads(one.payload_text) == one.payload


def checksum_of(*wanted: Item) -> str:
    """Checksum of the plan for these items."""
    return plan_of(*wanted).checksum


def test_checksum_is_stable_under_order() -> None:
    """The order of lines, sizes and columns does not count."""
    lines = [item(record_uuid=name, group=name) for name in (A, B, C)]
    assert len({checksum_of(*some) for some in permutations(lines)}) == 1
    turned = item(dict(reversed(VALUES.items())), {"L": "80", "M": "100"})
    assert checksum_of(turned) == checksum_of(item())


@pytest.mark.parametrize(
    "other",
    [
        item(VALUES | {"CUSTOMER PRICE": "13"}),
        item(sizes={"M": "100", "L": "81"}),
        item(sizes={"M": "100"}),
        item(name="other"),
        item(group="other"),
        item(board="1"),
        item(record_uuid="other"),
    ],
)
def test_checksum_changes_with_what_is_sent(other: Item) -> None:
    """Another cell, quantity, name, group, board or line is another plan."""
    assert checksum_of(other) != checksum_of(item())


def test_checksum_holds_nothing_of_the_run() -> None:
    """Hash, row, findings, missing lines and what stood there before stay out of it."""
    plan = plan_of(item())
    finding = Finding(rule="missing", message="gone", row=3)
    told = replace(
        plan, findings=(finding,), missing=("x",), to_settle=("y",), dropped=4, unchanged=()
    )
    assert told.checksum == plan.checksum
    other_row = replace(order_line(row_hash="h2"), row=99)
    ((_, operations),) = make([(other_row, item(row_hash="h2"))], Knowledge(delivered={}))
    assert replace(plan, operations=(*plan.operations[:1], *operations)).checksum == plan.checksum
    before = [replace(o, before={"name": "was"}) for o in plan.operations]
    assert replace(plan, operations=tuple(before)).checksum == plan.checksum


def test_checksum_of_nothing() -> None:
    """An empty plan has a checksum as well: 64 hexadecimal digits."""
    empty = plan_of()
    assert empty.checksum == plan_of().checksum
    assert len(empty.checksum) == 64
    assert empty.checksum != checksum_of(item())


def sample() -> Plan:
    """Four lines of two customers in two groups, the last one unchanged."""
    lines = [
        item(record_uuid=A, po="100", season="2025 FALL"),
        item(record_uuid=B, po="200", season="2025 FALL"),
        item(record_uuid=C, po="100", season=None, customer="QUILLMOOR", group="QUILLMOOR"),
        item(record_uuid=D, po="100", season="SP26"),
    ]
    unchanged = (
        Unchanged(customer="TORVANE", po="100", season="2025 FALL", lines=5, subitems=9),
        Unchanged(customer="QUILLMOOR", po="200", season=None, lines=7, subitems=8),
    )
    knowledge = Knowledge(delivered={D: delivered(lines[3])})
    return plan_of(*lines, knowledge=knowledge, unchanged=unchanged, to_settle=(A, C))


@pytest.mark.parametrize(
    ("filters", "lines", "groups", "unchanged"),
    [
        (Filters(), [A, B, C, D], 2, 12),
        (Filters(customer="TORVANE"), [A, B, D], 1, 5),
        (Filters(customer="torvane"), [A, B, D], 1, 5),
        (Filters(customer="QUILL"), [], 0, 0),
        (Filters(po="200"), [B], 1, 7),
        (Filters(season="SP26"), [D], 0, 0),
        (Filters(customer="QUILLMOOR", po="100"), [C], 1, 0),
        (Filters(limit=1), [A, D], 1, 12),
        (Filters(limit=2), [A, B, D], 1, 12),
        (Filters(limit=0), [D], 0, 12),
        (Filters(limit=9), [A, B, C, D], 2, 12),
        (Filters(po="100", limit=1), [A, D], 1, 5),
        (Filters(customer="QUILLMOOR", limit=1), [C], 1, 7),
    ],
)
def test_filters_choose_from_the_plan(
    filters: Filters, lines: list[str], groups: int, unchanged: int
) -> None:
    """Filters first, the limit last; groups stay only where a chosen line goes there."""
    plan = sample().only(filters)
    assert [line.line for line in plan.lines] == lines
    assert plan.counts()[Target.GROUP, Action.ENSURE_GROUP] == groups
    chosen = {o.record_uuid for o in plan.operations if o.record_uuid}
    assert chosen == {*lines} - {D}
    assert sum(tally.lines for tally in plan.unchanged) == unchanged
    assert plan.to_settle == tuple(line for line in (A, C) if line in lines)


@pytest.mark.parametrize("filters", [Filters(customer="QUILLMOOR"), Filters(limit=0)])
def test_filters_make_no_line_missing(filters: Filters) -> None:
    """What they leave out is still in the source; what the source lost is missing under all."""
    plan = replace(sample(), missing=("gone",))
    assert plan.only(filters).missing == ("gone",)


def test_group_is_left_out_with_the_lines_that_need_it() -> None:
    """An update of an item that is there already does not bring the group with it."""
    known = delivered(item(record_uuid=A))
    lines = [item(record_uuid=A, name="other"), item(record_uuid=B)]
    plan = plan_of(*lines, knowledge=Knowledge(delivered={A: known}))
    assert [o.kind for o in plan.only(Filters(limit=1)).operations] == [Target.ITEM]
    assert plan.only(Filters(limit=2)).counts() == plan.counts()


def test_no_filters_leave_the_plan_as_it_is() -> None:
    """Lines to settle that the source no longer has stay listed."""
    plan = replace(sample(), to_settle=("gone",))
    assert plan.only(Filters()) == plan


def test_filters_are_named_for_the_report() -> None:
    """Only those that are set, with the limit as a number."""
    assert Filters().as_dict() == {}
    assert Filters(customer="A", po="1", season="S", limit=0).as_dict() == {
        "customer": "A",
        "po": "1",
        "season": "S",
        "limit": 0,
    }


def test_outcomes_count_every_line_once() -> None:
    """Planned lines by their outcome, and the lines that were not looked at."""
    assert sample().outcomes() == {Outcome.CREATED: 3, Outcome.UNCHANGED: 13}


def test_links_cost_nothing() -> None:
    """Taking over what was found sends no mutation."""
    knowledge = knowing(found={LINE: delivered(item())})
    plan = plan_of(item(), knowledge=knowledge)
    assert plan.counts()[Target.ITEM, Action.LINK] == 1
    estimate = forecast(plan.counts(), allowed())
    assert (estimate.calls, estimate.complexity, estimate.minutes, estimate.binds) == (0, 0, 0, "")
    assert estimate.fits_today


@pytest.mark.parametrize(("reads", "severity"), [(1, "info"), (2, "info"), (3, "warning")])
def test_missing_line_is_a_remark_and_then_a_warning(reads: int, severity: str) -> None:
    """The item stays; the finding says for how many reads the line has been gone."""
    line = MissingLine(record_uuid=LINE, customer="TORVANE", reads=reads)
    finding = missing_finding(line, RuleSettings())
    assert finding.severity == Severity(severity)
    assert (finding.rule, finding.record_uuid, finding.customer) == ("missing", LINE, "TORVANE")
    assert f"for {reads} complete reads" in finding.message
    assert finding.id == missing_finding(replace(line, reads=9), RuleSettings()).id


@given(
    st.lists(st.tuples(st.integers(0, 4), st.sampled_from("MXL"), st.integers(1, 9)), max_size=9)
)
def test_filters_split_the_plan(found: list[tuple[int, str, int]]) -> None:
    """The plans of all POs together hold every line and every operation of the whole plan."""
    lines = [
        item(sizes={size: str(pieces)}, record_uuid=f"line {number}", po=str(po))
        for number, (po, size, pieces) in enumerate(found)
    ]
    plan = plan_of(*lines)
    parts = [plan.only(Filters(po=str(po))) for po in range(5)]
    assert sum(len(part.lines) for part in parts) == len(plan.lines)
    assert {o for part in parts for o in map(_name, part.operations)} == {
        *map(_name, plan.operations)
    }


def _name(operation: Operation) -> tuple[str, str]:
    return operation.target, operation.payload_text


@pytest.mark.parametrize(
    ("filters", "hint"),
    [
        (Filters(customer="TORVANNE"), 'did you mean the customer "TORVANE"?'),
        (Filters(po="9999"), "look at the filters"),
    ],
)
def test_filters_that_nothing_passes_are_refused(filters: Filters, hint: str) -> None:
    """A name typed wrong is not "no changes"; what was asked for is repeated."""
    with pytest.raises(ConfigError) as refused:
        filters.require(0, ["GREYSON", "TORVANE"])
    assert "no line of the source passes the filters" in refused.value.message
    assert refused.value.hint == hint
    filters.require(1, [])
    Filters(limit=0).require(0, [])
