"""The whole plan: the lines that were looked at, and all that stands around them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from planning import BOARD, GROUP, LINE, VALUES, delivered, held, item, knowing, order_line

from customer_orders.config import RuleSettings
from customer_orders.model import Board, BoardColumn, Finding, Item, Severity, Unchanged
from customer_orders.plan import (
    Action,
    MissingLine,
    Outcome,
    Plan,
    Surroundings,
    Target,
    assemble,
)

OTHER = "22222222-2222-5222-8222-222222222222"
EMPTY = Surroundings(
    untold=(), unchanged=(), missing=(), absent=(), dropped=0, rules=RuleSettings()
)


def columns(*titles: str) -> dict[str, BoardColumn]:
    """Columns that take any text."""
    return {title: BoardColumn(id=title.lower(), title=title, type="text") for title in titles}


def board(**groups: tuple[str, ...]) -> Board:
    """The live board."""
    return Board(
        id=BOARD,
        name="Orders",
        columns=columns(*VALUES),
        subitem_columns=columns("Size", "Order Qty"),
        groups=groups,
        items_count=0,
        items_limit=10_000,
    )


def assembled(*wanted: Item, around: Surroundings = EMPTY, **parts: Any) -> Plan:
    """The plan for several items."""
    rendered = [(order_line(each.record_uuid), each) for each in wanted]
    live = parts.pop("live", board())
    return assemble(rendered, parts.pop("findings", ()), knowing(**parts), around, {BOARD: live})


def test_a_group_is_made_once_and_before_its_items() -> None:
    """Two new lines of one group: one operation for it, in front."""
    plan = assembled(item(), item(record_uuid=OTHER), groups={BOARD: {}})
    kinds = [(o.kind, o.action) for o in plan.operations]
    assert kinds[0] == (Target.GROUP, Action.ENSURE_GROUP)
    assert kinds.count((Target.GROUP, Action.ENSURE_GROUP)) == 1
    assert kinds.count((Target.ITEM, Action.CREATE)) == 2


def test_rows_that_cannot_be_told_come_with_their_findings() -> None:
    """A row without a line is in the plan by its number, skipped."""
    untold = held(None)
    plan = assembled(item(), around=replace(EMPTY, untold=(untold,)))
    assert [(line.line, line.outcome) for line in plan.lines] == [
        ("row 7", Outcome.SKIPPED),
        (LINE, Outcome.CREATED),
    ]
    assert plan.findings == (untold.finding,)


def test_unchanged_lines_are_counted_without_being_looked_at() -> None:
    """Their tally goes into the outcomes."""
    tally = Unchanged(customer="TORVANE", po="1", season=None, lines=5, subitems=20)
    plan = assembled(item(), around=replace(EMPTY, unchanged=(tally, tally)))
    assert plan.outcomes() == {Outcome.CREATED: 1, Outcome.UNCHANGED: 10}


def test_blank_rows_are_one_finding() -> None:
    """However many they are; none, when there are none."""
    plan = assembled(around=replace(EMPTY, dropped=12))
    (found,) = plan.findings
    assert (found.rule, found.severity, plan.dropped) == ("blank rows", Severity.INFO, 12)
    assert found.message.startswith("12 rows")
    assert assembled().findings == ()


def gone(record_uuid: str, reads: int) -> MissingLine:
    """A line that was delivered, and that this many complete reads did not have."""
    return MissingLine(record_uuid=record_uuid, customer="TORVANE", reads=reads)


def departed(reads: int, **parts: Any) -> Plan:
    """The plan where lines that are gone for three reads are archived."""
    rules = RuleSettings(line_gone="archive", line_gone_after=3)
    around = replace(EMPTY, missing=(gone(LINE, reads),), absent=(LINE,), rules=rules)
    return assembled(around=around, delivered={LINE: delivered(item())}, **parts)


def test_a_missing_line_is_archived_only_where_configured_and_after_so_many_reads() -> None:
    """One operation for item and sizes, with what stood there; the finding says so."""
    assert departed(2).operations == ()
    plan = departed(3)
    (archive,) = plan.operations
    assert (archive.kind, archive.action) == (Target.ITEM, Action.ARCHIVE)
    assert (archive.target, archive.group) == (f"{BOARD}/{LINE}", GROUP)
    assert archive.before == {"name": item().name, "group": GROUP}
    assert "its item is archived" in plan.findings[0].message
    assert "stays as it is" in departed(2).findings[0].message


def test_a_missing_line_is_not_archived_while_something_of_it_is_unknown_or_refused() -> None:
    """Nothing overtakes what is under way, and what monday refused is not sent again."""
    assert departed(3, unsettled=frozenset({LINE})).operations == ()
    assert departed(3, refused={(f"{BOARD}/{LINE}", "archive"): "{}"}).operations == ()
    assert departed(3, refused={(f"{BOARD}/{LINE}", "update"): "{}"}).operations != ()


def test_missing_lines_become_a_warning_in_time() -> None:
    """This read counts: from the third complete read on it is more than a remark."""
    around = replace(EMPTY, missing=(gone(LINE, 2), gone(OTHER, 3)), absent=(LINE, OTHER, "never"))
    plan = assembled(around=around)
    assert [(f.record_uuid, f.severity) for f in plan.findings] == [
        (LINE, Severity.INFO),
        (OTHER, Severity.WARNING),
    ]
    assert plan.missing == (LINE, OTHER, "never")
    assert plan.operations == ()


def test_findings_of_cells_and_groups_are_joined() -> None:
    """What rendering remarked, and a title that stands twice on the board."""
    remark = Finding(rule="number", message="no number", record_uuid=LINE)
    live = board(**{GROUP: ("g1", "g2")})
    plan = assembled(item(), findings=[remark], live=live)
    assert [found.rule for found in plan.findings] == ["number", "groups"]


def test_lines_to_settle_are_named_and_not_planned() -> None:
    """Nothing is sent for a line of which something is not known."""
    plan = assembled(item(), item(record_uuid=OTHER), unsettled=frozenset({LINE}))
    assert plan.to_settle == (LINE,)
    assert {o.record_uuid for o in plan.operations} == {OTHER}
    assert [line.outcome for line in plan.lines] == [Outcome.PENDING, Outcome.CREATED]


def test_a_line_as_delivered_makes_an_empty_plan() -> None:
    """Nothing to do is a plan as well, with a checksum of its own."""
    plan = assembled(item(), delivered={LINE: delivered(item())})
    assert plan.operations == ()
    assert plan.lines[0].outcome is Outcome.UNCHANGED
    assert plan.checksum == assembled().checksum != assembled(item()).checksum


def test_customers_take_turns() -> None:
    """The one line of a small customer is not behind all lines of a large one."""
    large = [item(record_uuid=f"large {number}") for number in range(5)]
    small = item(record_uuid="small", customer="BRELLIN")
    plan = assembled(*large, small)
    order = list(dict.fromkeys(o.record_uuid for o in plan.operations if o.record_uuid))
    assert order == ["large 0", "small", "large 1", "large 2", "large 3", "large 4"]
    assert [line.line for line in plan.lines] == [each.record_uuid for each in (*large, small)]
