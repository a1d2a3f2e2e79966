"""Rate limits, their headers and bodies, and the 60 s cap."""

from __future__ import annotations

import asyncio

import pytest

CREATE = 'mutation { create_item(board_id: 10, item_name: "A") { id } }'
ME = "{ me { id } }"


def code(content) -> str:
    return content["errors"][0]["extensions"]["code"]


async def test_headers_stand_on_every_answer(post):
    """RateLimit and RateLimit-Policy have the documented form, and x-request-id is the body's."""
    content = await post(CREATE)
    assert post.headers["RateLimit-Policy"] == (
        '"minuteRate";q=2500;w=60, "concurrency";q=100;qu="concurrent-requests", '
        '"complexityMinute";q=10000000;w=60;qu="content-bytes"'
    )
    assert post.headers["RateLimit"] == (
        '"minuteRate";r=2499, "concurrency";r=99, "complexityMinute";r=9969999;t=60'
    )
    assert post.headers["API-Version"] == "2026-10"
    assert post.headers["x-request-id"] == content["extensions"]["request_id"]
    post.token = "emulator-nobody"
    await post(CREATE)
    assert "RateLimit" in post.headers


@pytest.mark.parametrize("token", ["", "eyJhbGciOi", "emulator-nobody", "Bearer emulator-nobody"])
async def test_unknown_tokens(post, token):
    """Only tokens of the seed open the door, and only those that start with emulator-."""
    post.token = token
    assert code(await post(ME)) == "NOT_AUTHENTICATED"
    assert post.status == 401


async def test_bearer_token(post):
    """A token is taken raw and as Bearer."""
    post.token = "Bearer emulator-token"
    assert (await post(ME))["data"] == {"me": {"id": "1"}}


async def test_requests_per_minute(post, monday, clock):
    """The one above the limit gets 429 with the seconds to wait, until the window is over."""
    monday.settings.change({"requests_per_minute": 2})
    await post(ME)
    await clock.advance(20)
    await post(ME)
    content = await post(ME)
    assert post.status == 429
    assert content["errors"] == [
        {
            "message": "Minute rate limit exceeded",
            "extensions": {"code": "MINUTE_RATE_LIMIT_EXCEEDED", "retry_in_seconds": 40},
        }
    ]
    assert post.headers["Retry-After"] == "40"
    assert '"minuteRate";r=0;t=40' in post.headers["RateLimit"]
    await clock.advance(40)
    assert "data" in await post(ME)
    assert monday.stats.rate_limited == {"MINUTE_RATE_LIMIT_EXCEEDED": 1}


async def test_complexity_budget(post, monday, clock):
    """An estimate above what is left is refused and nothing is done; the budget comes back."""
    monday.settings.change({"complexity_per_minute": 50_000})
    await post(CREATE)
    content = await post(CREATE)
    assert code(content) == "COMPLEXITY_BUDGET_EXHAUSTED"
    assert monday.stats.mutations == {"create_item": 1}
    await clock.advance(60)
    assert "data" in await post(CREATE)


async def test_complexity_per_request(post):
    """167 creates in one request are above 5,000,000."""
    aliases = " ".join(
        f'a{number}: create_item(board_id: 10, item_name: "A") {{ id }}' for number in range(167)
    )
    content = await post(f"mutation {{ {aliases} }}")
    assert code(content) == "REQUEST_MAX_COMPLEXITY_EXCEEDED"
    assert content["errors"][0]["extensions"]["cost"] == 167 * 30_001


async def test_refund_comes_with_the_next_minute(post, monday, clock):
    """A failed mutation costs a share; the rest is given back in the following minute."""
    await post('mutation { create_item(board_id: 99, item_name: "A") { id } }')
    assert monday.limits.remaining("mutation") == 10_000_000 - 30_001
    await clock.advance(60)
    assert monday.limits.remaining("mutation") == 10_000_000 + 27_000


