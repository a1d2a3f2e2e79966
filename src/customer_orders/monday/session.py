"""One connection to the account: transport, budgets, client, and the configured boards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from customer_orders.config import Secret, Settings
from customer_orders.mapping import check_targets
from customer_orders.model import Board, ShownItem
from customer_orders.monday.boards import BoardAPI
from customer_orders.monday.client import Client
from customer_orders.monday.copies import Copies
from customer_orders.monday.governor import Governor
from customer_orders.monday.http import HTTPTransport
from customer_orders.monday.mutations import DOCUMENTS
from customer_orders.plan import Allowance


@dataclass(frozen=True, kw_only=True)
class Session:
    """What a command needs of monday."""

    client: Client
    api: BoardAPI
    copies: Copies
    #: Ids of the token's user and account.
    user: str
    account: str
    #: Board id -> live board.
    boards: Mapping[str, Board]

    def allowance(self, settings: Settings) -> Allowance:
        """What the account allows, as far as it is known, for a forecast."""
        governor = self.client.governor
        return Allowance(
            complexity=governor.writing.share,
            shared=governor.writing.shared,
            others_known=any(name in self.client.prices for name in DOCUMENTS.values()),
            calls_left=governor.day.left,
            calls_a_day=governor.day.calls,
            aliases=settings.monday.aliases,
            in_flight=settings.monday.in_flight,
            prices={kind: self.client.price(name) for kind, name in DOCUMENTS.items()},
        )

    async def afresh(self) -> Session:
        """The same, with the boards as they are now."""
        return replace(self, boards={board: await self.api.board(board) for board in self.boards})

    async def items_by_key(self, settings: Settings) -> dict[str, list[ShownItem]]:
        """Line key -> active items that bear it, oldest first, of every configured board."""
        shown: defaultdict[str, list[ShownItem]] = defaultdict(list)
        for configured in settings.boards:
            async for item in self.api.scan(self.boards[configured.id]):
                if key := item.values.get(configured.key_column):
                    shown[key].append(item)
        return {key: sorted(items, key=_age) for key, items in shown.items()}


@asynccontextmanager
async def connect(settings: Settings) -> AsyncIterator[Session]:
    """Open the account and read the configured boards; their columns are checked.

    Raises Unauthorized, Unreachable, or BoardError that names what does not fit.
    """
    async with _client(settings) as client:
        api = board_api(settings, client)
        user, account = await api.me()
        boards = {configured.id: await api.board(configured.id) for configured in settings.boards}
        for configured in settings.boards:
            check_targets(settings, configured, boards[configured.id])
        yield Session(
            client=client,
            api=api,
            copies=Copies(client),
            user=user,
            account=account,
            boards=boards,
        )


@asynccontextmanager
async def unchecked(settings: Settings) -> AsyncIterator[BoardAPI]:
    """The account without a look at the boards: for `check` and `deploy`."""
    async with _client(settings) as client:
        yield board_api(settings, client)


def board_api(settings: Settings, client: Client) -> BoardAPI:
    """The boards in terms of the configured columns."""
    keys = [board.key_column for board in settings.boards]
    mapping = settings.mapping
    return BoardAPI(
        client,
        columns=[*settings.columns, *keys],
        subitem_columns=[mapping.subitem_size, mapping.subitem_quantity],
    )


@asynccontextmanager
async def _client(settings: Settings) -> AsyncIterator[Client]:
    token = Secret(settings.monday.token).reveal()
    url, time = settings.monday.url, settings.time
    async with HTTPTransport(
        url, token, timeout=time.client_timeout, connect=time.send_within / 2
    ) as transport:
        governor = Governor(settings.monday.plan, keep_back=settings.monday.reserve_daily_calls)
        yield Client(transport, governor, version=settings.monday.version)


def _age(item: ShownItem) -> int:
    """monday's ids grow, so the lower one is the older item."""
    return int(item.monday_id)
