"""Each kind of trouble: what was done, and what the client is told."""

from __future__ import annotations

import asyncio

import pytest

from customer_orders.emulator import ConnectionDropped

CREATE = 'mutation { create_item(board_id: 10, item_name: "A") { id } }'
THREE = " ".join(f'a{n}: create_item(board_id: 10, item_name: "A") {{ id }}' for n in range(3))
THREE = f"mutation {{ {THREE} }}"


def count(monday) -> int:
    return monday.state.boards["10"].items_count


@pytest.mark.parametrize(("kind", "done"), [("drop_before", 0), ("apply_then_drop", 1)])
async def test_drops(post, monday, kind, done):
    """The client hears nothing, whether or not the item was made; the next call is fine."""
    monday.faults.add({"kind": kind, "operation": "create_item"})
    with pytest.raises(ConnectionDropped):
        await post(CREATE, key="k")
    assert count(monday) == done
    assert "data" in await post(CREATE, key="k")
    assert count(monday) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("body", ["json", "html"])
async def test_applied_but_a_gateway_error(post, monday, status, body):
    """The item is there although the answer is an error; the key replays the true answer."""
    monday.faults.add({"kind": "apply_then_status", "status": status, "body": body})
    await post(CREATE, key="k")
    assert post.status == status
    assert post.body.startswith(b"<html>" if body == "html" else b"{")
    assert "data" in await post(CREATE, key="k")
    assert count(monday) == 1


async def test_an_answer_may_be_forgotten(post, monday):
    """With `remember` off a replay makes a second item: the undocumented worst case."""
    monday.faults.add({"kind": "apply_then_status", "status": 502, "remember": False})
    await post(CREATE, key="k")
    await post(CREATE, key="k")
    assert count(monday) == 2


@pytest.mark.parametrize("status", [None, 500])
async def test_only_the_first_aliases(post, monday, status):
    """A crash in the middle leaves the first n done."""
    monday.faults.add({"kind": "apply_first_n_then", "n": 2, "status": status})
    if status is None:
        with pytest.raises(ConnectionDropped):
            await post(THREE)
    else:
        await post(THREE)
        assert post.status == 500
    assert count(monday) == 2


@pytest.mark.parametrize("status", [401, 423, 500])
async def test_a_status_without_work(post, monday, status):
    """Nothing is done."""
    monday.faults.add({"kind": "status", "status": status})
    await post(CREATE)
    assert post.status == status
    assert count(monday) == 0


@pytest.mark.parametrize(
    ("shape", "code"),
    [
        ("minute", "MINUTE_RATE_LIMIT_EXCEEDED"),
        ("concurrency", "MAX_CONCURRENCY_EXCEEDED"),
        ("daily", "DAILY_LIMIT_EXCEEDED"),
        ("complexity", "COMPLEXITY_BUDGET_EXHAUSTED"),
        ("ip", "IP_RATE_LIMIT_EXCEEDED"),
    ],
)
async def test_rate_limits_in_each_shape(post, monday, shape, code):
    """HTTP 429 with the code and retry_in_seconds."""
    monday.faults.add({"kind": "rate_limit", "shape": shape, "retry_after": 7})
    content = await post(CREATE)
    assert post.status == 429
    assert content["errors"][0]["extensions"] == {"code": code, "retry_in_seconds": 7}
    assert post.headers["Retry-After"] == "7"


async def test_rate_limits_in_odd_shapes(post, monday):
    """[OBS] an HTML body, and HTTP 200 with the 429 in errors[]."""
    monday.faults.add({"kind": "rate_limit", "shape": "html", "retry_after": 7})
    monday.faults.add({"kind": "rate_limit", "shape": "field", "retry_after": 7})
    await post(THREE)
    assert post.status == 429
    assert post.body.startswith(b"<html>")
    content = await post(THREE)
    assert post.status == 200
    assert content["data"] == {"a0": None, "a1": None, "a2": None}
    assert content["errors"][1]["path"] == ["a1"]
    assert content["errors"][1]["extensions"]["status_code"] == 429
    assert count(monday) == 0


async def test_one_alias_fails(post, monday):
    """The struck alias is null with the code and column asked for; the others are done."""
    rule = {"kind": "alias_error", "operation": "create_item", "skip": 1, "column_id": "note"}
    monday.faults.add(rule)
    content = await post(THREE)
    assert [error["path"] for error in content["errors"]] == [["a1"]]
    assert content["errors"][0]["extensions"]["error_data"] == {"column_id": "note"}
    assert count(monday) == 2


async def test_late(post, monday, clock):
    """The connection closes at once; the work is done later, the key being in flight until then."""
    monday.faults.add({"kind": "late", "seconds": 90})
    with pytest.raises(ConnectionDropped):
        await post(CREATE, key="k")
    assert count(monday) == 0
    await post(CREATE, key="k")
    assert post.status == 409
    await clock.advance(0)
    await clock.advance(90)
    assert count(monday) == 1
    assert "data" in await post(CREATE, key="k")
    assert count(monday) == 1


async def test_slow(post, monday, clock):
    """The work is done, the answer takes its time."""
    monday.faults.add({"kind": "slow", "seconds": 30})
    waiting = asyncio.create_task(post(CREATE))
    await clock.advance(0)
    assert count(monday) == 1
    assert not waiting.done()
    await clock.advance(30)
    assert "data" in await waiting


async def test_cut_body(post, monday):
    """Half a body is no JSON."""
    monday.faults.add({"kind": "cut_body"})
    assert await post(CREATE) == {}
    assert count(monday) == 1


async def test_counts_skips_and_operations(post, monday):
    """A rule strikes the operation it names, after `skip`, `count` times."""
    monday.faults.add(
        {"kind": "status", "status": 500, "operation": "create_item", "skip": 1, "count": 2}
    )
    statuses = []
    for document in ("{ me { id } }", CREATE, CREATE, CREATE, CREATE):
        await post(document)
        statuses.append(post.status)
    assert statuses == [200, 200, 500, 500, 200]


async def test_probability_is_drawn_from_the_seeded_source(post, monday):
    """Some are struck, some are not, and the same seed strikes the same ones."""
    monday.faults.add({"kind": "status", "status": 500, "count": None, "probability": 0.5})
    statuses = []
    for _ in range(20):
        await post("{ me { id } }")
        statuses.append(post.status)
    assert 4 < statuses.count(500) < 16


def test_rules_are_checked(monday):
    """Unknown kinds and fields are errors."""
    for wrong in ({"kind": "explode"}, {"kind": "slow", "secs": 1}, {}):
        with pytest.raises(ValueError, match="fault"):
            monday.faults.add(wrong)
