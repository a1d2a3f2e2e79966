"""The client: headers, what is tried again, and what a failed part of a query means."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from answering import Listed, error, response, sent
from virtual import virtually

from customer_orders.errors import (
    CustomerOrdersError,
    NoAnswer,
    RequestRefused,
    Throttled,
    Unauthorized,
    Unreachable,
)
from customer_orders.monday import Client, Governor, Mutation, Response
from customer_orders.monday.client import QUERY_ATTEMPTS, Usage

CREATE = Mutation(document="create_group", variables={"board": "10", "title": "g"})
ME = response({"data": {"me": {"id": "7"}}})


def client(*answers: Response | Exception) -> tuple[Client, Listed]:
    """A client whose answers are written down."""
    transport = Listed(*answers)
    return Client(transport, Governor("pro"), version="2026-10"), transport


def limited(seconds: float, status: int = 429) -> Response:
    """A limit that names its time."""
    code = "MINUTE_RATE_LIMIT_EXCEEDED"
    return response({"errors": [error("m", code, retry_in_seconds=seconds)]}, status)


async def test_a_query_has_a_version_and_no_key():
    """Idempotency-Key means something on mutations only."""
    speaking, transport = client(ME)
    assert await speaking.query("me") == {"me": {"id": "7"}}
    ((body, headers),) = transport.sent
    assert headers == {"API-Version": "2026-10"}
    assert body["query"].startswith("query Me")
    assert (speaking.usage.calls, speaking.usage.mutations) == (1, 0)


async def test_a_mutation_has_a_version_and_its_key():
    """The key is the stored request's, and the bytes are sent as they were composed."""
    speaking, transport = client(response({"data": {"op0": {"id": "1"}, "op1": None}}))
    calls = [
        Mutation(document="create_group", variables={"board": "10", "title": title})
        for title in ("\u00d6l", '"; drop')
    ]
    body = speaking.compose(calls, ["op0", "op1"])
    answer = await sent(speaking, body, "key-1", "create_group", count=2)
    assert answer.data == {"op0": {"id": "1"}, "op1": None}
    ((asked, headers),) = transport.sent
    assert headers == {"API-Version": "2026-10", "Idempotency-Key": "key-1"}
    assert asked == json.loads(body)
    assert asked["variables"] == {
        "board_op0": "10",
        "title_op0": "\u00d6l",
        "board_op1": "10",
        "title_op1": '"; drop',
    }
    assert '"; drop' not in asked["query"]
    usage = speaking.usage
    assert (usage.calls, usage.mutations, usage.by_document) == (1, 2, {"create_group": 2})


@pytest.mark.parametrize(
    ("answer", "cost"),
    [
        (response({"data": {"op0": {"id": "1"}, "complexity": {"query": 10_001}}}), 10_001),
        (response({"data": {"op0": {"id": "1"}}}), 1),
        (limited(1), 0),
        (NoAnswer("cut off"), 1),
    ],
    ids=["told", "not told", "refused", "lost"],
)
async def test_what_mutations_cost_is_counted(answer: Response | Exception, cost: int):
    """As monday says; as reserved where it says nothing; a refused request costs nothing."""
    speaking, _ = client(answer)
    body = speaking.compose([CREATE], ["op0"])
    with suppress(Throttled, NoAnswer):
        await sent(speaking, body, "key-1", "create_group")
    assert speaking.usage.complexity == cost


async def test_a_request_that_did_not_leave_is_not_counted():
    """Neither in the report nor in any budget."""
    speaking, _ = client(Unreachable("no such host"))
    governor = speaking.governor
    before = governor.writing.used, governor.requests.used, governor.day.since
    with pytest.raises(Unreachable):
        await sent(speaking, speaking.compose([CREATE], ["op0"]), "key-1", "create_group")
    assert speaking.usage == Usage()
    assert (governor.writing.used, governor.requests.used, governor.day.since) == before


async def test_a_mutation_is_sent_once():
    """What to do about a limit or a lost answer is not the client's to decide."""
    for trouble, kind in ((limited(1), Throttled), (NoAnswer("cut off"), NoAnswer)):
        speaking, transport = client(trouble)
        with pytest.raises(kind):
            await sent(speaking, b"{}", "k", "create_group")
        assert len(transport.sent) == 1


def tried(*answers: Response | Exception) -> tuple[Any, int, float]:
    """What a query came to, how often it was sent, and how long it took."""
    speaking, transport = client(*answers)

    async def ask() -> Any:
        try:
            return await speaking.query("me")
        except CustomerOrdersError as exc:
            return exc

    result, took = virtually(ask())
    return result, len(transport.sent), took


def test_a_limited_query_waits_what_the_server_says():
    """By HTTP status, and by field in an HTTP 200."""
    assert tried(limited(22), ME) == ({"me": {"id": "7"}}, 2, pytest.approx(22))
    by_field = error("m", "tooManyRequests", ["me"], status_code=400, retry_in_seconds=9)
    partly = response({"data": {"me": None}, "errors": [by_field]})
    assert tried(partly, ME) == ({"me": {"id": "7"}}, 2, pytest.approx(9))


def test_a_query_without_an_answer_is_tried_again():
    """With growing pauses, and not for ever."""
    assert tried(NoAnswer("cut off"), response(b"", 502), ME)[1:] == (3, pytest.approx(2 + 4))
    result, sent, took = tried(NoAnswer("cut off"))
    assert isinstance(result, NoAnswer)
    assert (sent, took) == (QUERY_ATTEMPTS, pytest.approx(2 + 4 + 8 + 16))


def test_nobody_waits_for_midnight():
    """A wait of an hour is the operator's to know, at once."""
    result, sent, took = tried(limited(3600))
    assert isinstance(result, Throttled)
    assert (sent, took) == (1, 0)


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        (response({"errors": [error("m", "NOT_AUTHENTICATED")]}, 401), Unauthorized),
        (response({"errors": [error("Cannot query field")]}), RequestRefused),
        (Unreachable("no such host"), Unreachable),
    ],
)
def test_what_is_certain_is_not_tried_again(trouble: Response | Exception, kind: type[Exception]):
    """A wrong token, a wrong document, a wrong host."""
    result, sent, _ = tried(trouble)
    assert isinstance(result, kind)
    assert sent == 1


@pytest.mark.parametrize(
    ("entry", "kind"),
    [
        (error("m", "InvalidBoardIdException", ["me"]), RequestRefused),
        (error("m", "UserUnauthorizedException", ["me"], status_code=403), Unauthorized),
        (error("m", "INTERNAL_SERVER_ERROR", ["me"], status_code=500), NoAnswer),
        # Not even the path says what is missing: the data are not whole.
        (error("part of it is missing"), RequestRefused),
    ],
)
def test_a_part_that_failed_fails_the_query(entry: Any, kind: type[Exception]):
    """Nothing is planned from a part of the truth."""
    partly = response({"data": {"me": {"id": "7"}}, "errors": [entry]})
    assert isinstance(tried(partly)[0], kind)


def test_throttled_calls_are_counted():
    """For the report."""
    speaking, _ = client(limited(1), ME)
    virtually(speaking.query("me"))
    assert speaking.usage.calls == 2