async def test_app_tokens_have_two_budgets(post, monday):
    """An app token reads and writes from budgets of 5M each."""
    monday.settings.change({"token_kind": "app"})
    await post(CREATE)
    assert '"complexityMinute";r=4969999' in post.headers["RateLimit"]
    await post(ME)
    assert '"complexityMinute";r=4999999' in post.headers["RateLimit"]


@pytest.mark.parametrize(
    ("plan", "minute", "parallel", "budget", "day"),
    [
        ("free", 1_000, 40, 1_000_000, 1_000),
        ("standard", 1_000, 40, 10_000_000, 1_000),
        ("pro", 2_500, 100, 10_000_000, 10_000),
        ("enterprise", 5_000, 250, 10_000_000, 25_000),
    ],
)
async def test_plans(post, monday, plan, minute, parallel, budget, day):
    """Each plan has its documented limits."""
    monday.settings.change({"plan": plan})
    content = await post("{ platform_api { daily_limit { base } } }")
    assert content["data"]["platform_api"] == {"daily_limit": {"base": day}}
    policy = post.headers["RateLimit-Policy"]
    assert f'"minuteRate";q={minute};' in policy
    assert f'"concurrency";q={parallel};' in policy
    assert f'"complexityMinute";q={budget};' in policy


async def test_daily_limit_and_its_weights(post, monday, clock):
    """A complexity-only query is a tenth of a call; the day begins anew at 00:00 UTC."""
    monday.settings.change({"calls_per_day": 1})
    for _ in range(10):
        assert "data" in await post("{ complexity { after } }")
    assert code(await post(ME)) == "DAILY_LIMIT_EXCEEDED"
    await clock.advance(86_400)
    assert "data" in await post(ME)


async def test_a_refused_call_counts_a_tenth_of_the_day(post, monday, clock):
    """Ten calls above the minute's limit use up one call of the day."""
    monday.settings.change({"calls_per_day": 3, "requests_per_minute": 1})
    await post(ME)
    for _ in range(10):
        assert code(await post(ME)) == "MINUTE_RATE_LIMIT_EXCEEDED"
    monday.settings.change({"requests_per_minute": None})
    assert "data" in await post(ME)
    assert code(await post(ME)) == "DAILY_LIMIT_EXCEEDED"


async def test_requests_that_fail_count_as_well(post, monday):
    """ "All requests count, even those that fail"."""
    monday.settings.change({"requests_per_minute": 1})
    assert code(await post(CREATE.replace("10", "99"))) == "InvalidBoardIdException"
    assert code(await post(ME)) == "MINUTE_RATE_LIMIT_EXCEEDED"


async def test_mutations_per_minute(post, monday, clock):
    """The limit of older pages is off unless set; it counts aliases."""
    monday.settings.change({"mutations_per_minute": 2})
    two = CREATE.replace("create_item", "a: create_item").replace("} }", "} b: ") + CREATE[11:]
    assert "data" in await post(two)
    assert code(await post(CREATE)) == "MutationCallsExceeded"
    await clock.advance(60)
    assert "data" in await post(CREATE)


async def test_a_short_page_costs_what_it_holds(post, monday, clock):
    """A page is charged by its limit; what was not there comes back, an empty one costs 0."""
    await post("{ boards(ids: [10]) { items_page(limit: 500) { cursor items { id name } } } }")
    assert monday.limits.remaining("query") == 10_000_000 - 1_000
    assert monday.stats.complexity_charged == 0
    await clock.advance(60)
    assert monday.limits.remaining("query") == 10_000_000 + 1_000


async def test_complexity_field(post):
    """`complexity` tells the budget before, the cost and what is left."""
    content = await post(
        'mutation { create_item(board_id: 10, item_name: "A") { id } '
        "complexity { before query after reset_in_x_seconds } }"
    )
    seen = content["data"]["complexity"]
    assert seen["before"] == 10_000_000
    assert seen["query"] == 30_005
    assert seen["after"] == seen["before"] - seen["query"]
    assert seen["reset_in_x_seconds"] == 60


