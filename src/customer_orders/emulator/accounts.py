"""Several accounts behind one address. The token tells which; each is a `Monday` of its own.

`{"accounts": [...]}` holds the JSON of `state.py` once for each account; the JSON of one account
alone will do. What is not said there is counted up: account ids 1, 2 ..., and items of the second
account from 2,000,000,001, so that no id stands for two things.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from customer_orders.emulator.clock import RealClock
from customer_orders.emulator.core import Monday
from customer_orders.emulator.errors import Unknown
from customer_orders.emulator.requests import token_of
from customer_orders.emulator.state import FIRST_ID

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from customer_orders.emulator.answers import Answer
    from customer_orders.emulator.clock import Clock


class Accounts:
    """Hands each request to the account of its token."""

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        settings: Mapping[str, Any] | None = None,
        clock: Clock | None = None,
        source: random.Random | None = None,
    ) -> None:
        self.clock = clock or RealClock()
        self.random = source or random.Random()  # noqa: S311 - ids and faults, no secrets
        self.all = [Monday(clock=self.clock, source=self.random)]
        self.load(data or {}, settings)

    def load(self, data: Mapping[str, Any], settings: Mapping[str, Any] | None = None) -> None:
        """Replace everything; `settings` go over those of every account."""
        first, *others = _seeds(data)
        fresh = [
            Monday(each, settings=settings, clock=self.clock, source=self.random) for each in others
        ]
        self.all[0].load(first, settings)
        self.all[1:] = fresh
        for each in fresh:
            # This limit belongs to the caller's address, whatever the account.
            each.limits.ip = self.all[0].limits.ip

    def save(self) -> dict[str, Any]:
        """The JSON of all accounts, or of the one, fit for `load`."""
        if len(self.all) == 1:
            return self.all[0].save()
        return {"accounts": [each.save() for each in self.all]}

    def saved(self) -> Iterator[str]:
        """The text of `save` in pieces."""
        if len(self.all) == 1:
            yield from self.all[0].saved()
            return
        before = '{"accounts": ['
        for each in self.all:
            yield before
            yield from each.saved()
            before = ", "
        yield "]}"

    @property
    def changes(self) -> int:
        return sum(each.changes for each in self.all)

    def account(self, account_id: str | None) -> Monday:
        """An account by its id, the first one when none is named."""
        for each in self.all:
            if account_id in (None, each.state.account.id):
                return each
        raise Unknown(f"there is no account {account_id!r}")

    async def post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Answer one request; a token that nobody has is turned away by the first account."""
        token = token_of({name.lower(): value for name, value in headers.items()})
        for each in self.all:
            if any(user.token == token for user in each.state.users):
                return await each.post(body, headers)
        return await self.all[0].post(body, headers)


def _seeds(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The seed of each account with its ids filled in; a token or an id twice is an error."""
    seeds = []
    for number, each in enumerate(data.get("accounts", [data]), start=1):
        account = {"id": str(number), **each.get("account", {})}
        seeds.append({"next_id": number * FIRST_ID + 1, **each, "account": account})
    if len(seeds) > 1:
        ids = [each["account"]["id"] for each in seeds]
        tokens = [user.get("token") for each in seeds for user in each.get("users", [{}])]
        for what, given in (("account ids", ids), ("tokens", tokens)):
            if len(set(given)) < len(given):
                raise ValueError(f"the {what} of several accounts must differ: {given}")
    return seeds
