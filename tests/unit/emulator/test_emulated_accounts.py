"""Several accounts behind one address."""

from __future__ import annotations

import json
import random

import pytest

from customer_orders.emulator.accounts import Accounts
from customer_orders.emulator.errors import Unknown

NORTH = {
    "account": {"name": "North", "plan": "enterprise"},
    "users": [{"id": "1", "token": "emulator-north"}],
    "boards": [{"id": "10", "name": "North's orders"}],
}
SOUTH = {
    "account": {"name": "South", "plan": "free"},
    "users": [
        {"id": "2", "token": "emulator-south"},
        {"id": "3", "token": "emulator-south-clerk"},
    ],
    "boards": [{"id": "20", "name": "South's orders"}],
}
READ = "{ account { id name } boards { id items_count } }"


@pytest.fixture
def accounts(clock) -> Accounts:
    return Accounts({"accounts": [NORTH, SOUTH]}, clock=clock, source=random.Random(7))


async def ask(accounts: Accounts, token: str, query: str):
    body = json.dumps({"query": query}).encode()
    return await accounts.post(body, {"Authorization": token})


async def data(accounts: Accounts, token: str, query: str):
    return json.loads((await ask(accounts, token, query)).body)["data"]


async def test_the_token_opens_its_own_account(accounts):
    """Each sees its own boards; those of the other are not there for it."""
    assert await data(accounts, "emulator-north", READ) == {
        "account": {"id": "1", "name": "North"},
        "boards": [{"id": "10", "items_count": 0}],
    }
    seen = await data(accounts, "Bearer emulator-south-clerk", READ)
    assert seen["account"] == {"id": "2", "name": "South"}
    write = 'mutation { create_item(board_id: 10, item_name: "A") { id } }'
    assert await data(accounts, "emulator-south", write) == {"create_item": None}
    assert (await ask(accounts, "emulator-nobody", READ)).status == 401


async def test_each_account_has_its_own_limits(accounts, clock):
    """Plan and budgets are the account's; all its tokens draw on them, the other's do not."""
    north = await ask(accounts, "emulator-north", READ)
    assert '"minuteRate";q=5000' in north.headers["RateLimit-Policy"]
    await ask(accounts, "emulator-south", READ)
    clerk = await ask(accounts, "emulator-south-clerk", READ)
    assert '"minuteRate";r=998' in clerk.headers["RateLimit"]
    accounts.account("2").settings.change({"requests_per_minute": 1})
    assert (await ask(accounts, "emulator-south", READ)).status == 429
    assert (await ask(accounts, "emulator-north", READ)).status == 200


async def test_an_address_has_one_budget_for_all_accounts(accounts):
    """5,000 requests in 10 seconds count by caller, not by account."""
    for each in accounts.all:
        each.settings.change({"ip_requests_per_10_seconds": 1})
    await ask(accounts, "emulator-north", READ)
    assert b"IP_RATE_LIMIT_EXCEEDED" in (await ask(accounts, "emulator-south", READ)).body


async def test_ids_are_never_the_same_in_two_accounts(accounts):
    """Items of each account are counted in a range of their own."""
    ids = set()
    for token, board in (("emulator-north", 10), ("emulator-south", 20)):
        write = f'mutation {{ create_item(board_id: {board}, item_name: "A") {{ id }} }}'
        ids.add((await data(accounts, token, write))["create_item"]["id"])
    assert ids == {"1000000001", "2000000001"}


async def test_all_accounts_are_saved_and_loaded(accounts):
    """What is saved, as a whole or in pieces, loads to the same."""
    write = 'mutation { create_item(board_id: 20, item_name: "Ä") { id } }'
    await data(accounts, "emulator-south", write)
    saved = accounts.save()
    assert json.loads("".join(accounts.saved())) == saved
    assert Accounts(saved).save() == saved
    one = Accounts(NORTH)
    assert json.loads("".join(one.saved())) == one.save() == one.all[0].save()


def test_accounts_must_differ(accounts):
    """The same token or id twice is an error; so is an account that is not there."""
    with pytest.raises(ValueError, match="tokens"):
        Accounts({"accounts": [NORTH, {**NORTH, "account": {"id": "9"}}]})
    with pytest.raises(ValueError, match="account ids"):
        Accounts({"accounts": [NORTH, {**SOUTH, "account": {"id": "1"}}]})
    with pytest.raises(Unknown):
        accounts.account("9")
