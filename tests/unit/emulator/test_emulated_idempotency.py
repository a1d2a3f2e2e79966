"""The Idempotency-Key header (docs/idempotency.md)."""

from __future__ import annotations

import asyncio

CREATE = 'mutation { create_item(board_id: 10, item_name: "A") { id } }'
OTHER = 'mutation { create_item(board_id: 10, item_name: "B") { id } }'
WRONG = 'mutation { create_item(board_id: 99, item_name: "A") { id } }'


async def test_the_kept_answer_is_replayed_byte_by_byte(post, monday):
    """The same key within 30 minutes gets the first answer, and nothing is done again."""
    await post(CREATE, key="k")
    first = post.body
    assert "Idempotency-Replayed" not in post.headers
    await post(CREATE, key="k")
    assert post.body == first
    assert post.headers["Idempotency-Replayed"] == "true"
    assert monday.stats.mutations == {"create_item": 1}
    assert monday.stats.replays == 1


async def test_the_key_is_forgotten_after_30_minutes(post, monday, clock):
    """After that the mutation is executed again."""
    await post(CREATE, key="k")
    await clock.advance(1_799)
    await post(CREATE, key="k")
    await clock.advance(1)
    await post(CREATE, key="k")
    assert monday.stats.mutations == {"create_item": 2}


async def test_a_key_in_flight_is_a_conflict(post, monday, clock):
    """409 with Retry-After while the first run is not over."""
    monday.settings.change({"latency_per_request": 5})
    first = asyncio.create_task(post(CREATE, key="k"))
    await clock.advance(0)
    content = await post(CREATE, key="k")
    assert post.status == 409
    assert content["errors"][0]["extensions"]["code"] == "IDEMPOTENCY_CONFLICT"
    assert "Retry-After" in post.headers
    await clock.advance(5)
    await first
    assert monday.stats.mutations == {"create_item": 1}


async def test_keys_belong_to_their_user(post, clerk, monday):
    """Two users may use the same key; with scope account they share it."""
    await post(CREATE, key="k")
    await clerk(CREATE, key="k")
    assert monday.stats.mutations == {"create_item": 2}
    monday.settings.change({"idempotency_scope": "account"})
    await post(CREATE, key="both")
    await clerk(CREATE, key="both")
    assert monday.stats.mutations == {"create_item": 3}


async def test_a_refused_request_frees_its_key(post, monday, clock):
    """After a 429 the same key executes."""
    monday.settings.change({"complexity_per_minute": 40_000})
    await post(CREATE)
    await post(CREATE, key="k")
    assert post.status == 429
    await clock.advance(60)
    assert "data" in await post(CREATE, key="k")


async def test_answers_with_errors(post, monday):
    """Whether they are kept is not documented: a setting, kept by default."""
    await post(WRONG, key="k")
    await post(WRONG, key="k")
    assert monday.stats.replays == 1
    monday.settings.change({"idempotency_caches_errors": False})
    await post(WRONG, key="l")
    await post(WRONG, key="l")
    assert monday.stats.replays == 1


async def test_the_same_key_with_another_body(post, monday):
    """Not documented: replayed by default, or a conflict, or executed."""
    await post(CREATE, key="k")
    await post(OTHER, key="k")
    assert post.headers["Idempotency-Replayed"] == "true"
    monday.settings.change({"idempotency_other_body": "conflict"})
    await post(OTHER, key="k")
    assert post.status == 422
    monday.settings.change({"idempotency_other_body": "execute"})
    await post(OTHER, key="k")
    assert monday.stats.mutations == {"create_item": 2}


async def test_answers_above_the_limits_are_not_kept(post, monday):
    """One answer above 1 MB, or all of a user's above their budget, executes but is not kept."""
    for limit in ("idempotency_response_bytes", "idempotency_budget_bytes"):
        before = monday.stats.mutations["create_item"]
        monday.settings.change({limit: 10})
        await post(CREATE, key=limit)
        await post(CREATE, key=limit)
        assert monday.stats.mutations["create_item"] == before + 2
        monday.settings.change({limit: 1_000_000})


async def test_queries_have_no_keys(post, monday):
    """The header means nothing on a query."""
    await post("{ me { id } }", key="k")
    await post("{ me { id } }", key="k")
    assert monday.stats.replays == 0
