"""A person at the board, and another program of the account, while a request is on its way."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ({"act": "edit", "values": {"note": "by hand"}}, ("first", "active", "by hand")),
        ({"act": "move", "group": "second"}, ("second", "active", None)),
        ({"act": "move"}, ("second", "active", None)),
        ({"act": "archive"}, ("first", "archived", None)),
        ({"act": "delete"}, ("first", "deleted", None)),
    ],
)
async def test_a_person_gets_in_before_the_request(post, monday, rule, found):
    """The item that is about to be changed was just edited, moved, archived or deleted."""
    item = monday.state.items[await post.item_id()]
    operation = "change_multiple_column_values"
    monday.faults.add({"kind": "person", "operation": operation, **rule})
    content = await post.change(item.id, price="5")
    assert (item.group.id, item.state, item.values.get("note")) == found
    assert ("errors" in content) == (item.state != "active")
    assert monday.stats.faults == {"person": 1}


async def test_a_person_duplicates_an_item(post, monday):
    """The copy is there when the request is answered, with a name of its own."""
    await post.item_id("A")
    monday.faults.add({"kind": "person", "act": "duplicate", "operation": "boards"})
    content = await post("{ boards(ids: [10]) { items_page { items { name } } } }")
    items = content["data"]["boards"][0]["items_page"]["items"]
    assert [item["name"] for item in items] == ["A", "A (copy)"]


async def test_a_person_takes_the_item_of_the_rule_or_any(post, monday):
    """`item` names one; without it and without one in the request, chance chooses."""
    first, second = [await post.item_id(name) for name in "AB"]
    monday.faults.add({"kind": "person", "item": second})
    monday.faults.add({"kind": "person", "item": "404"})
    await post("{ me { id } }")
    assert monday.state.items[second].name == "B (edited)"
    monday.faults.add({"kind": "person"})
    await post("{ me { id } }")
    names = {monday.state.items[each].name for each in (first, second)}
    assert names in ({"A (edited)", "B (edited)"}, {"A", "B (edited) (edited)"})


async def test_a_person_finds_an_empty_board(post, monday):
    """Nothing to do is no trouble."""
    monday.faults.add({"kind": "person"})
    assert "data" in await post("{ me { id } }")


async def test_a_person_and_a_fault_come_together(post, monday):
    """What others do does not use up the request's own fault."""
    item = await post.item_id()
    monday.faults.add({"kind": "person", "act": "archive"})
    monday.faults.add({"kind": "status", "status": 500})
    await post.change(item, note="x")
    assert post.status == 500
    assert monday.state.items[item].state == "archived"


async def test_another_program_eats_the_budget(post, monday, clock):
    """Complexity and calls are gone until their windows end."""
    rule = {"kind": "other_program", "complexity": 9_990_000, "calls": 2_400}
    monday.faults.add(rule)
    content = await post.create()
    assert content["errors"][0]["extensions"]["code"] == "COMPLEXITY_BUDGET_EXHAUSTED"
    assert '"minuteRate";r=99,' in post.headers["RateLimit"]
    assert '"complexityMinute";r=10000;' in post.headers["RateLimit"]
    await clock.advance(60)
    assert "errors" not in await post.create()
