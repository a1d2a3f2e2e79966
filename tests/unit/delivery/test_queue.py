"""What can be sent now: the order of groups, of the ranks of a line, and of kinds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from queueing import (
    GROUP,
    OPEN,
    REFUSED,
    done,
    filled,
    group,
    names,
    numbered,
    of_item,
    of_size,
    tell,
    whole,
)

from customer_orders.delivery import queue as module
from customer_orders.delivery.queue import Queue
from customer_orders.ledger.recording import Tally
from customer_orders.ledger.results import Reopen, WithoutCell
from customer_orders.plan import Action


def test_the_order_within_a_line():
    """Group, item, then its sizes: each waits until what is before it is done."""
    queue = filled(group(), *whole("a"))
    (first,) = queue.take(10)
    assert first.operation.group == GROUP
    assert queue.take(10) == []
    tell(queue, [first], done("g1"))
    (item,) = queue.take(10)
    assert names([item]) == ["a"]
    assert item.group_id == "g1"
    assert queue.take(10) == []
    tell(queue, [item], done("5"))
    sizes = queue.take(10)
    assert sorted(names(sizes)) == ["a/L", "a/M"]
    assert {each.item_id for each in sizes} == {"5"}
    for size in sizes:
        tell(queue, [size], done("6"))
    assert queue.take(10) == []


def test_a_line_is_moved_before_it_is_updated():
    """Move, update, then sizes, also when one of them is refused: the item is there."""
    queue = filled(
        of_item("a", Action.MOVE), of_item("a", Action.UPDATE), of_size("a", "M", Action.UPDATE)
    )
    order = []
    while chosen := queue.take(10):
        assert queue.take(10) == []
        order += [(each.operation.kind, each.operation.action) for each in chosen]
        for each in chosen:
            tell(queue, [each], REFUSED)
    assert order == [("item", "move"), ("item", "update"), ("subitem", "update")]


def test_a_request_holds_one_kind_and_not_too_many():
    """The kind that has most operations goes first, at most `most` of them."""
    queue = filled(
        *(of_item(name, Action.MOVE) for name in "fg"), *(of_item(name) for name in "abcde")
    )
    assert queue.full(5)
    assert not queue.full(6)
    assert names(queue.take(3)) == ["a", "b", "c"]
    assert len(queue.take(10)) == 2
    assert names(queue.take(10)) == ["f", "g"]


def test_of_kinds_that_are_equal_the_earlier_rank_goes_first():
    """Groups before items, items before sizes."""
    queue = filled(of_size("b", "M"), of_item("a"), group("X"))
    assert [each.operation.rank for _ in range(3) for each in queue.take(10)] == [0, 1, 5]


def test_lines_of_a_group_that_is_there_wait_for_nothing():
    """Only those of the group that has to be made wait for it."""
    queue = filled(group("X"), *whole("a", "X"), *whole("b", "Y"))
    (made,) = [c for c in queue.take(1) if c.operation.record_uuid is None]
    assert names(queue.take(10)) == ["b"]
    assert queue.take(10) == []
    tell(queue, [made], done("g1"))
    assert names(queue.take(10)) == ["a"]


def test_a_refused_group_takes_its_lines_along():
    """What was blocked with it is never handed out, nor when it is read later."""
    page = numbered([group(), *whole("a"), *whole("b"), *whole("c", "Y")])
    queue = Queue()
    queue.add(page[:4])
    (made,) = queue.take(10)
    tell(
        queue,
        [made],
        REFUSED,
        blocked=[c.id for c in page if c.operation.group == GROUP and c is not made],
    )
    queue.add(page[4:])
    assert names(queue.take(10)) == ["c"]
    assert queue.take(10) == []


def test_a_refused_item_takes_its_sizes_along():
    """Those of other lines go on."""
    page = numbered([*whole("a"), *whole("b")])
    queue = Queue()
    queue.add(page)
    refused, other = queue.take(10)
    tell(queue, [refused], REFUSED, blocked=[2, 3])
    tell(queue, [other], done("5"))
    assert names(queue.take(10)) == ["b/M", "b/L"]
    assert queue.take(10) == []


def test_a_refused_size_leaves_the_others():
    """They do not depend on it."""
    queue = filled(of_size("a", "M"), of_size("a", "L"))
    (first,) = queue.take(1)
    tell(queue, [first], REFUSED)
    assert names(queue.take(10)) == ["a/L"]


def test_what_is_open_again_comes_first():
    """It is handed out again before others of its kind, and its line still waits for it."""
    queue = filled(*whole("a"), of_item("b"))
    (first,) = queue.take(1)
    tell(queue, [first], OPEN)
    assert names(queue.take(1)) == ["a"]
    assert names(queue.take(10)) == ["b"]
    assert queue.take(10) == []


def test_what_is_left_of_an_operation_is_handed_out():
    """An operation that lost a cell goes on without it."""
    queue = filled(of_item("a"))
    (first,) = queue.take(1)
    rest = replace(first.operation, payload={"values": {}})
    lost = WithoutCell(cell="NOTE", refusal=REFUSED)
    queue.recorded([first], {first.id: lost}, Tally(rests={first.id: rest}))
    assert [each.operation for each in queue.take(1)] == [rest]


def test_the_parts_of_a_refused_request_go_apart():
    """Each by itself and before anything else, however many others are ready."""
    queue = filled(*(of_item(name) for name in "abcdef"))
    chosen = queue.take(4)
    halves = [Reopen(reason="refused as a whole", part=part) for part in (0, 0, 1, 1)]
    tell(queue, chosen, *halves)
    assert queue.full(100)
    assert sorted([names(queue.take(10)), names(queue.take(10))]) == [["a", "b"], ["c", "d"]]
    assert not queue.full(100)
    assert names(queue.take(10)) == ["e", "f"]


def test_pages_are_joined():
    """A line that stands on two pages keeps its order, and knows the id that came meanwhile."""
    page = numbered(whole("a"))
    queue = Queue()
    queue.add(page[:1])
    assert (queue.last, queue.hungry) == (1, True)
    (item,) = queue.take(10)
    queue.add(page[1:2])
    assert queue.take(10) == []
    queue.add(page[2:])
    assert queue.last == 3
    tell(queue, [item], done("5"))
    queue.add([])
    assert not queue.hungry
    assert [(c.operation.size, c.item_id) for c in queue.take(10)] == [("M", "5"), ("L", "5")]


def test_the_ids_of_the_ledger_come_first():
    """What the page knows is not overwritten; a size keeps its own id."""
    (known,) = numbered([of_size("a", "M", Action.UPDATE)])
    queue = Queue()
    queue.add([replace(known, item_id="5", group_id="g", subitem_id="6")])
    (taken,) = queue.take(1)
    assert (taken.item_id, taken.group_id, taken.subitem_id) == ("5", "g", "6")


def test_a_full_queue_reads_no_more(monkeypatch: pytest.MonkeyPatch):
    """Beyond the room in memory it waits until some have left."""
    monkeypatch.setattr(module, "ROOM", 3)
    queue = Queue()
    queue.add(numbered(of_item(name) for name in "abc"))
    assert not queue.hungry
    taken = queue.take(2)
    assert queue.hungry
    for each in taken:
        tell(queue, [each], OPEN)
    assert not queue.hungry


def test_the_room_of_what_is_blocked_is_free_again(monkeypatch: pytest.MonkeyPatch):
    """A refused group frees the places of its lines."""
    monkeypatch.setattr(module, "ROOM", 3)
    queue = Queue()
    queue.add(numbered([group(), *whole("a")]))
    (made,) = queue.take(1)
    assert not queue.hungry
    tell(queue, [made], REFUSED, blocked=[2, 3, 4])
    assert queue.hungry


def test_nothing_goes_out_for_a_line_with_an_unknown_operation():
    """While one size is unknown the others wait, although they were ready."""
    queue = filled(of_size("a", "M"), of_size("a", "L"), of_size("b", "M"))
    (lost,) = queue.take(1)
    tell(queue, [lost])
    assert names(queue.take(10)) == ["b/M"]


def test_the_answer_to_another_size_does_not_end_the_doubt():
    """Two were under way, one is lost and one is done: the third still waits for the lost one."""
    queue = filled(*(of_size("a", size) for size in "MLX"))
    (lost,), (other,) = queue.take(1), queue.take(1)
    tell(queue, [lost])
    tell(queue, [other], done())
    assert queue.take(10) == []
    tell(queue, [lost], done())
    assert names(queue.take(10)) == ["a/X"]


def test_a_part_of_a_refused_request_waits_for_what_is_unknown():
    """Its line has something unknown meanwhile: the rest of the part goes, or the part waits."""
    queue = filled(*(of_size("a", size) for size in "ML"), of_size("b", "M"))
    (lost,), refused = queue.take(1), queue.take(2)
    assert names(refused) == ["a/L", "b/M"]
    tell(queue, [lost])
    tell(queue, refused, Reopen(reason="", part=0), Reopen(reason="", part=1))
    assert [names(queue.take(10)), queue.take(10)] == [["b/M"], []]
    tell(queue, [lost], done())
    assert names(queue.take(10)) == ["a/L"]


def test_what_was_opened_again_waits_for_what_is_unknown():
    """A limit for one size and no answer for another: nothing goes out before that is settled."""
    queue = filled(*(of_size("a", size) for size in "ML"))
    (lost,), (limited,) = queue.take(1), queue.take(1)
    tell(queue, [lost])
    tell(queue, [limited], OPEN)
    assert queue.take(10) == []
    tell(queue, [lost], OPEN)
    assert sorted(names(queue.take(10))) == ["a/L", "a/M"]


def test_an_unknown_group_holds_only_its_lines():
    """Another group that was limited goes out again, and so does this one once it is settled."""
    queue = filled(group("X"), group("Y"), *whole("a", "Y"))
    (lost,), (limited,) = queue.take(1), queue.take(1)
    tell(queue, [lost])
    tell(queue, [limited], OPEN)
    (limited,) = queue.take(10)
    tell(queue, [limited], done("g"))
    assert names(queue.take(10)) == ["a"]
    tell(queue, [lost], OPEN)
    assert names(queue.take(10)) == ["group X"]
