"""What a change does on the board, case by case."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from planning import (
    BOARD,
    GROUP,
    LINE,
    NAME,
    SIZES,
    VALUES,
    delivered,
    difference,
    item,
    knowing,
    order_line,
    planned,
    shown,
    subitem,
)

from customer_orders.model import DeliveredItem, DeliveredSubitem, Item, Subitem
from customer_orders.plan import Action, Operation, Outcome, Target
from customer_orders.plan.make import kept_edits

WHOLE = {title: cell for title, cell in VALUES.items() if cell is not None}
CANCELLED = VALUES | {"ORDER TYPE": "CANCELLED", "ORDER QTY": "0"}


def test_new_line_with_sizes() -> None:
    """The item is made with its name, group and values that are not blank, then each size."""
    assert difference(item(), None) == [
        ("item", "create", None, {"name": NAME, "group": GROUP, "values": WHOLE}),
        ("subitem", "create", "M", {"name": "M", "values": {"Size": "M", "Order Qty": "100"}}),
        ("subitem", "create", "L", {"name": "L", "values": {"Size": "L", "Order Qty": "80"}}),
    ]


def test_new_line_without_sizes() -> None:
    """Without sizes the item is made alone."""
    operations = difference(item(sizes={}), None)
    assert [o[:3] for o in operations] == [("item", "create", None)]


def test_mapped_column_changed() -> None:
    """Only the changed columns are sent."""
    now = item(VALUES | {"CUSTOMER PRICE": "13", "DROP": "DROP 2"})
    assert difference(now, item()) == [
        ("item", "update", None, {"values": {"CUSTOMER PRICE": "13", "DROP": "DROP 2"}})
    ]


def test_column_that_goes_blank() -> None:
    """A blank is sent as a blank, not left out."""
    now = item(VALUES | {"CUSTOMER PRICE": None})
    assert difference(now, item()) == [
        ("item", "update", None, {"values": {"CUSTOMER PRICE": None}})
    ]


def test_update_remembers_what_stood_there() -> None:
    """An update carries the old cells in the shape of its payload, for the way back."""
    now = item(VALUES | {"CUSTOMER PRICE": "13", "DROP": "DROP 2"}, name="new name")
    (operation,) = planned(now, knowing(delivered(item())))[1]
    assert operation.before == {
        "values": {"CUSTOMER PRICE": "12.5", "DROP": None},
        "name": NAME,
    }


def test_quantity_changed() -> None:
    """The order quantity and the subitem of that size are updated, no other."""
    now = item(VALUES | {"ORDER QTY": "200"}, SIZES | {"M": "120"})
    assert difference(now, item()) == [
        ("item", "update", None, {"values": {"ORDER QTY": "200"}}),
        ("subitem", "update", "M", {"values": {"Order Qty": "120"}}),
    ]


def test_size_appears() -> None:
    """A size that was never delivered is made."""
    assert difference(item(sizes=SIZES | {"XL": "5"}), item()) == [
        ("subitem", "create", "XL", {"name": "XL", "values": {"Size": "XL", "Order Qty": "5"}})
    ]


def test_size_goes_to_zero() -> None:
    """A delivered size that is no longer ordered is set to 0 and stays."""
    (operation,) = planned(item(sizes={"M": "100"}), knowing(delivered(item())))[1]
    assert shown([operation]) == [("subitem", "zero", "L", {"values": {"Order Qty": "0"}})]
    assert operation.before == {"values": {"Order Qty": "80"}}


def test_size_that_is_zero_already() -> None:
    """A size that was set to 0 is not set to 0 again; ordered again, it is updated."""
    was = delivered(item())
    at_zero = dict(was.subitems) | {"L": subitem("L", "0", 2)}
    knowledge = knowing(replace(was, subitems=at_zero))
    line, operations = planned(item(sizes={"M": "100"}), knowledge)
    assert (operations, line.outcome, line.quiet_subitems) == ([], Outcome.UNCHANGED, 2)
    assert shown(planned(item(), knowledge)[1]) == [
        ("subitem", "update", "L", {"values": {"Order Qty": "80"}})
    ]


def test_rejected_size_is_left_alone() -> None:
    """A size whose cell cannot be used keeps the quantity that it has."""
    now = item(sizes={"M": "100"}, rejected_sizes=frozenset({"L", "XL"}))
    line, operations = planned(now, knowing(delivered(item())))
    assert (operations, line.quiet_subitems) == ([], 2)


def test_rejected_cell_keeps_what_was_delivered() -> None:
    """A title that is not among the values is neither sent nor emptied."""
    values = {title: cell for title, cell in VALUES.items() if title != "CUSTOMER PRICE"}
    assert difference(item(values), item()) == []
    assert "CUSTOMER PRICE" not in difference(item(values), None)[0][3]["values"]


def test_customer_or_season_changed() -> None:
    """The item moves to its new group and is renamed, the sizes go along."""
    now = item(VALUES | {"CUSTOMER": "QUILLMOOR"}, group="QUILLMOOR SP26", name="other")
    knowledge = knowing(delivered(item()))
    line, operations = planned(now, knowledge)
    assert shown(operations) == [
        ("item", "move", None, {"group": "QUILLMOOR SP26"}),
        ("item", "update", None, {"values": {"CUSTOMER": "QUILLMOOR"}, "name": "other"}),
    ]
    assert operations[0].before == {"group": GROUP}
    assert line.outcome is Outcome.MOVED


def test_name_alone_changed() -> None:
    """A rename is an update without columns."""
    assert difference(item(name="other"), item()) == [("item", "update", None, {"name": "other"})]


def test_line_is_cancelled() -> None:
    """ORDER TYPE says so, the order quantity and every size go to 0."""
    assert difference(item(CANCELLED, {}), item()) == [
        ("item", "update", None, {"values": {"ORDER TYPE": "CANCELLED", "ORDER QTY": "0"}}),
        ("subitem", "zero", "L", {"values": {"Order Qty": "0"}}),
        ("subitem", "zero", "M", {"values": {"Order Qty": "0"}}),
    ]


def test_cancelled_line_becomes_active() -> None:
    """ORDER TYPE, order quantity and the sizes come back."""
    was = delivered(item(CANCELLED, {}))
    zeros = {size: subitem(size, "0", n) for n, size in enumerate(SIZES, 1)}
    assert shown(planned(item(), knowing(replace(was, subitems=zeros)))[1]) == [
        ("item", "update", None, {"values": {"ORDER TYPE": "RECEIVED", "ORDER QTY": "180"}}),
        ("subitem", "update", "M", {"values": {"Order Qty": "100"}}),
        ("subitem", "update", "L", {"values": {"Order Qty": "80"}}),
    ]


def test_cancelled_from_the_start() -> None:
    """The item is made, without sizes, and counts as created."""
    line, operations = planned(item(CANCELLED, {}))
    assert [(o.kind, o.action) for o in operations] == [(Target.ITEM, Action.CREATE)]
    assert line.outcome is Outcome.CREATED


def test_unchanged_line() -> None:
    """Nothing differs: no call, and all subitems are quiet."""
    line, operations = planned(item(), knowing(delivered(item())))
    assert (operations, line.outcome, line.quiet_subitems) == ([], Outcome.UNCHANGED, 2)


def test_item_that_a_person_moved_stays() -> None:
    """The group that counts is the one it was delivered to; the ledger does not know of moves."""
    was = delivered(item())
    assert planned(item(), knowing(was, found={LINE: was}))[1] == []


def test_item_that_stands_on_the_board_is_linked() -> None:
    """An item found under our key, sizes and all, is taken over and never made again."""
    line, operations = planned(item(), knowing(found={LINE: delivered(item())}))
    read = dict(delivered(item()).values)
    assert shown(operations) == [
        ("item", "link", None, {"monday_id": "5001", "name": NAME, "group": GROUP, "values": read}),
        ("subitem", "link", "M", _read("71", "M", "100")),
        ("subitem", "link", "L", _read("72", "L", "80")),
    ]
    assert (line.outcome, line.quiet_subitems) == (Outcome.UNCHANGED, 2)


def test_linked_item_is_brought_up_to_date() -> None:
    """What was read is compared: old cells, group and sizes are mended, absent sizes made."""
    old = item(VALUES | {"CUSTOMER PRICE": "9"}, {"M": "1", "S": "4"}, group="OLD", name="old")
    line, operations = planned(item(), knowing(found={LINE: delivered(old)}))
    assert [(o.kind, o.action, o.size) for o in operations] == [
        (Target.ITEM, Action.LINK, None),
        (Target.ITEM, Action.MOVE, None),
        (Target.ITEM, Action.UPDATE, None),
        (Target.SUBITEM, Action.LINK, "M"),
        (Target.SUBITEM, Action.LINK, "S"),
        (Target.SUBITEM, Action.UPDATE, "M"),
        (Target.SUBITEM, Action.CREATE, "L"),
        (Target.SUBITEM, Action.ZERO, "S"),
    ]
    assert operations[2].payload == {"values": {"CUSTOMER PRICE": "12.5"}, "name": NAME}
    assert line.outcome is Outcome.MOVED


def test_subitem_that_the_ledger_lost_is_linked() -> None:
    """A size that stands on the board of a known item is taken over, not made twice."""
    known = delivered(item(sizes={"M": "100"}))
    line, operations = planned(item(), knowing(known, found={LINE: delivered(item())}))
    assert shown(operations) == [("subitem", "link", "L", _read("72", "L", "80"))]
    assert line.outcome is Outcome.UNCHANGED


def test_the_ledger_is_trusted_before_the_board() -> None:
    """For a known item the delivered values decide, not those that a look-up read."""
    person = delivered(item(VALUES | {"CUSTOMER PRICE": "99"}, group="MOVED BY A PERSON"))
    assert planned(item(), knowing(delivered(item()), found={LINE: person}))[1] == []


def test_line_key_is_written_on_an_item_without_it() -> None:
    """An item that lost our key gets it back."""
    was = item(VALUES | {"LINE KEY": None})
    assert difference(item(), was) == [("item", "update", None, {"values": {"LINE KEY": LINE}})]


def test_columns_have_other_titles_by_configuration() -> None:
    """The two subitem columns are named by the configuration."""
    knowledge = knowing(size_column="Taille", quantity_column="Pieces")
    operations = planned(item(sizes={"M": "1"}), knowledge)[1]
    assert operations[1].payload == {"name": "M", "values": {"Taille": "M", "Pieces": "1"}}


def test_planned_line_carries_what_the_ledger_needs() -> None:
    """Hash, key, ordinal and what the filters look at."""
    line, operations = planned(item())
    assert (line.line, line.customer, line.row_hash) == (LINE, "TORVANE", "h1")
    assert (line.line_key, line.ordinal) == ("TOR-00001\x1f100", 2)
    assert (line.po, line.season) == ("100", "2025 FALL")
    assert {(o.board, o.customer, o.group, o.record_uuid) for o in operations} == {
        (BOARD, "TORVANE", GROUP, LINE)
    }


cells = st.none() | st.sampled_from(["1", "2", "x"])
states = st.builds(
    lambda values, sizes, group, name: item(values, sizes, group=group, name=name),
    st.fixed_dictionaries({"CUSTOMER PRICE": cells, "DROP": cells, "ORDER QTY": cells}),
    st.dictionaries(st.sampled_from(["S", "M", "L", "S/M"]), st.sampled_from(["1", "2"])),
    st.sampled_from(["A", "B"]),
    st.sampled_from(["one", "two"]),
)


@given(states, states)
def test_applying_the_difference_leaves_none(was: Item, wanted: Item) -> None:
    """After the operations the item is as wanted; each sends only what differs, in order."""
    before = delivered(was)
    operations = planned(wanted, knowing(before))[1]
    after = _applied(before, operations)
    assert planned(wanted, knowing(after))[1] == []
    assert dict(after.values) == dict(wanted.values)
    assert (after.group, after.name) == (wanted.group, wanted.name)
    desired = {s.size: s.quantity for s in wanted.subitems}
    shown_now = {size: s.values["Order Qty"] for size, s in after.subitems.items()}
    assert shown_now == dict.fromkeys((s.size for s in was.subitems), "0") | desired
    assert [o.rank for o in operations] == sorted(o.rank for o in operations)
    assert len({(o.target, o.action) for o in operations}) == len(operations)


def _applied(was: DeliveredItem, operations: list[Operation]) -> DeliveredItem:
    values, group, name = dict(was.values), was.group, was.name
    sizes = {size: Subitem(size=size, quantity=_pieces(s)) for size, s in was.subitems.items()}
    for operation in operations:
        sent = operation.payload.get("values", {})
        if operation.kind is Target.SUBITEM:
            size = operation.size or ""
            sizes[size] = Subitem(size=size, quantity=sent["Order Qty"])
        elif operation.action is Action.MOVE:
            group = operation.payload["group"]
        else:
            values |= sent
            name = operation.payload.get("name", name)
    now = item(values, group=group, name=name, subitems=tuple(sizes.values()))
    return delivered(now)


def _pieces(known: DeliveredSubitem) -> str:
    return known.values["Order Qty"] or ""


def _read(monday_id: str, size: str, quantity: str) -> dict[str, object]:
    return {"monday_id": monday_id, "values": {"Size": size, "Order Qty": quantity}}


@pytest.mark.parametrize("action", [Action.ARCHIVE, Action.DELETE])
def test_a_size_that_is_gone_leaves_the_board_only_where_configured(action: Action) -> None:
    """The plan keeps what stood there; a size that was at 0 before goes as well."""
    was = item(sizes={"M": "100", "L": "0"})
    _, operations = planned(item(sizes={}), knowing(delivered(was), size_gone=action))
    assert [(o.action, o.size, o.payload) for o in operations] == [
        (action, "L", {}),
        (action, "M", {}),
    ]
    assert operations[1].before == {"values": {"Size": "M", "Order Qty": "100"}}


def test_only_what_was_delivered_leaves_the_board() -> None:
    """A cancelled line keeps its sizes at 0, and so does a size that somebody else made."""
    cancelled = item(CANCELLED, sizes={}, cancelled=True)
    known = knowing(delivered(item()), size_gone=Action.ARCHIVE)
    assert {o.action for o in planned(cancelled, known)[1]} == {Action.UPDATE, Action.ZERO}
    found = {LINE: delivered(item(sizes={"M": "100", "L": "80", "XL": "5"}))}
    known = knowing(delivered(item()), found=found, size_gone=Action.ARCHIVE)
    assert [(o.action, o.size) for o in planned(item(), known)[1]] == [
        (Action.LINK, "XL"),
        (Action.ZERO, "XL"),
    ]


def test_a_column_that_is_written_once() -> None:
    """It is in the payload that makes the item, and in no other."""
    once = frozenset({"DROP"})
    wanted = item(VALUES | {"DROP": "DROP 2"})
    (create, *_) = planned(wanted, knowing(set_once=once))[1]
    assert create.payload["values"]["DROP"] == "DROP 2"
    assert planned(wanted, knowing(delivered(item()), set_once=once))[1] == []


@pytest.mark.parametrize(
    ("shows", "sent"), [("12.5", {"CUSTOMER PRICE": "13"}), ("14", {}), (None, {})]
)
def test_an_edit_on_the_board_is_kept_where_that_is_configured(
    shows: str | None, sent: dict[str, str]
) -> None:
    """A value that differs from what was delivered is a person's; a finding says what it is."""
    found = {LINE: delivered(item(VALUES | {"CUSTOMER PRICE": shows}))}
    keeping = knowing(
        delivered(item()), found=found, keep_board_edits=frozenset({"CUSTOMER PRICE"})
    )
    wanted = item(VALUES | {"CUSTOMER PRICE": "13", "DROP": "DROP 2"})
    (update,) = planned(wanted, keeping)[1]
    assert update.payload == {"values": {"DROP": "DROP 2"} | sent}
    findings = list(kept_edits([(order_line(), wanted)], keeping))
    assert [(f.rule, f.column, f.value) for f in findings] == (
        [] if sent else [("edited", "CUSTOMER PRICE", shows)]
    )


@pytest.mark.parametrize("size", ["S/M", "USA 6", "XXL", "2XL"])
def test_sizes_are_matched_whole(size: str) -> None:
    """One code that contains another is another size."""
    operations = difference(item(sizes={size: "1", "M": "100", "L": "80"}), item())
    assert [o[:3] for o in operations] == [("subitem", "create", size)]