async def test_concurrency(post, monday, clock):
    """Too many requests at once are refused; the others are answered."""
    monday.settings.change({"concurrency": 2, "latency_per_request": 5})
    slow = [asyncio.create_task(post(ME)) for _ in range(3)]
    await clock.advance(0)
    await clock.advance(5)
    contents = [await task for task in slow]
    assert [code(each) for each in contents if "errors" in each] == ["MAX_CONCURRENCY_EXCEEDED"]
    assert monday.stats.peak_concurrency == 3


async def test_two_writers_of_one_board(post, monday, clock):
    """423 when a board has more writers at once than the setting allows; other boards are free."""
    monday.settings.change({"writes_per_board": 1, "latency_per_request": 5})
    first = asyncio.create_task(post(CREATE))
    await clock.advance(0)
    await post(CREATE)
    assert post.status == 423
    other = asyncio.create_task(post(CREATE.replace("10", "12")))
    await clock.advance(0)
    await clock.advance(5)
    assert "data" in await first
    assert "data" in await other


async def test_other_program(post, monday):
    """Another program of the account takes its part of every minute."""
    monday.settings.change({"other_complexity_per_minute": 9_990_000})
    assert code(await post(CREATE)) == "COMPLEXITY_BUDGET_EXHAUSTED"


async def test_a_call_above_60_seconds_is_cut_off_but_ends(post, monday, clock):
    """503 TIMEOUT_EXCEEDED at 60 s; the work is done later, and the key then replays it."""
    monday.settings.change({"latency_per_mutation": 70})
    waiting = asyncio.create_task(post(CREATE, key="k"))
    await clock.advance(0)
    await clock.advance(60)
    assert code(await waiting) == "TIMEOUT_EXCEEDED"
    assert post.status == 503
    assert code(await post(CREATE, key="k")) == "IDEMPOTENCY_CONFLICT"
    await clock.advance(10)
    assert "data" in await post(CREATE, key="k")
    assert post.headers["Idempotency-Replayed"] == "true"
    assert monday.stats.mutations == {"create_item": 1}


async def test_a_caller_that_gives_up_does_not_stop_the_work(post, monday, clock):
    """The server goes on when its client is gone."""
    monday.settings.change({"latency_per_request": 5})
    impatient = asyncio.create_task(post(CREATE))
    await clock.advance(0)
    impatient.cancel()
    await clock.advance(5)
    assert monday.state.boards["10"].items_count == 1


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        (b"{", 400, "JsonParseException"),
        (b"[]", 400, "BAD_REQUEST"),
        (b'{"query": "{ me {"}', 400, "GRAPHQL_PARSE_FAILED"),
        (b'{"query": "{ me { colour } }"}', 400, "GRAPHQL_VALIDATION_FAILED"),
    ],
)
async def test_broken_requests(monday, body, status, expected):
    """What is not a valid request is refused as a whole."""
    answer = await monday.post(body, {"Authorization": "emulator-token"})
    assert answer.status == status
    assert expected.encode() in answer.body


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("2026-07", "2026-07"),
        ("2024-10", "2026-07"),
        ("2031-01", "2026-10"),
        ("2027-01", "2027-01"),
    ],
)
async def test_versions(monday, asked, answered):
    """A deprecated version gives Maintenance, an unknown one Current."""
    headers = {"Authorization": "emulator-token", "API-Version": asked}
    answer = await monday.post(b'{"query": "{ me { id } }"}', headers)
    assert answer.headers["API-Version"] == answered


async def test_a_malformed_version(monday):
    """What is no version at all is refused."""
    headers = {"Authorization": "emulator-token", "API-Version": "latest"}
    answer = await monday.post(b'{"query": "{ me { id } }"}', headers)
    assert answer.status == 400
    assert b"InvalidVersionException" in answer.body


def test_settings_refuse_what_they_do_not_know(monday):
    """Unknown names, unknown plans and values of another kind are errors, and change nothing."""
    for wrong in ({"speed": 1}, {"plan": "gold"}, {"index_lag_seconds": "long"}):
        with pytest.raises(ValueError, match=r"setting|plan"):
            monday.settings.change({"requests_per_minute": 1, **wrong})
    assert monday.settings.requests_per_minute is None
