"""A small board in the emulator, a ledger in a folder, and runs that deliver a few lines to it."""

from __future__ import annotations

import json
import urllib.request
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select

from customer_orders.config import RuleSettings, Settings
from customer_orders.delivery import Delivery, Stop, holding
from customer_orders.errors import CustomerOrdersError
from customer_orders.ledger import Ledger, State, knowledge, runs
from customer_orders.ledger.recording import Tally
from customer_orders.ledger.schema import operation, run_line, snapshot
from customer_orders.model import Item, Kind, OrderLine, Subitem
from customer_orders.monday import (
    Client,
    Copies,
    Governor,
    HTTPTransport,
    Response,
    Session,
    Transport,
    already_there,
)
from customer_orders.monday.session import board_api
from customer_orders.plan import Estimate, Filters, Planned, Reading, Surroundings, assemble

BOARD = "10"
GROUP = "TORVANE 2025 FALL"
VERSION = "v1"
ESTIMATE = Estimate(calls=0, complexity=0, minutes=0.0, binds="", calls_left=1, calls_a_day=1)
#: Far above what a test needs, with short times: the same as `TIME` says on our side.
LIMITS = {
    "complexity_per_minute": 10**9,
    "requests_per_minute": 10**6,
    "calls_per_day": 10**6,
    "call_cap_seconds": 0.3,
    "index_lag_seconds": 0.1,
}
TIME = {
    "call_cap": 0.3,
    "client_timeout": 2,
    "index_lag": 0.15,
    "send_within": 1,
    "lock_stale": 4,
    "recheck": 1,
}
SEED: Mapping[str, Any] = {
    "users": [
        {"id": "1", "token": "emulator-token"},
        {"id": "2", "token": "emulator-planner"},
    ],
    "boards": [
        {
            "id": BOARD,
            "name": "Orders",
            "subitems_board": "11",
            "columns": [
                {
                    "id": "customer",
                    "title": "CUSTOMER",
                    "type": "dropdown",
                    "settings": {"labels": ["TORVANE"]},
                },
                {"id": "pieces", "title": "ORDER QTY", "type": "numbers"},
                {"id": "note", "title": "NOTE", "type": "text"},
                {"id": "key", "title": "LINE KEY", "type": "text"},
                {"id": "theirs", "title": "PLANNER", "type": "text"},
                {
                    "id": "subitems",
                    "title": "Subitems",
                    "type": "subtasks",
                    "settings": {"boardIds": ["11"]},
                },
            ],
        },
        {
            "id": "11",
            "name": "Subitems of Orders",
            "columns": [
                {"id": "size", "title": "Size", "type": "dropdown"},
                {"id": "qty", "title": "Order Qty", "type": "numbers"},
                {"id": "note", "title": "PLANNER", "type": "text"},
            ],
        },
    ],
}


def item(number: int, *, note: str = "as ordered", group: str = GROUP, **sizes: str) -> Item:
    """What the board should show of line `number`; without sizes it has M and L."""
    record_uuid = str(uuid.uuid5(uuid.NAMESPACE_URL, str(number)))
    quantities = sizes or {"M": "100", "L": "80"}
    values = {
        "CUSTOMER": "TORVANE",
        "ORDER QTY": str(sum(map(int, quantities.values()))),
        "NOTE": note,
        "LINE KEY": record_uuid,
    }
    return Item(
        record_uuid=record_uuid,
        row_hash=f"{number} {note} {quantities} {group}",
        customer="TORVANE",
        board=BOARD,
        group=group,
        name=f"style {number}",
        values=values,
        subitems=tuple(Subitem(size=s, quantity=q) for s, q in quantities.items()),
    )


@dataclass
class Told:
    """Whoever wants to know how far delivery is."""

    tallies: list[Tally] = field(default_factory=list)

    def moved(self, tally: Tally) -> None:
        """Remember it."""
        self.tallies.append(tally)


@dataclass(frozen=True)
class Ended:
    """How one run ended."""

    run_id: str
    error: BaseException | None
    outcomes: Mapping[str, str]
    mutations: int
    calls: int
    by_document: Mapping[str, int]


class World:
    """One board, one ledger, and the runs between them."""

    def __init__(self, url: str, folder: Path, **settings: Any) -> None:
        self.url = url
        self.ledger = Ledger(f"sqlite:///{folder / 'ledger.db'}")
        self.ledger.deploy()
        columns = {t: {"from": t} for t in ("CUSTOMER", "ORDER QTY", "NOTE")}
        tables: dict[str, Any] = {
            "source": {"file": "orders.csv"},
            "monday": {"token": "emulator-token", "url": url} | settings.pop("monday", {}),
            "board": [{"id": BOARD, "name": "Orders"}],
            "mapping": {"profile": "none", "columns": columns},
            "customers": {"TORVANE": []},
            "time": TIME | settings.pop("time", {}),
        }
        self.settings = Settings.model_validate(tables | settings)
        self.told = Told()

    # Our side

    @asynccontextmanager
    async def session(
        self, wrap: Callable[[Transport], Transport] = lambda transport: transport
    ) -> AsyncIterator[Session]:
        """The account, through a transport that a test may wrap."""
        timeout = self.settings.time.client_timeout
        async with HTTPTransport(
            self.url, "emulator-token", timeout=timeout, connect=self.settings.time.send_within / 2
        ) as transport:
            client = Client(wrap(transport), Governor("enterprise"), version="2026-10")
            api = board_api(self.settings, client)
            boards = {BOARD: await api.board(BOARD)}
            copies = Copies(client)
            user, account = await api.me()
            yield Session(
                client=client, api=api, copies=copies, user=user, account=account, boards=boards
            )

    async def run(
        self,
        *items: Item,
        wrap: Callable[[Transport], Transport] = lambda transport: transport,
        stop: Stop | None = None,
        around: Surroundings | None = None,
    ) -> Ended:
        """What `apply` does with lines that are rendered already."""
        run_id = runs.open_run(self.ledger, Filters())
        error: BaseException | None = None
        async with self.session(wrap) as session:
            try:
                await self._apply(run_id, items, session, stop or Stop(), around or AROUND)
            except (CustomerOrdersError, Killed) as exc:
                error = exc
            runs.settle_outcomes(self.ledger, run_id)
            usage = session.client.usage
        return Ended(
            run_id=run_id,
            error=error,
            outcomes=self.outcomes(run_id),
            mutations=usage.mutations,
            calls=usage.calls,
            by_document=usage.by_document,
        )

    async def _apply(
        self,
        run_id: str,
        items: tuple[Item, ...],
        session: Session,
        stop: Stop,
        around: Surroundings,
    ) -> None:
        ledger, settings = self.ledger, self.settings
        async with holding(settings, ledger, run_id) as (held,):
            delivery = Delivery(ledger, session, held, settings, stop, self.told)
            await delivery.catch_up()
            lines = [each.record_uuid for each in (*items, *around.missing)]
            known = knowledge.gather(ledger, settings, session.boards, lines, VERSION)
            rendered = [(line_of(each), each) for each in items]
            plan = assemble(rendered, [], known, around, session.boards)
            found, copies = await already_there(session, settings, plan.operations, known.delivered)
            plan = assemble(rendered, copies, known.with_found(found), around, session.boards)
            planned = Planned(
                plan=plan,
                reading=Reading(scope="s", mapping_version=VERSION, rows=1, by_customer={}),
                looked_at=tuple(lines),
                groups=known.groups,
                estimate=ESTIMATE,
            )
            runs.stage(ledger, run_id, planned)
            await delivery.deliver(run_id)

    async def look_again(self, session: Session) -> None:
        """What every run does before it plans."""
        run_id = runs.open_run(self.ledger, Filters())
        async with holding(self.settings, self.ledger, run_id) as (held,):
            await Delivery(self.ledger, session, held, self.settings, Stop()).catch_up()

    def outcomes(self, run_id: str) -> dict[str, str]:
        """record_uuid -> what the line counts as."""
        rows = select(run_line.c.line, run_line.c.outcome).where(run_line.c.run_id == run_id)
        with self.ledger.transaction() as connection:
            return {row.line: row.outcome for row in connection.execute(rows)}

    def operations(self, *states: State) -> list[Any]:
        """Rows of `operation` in one of the states, in the order they were planned."""
        rows = select(operation).where(operation.c.state.in_(states)).order_by(operation.c.id)
        with self.ledger.transaction() as connection:
            return list(connection.execute(rows))

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the ledger."""
        with self.ledger.transaction() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(query)]

    def hashes(self) -> dict[str, str | None]:
        """record_uuid -> row hash."""
        with self.ledger.transaction() as connection:
            rows = connection.execute(select(snapshot.c.record_uuid, snapshot.c.row_hash))
            return {row.record_uuid: row.row_hash for row in rows}

    # The emulator's side

    def fault(self, kind: str, operation: str = "*", **more: Any) -> None:
        """Add a rule to the plan of trouble."""
        self.post("faults", {"kind": kind, "operation": operation, **more})

    def clear(self) -> None:
        """Take all rules out of the plan of trouble."""
        rules = urllib.request.Request(f"{self._admin}/faults", method="DELETE")
        urllib.request.urlopen(rules).close()

    def post(self, room: str, content: Any) -> None:
        """Tell the emulator something."""
        data = json.dumps(content).encode()
        urllib.request.urlopen(f"{self._admin}/{room}", data).close()

    def get(self, room: str) -> Any:
        """Ask the emulator something."""
        with urllib.request.urlopen(f"{self._admin}/{room}") as answer:
            return json.load(answer)

    def mutate(self, text: str, token: str = "emulator-token") -> Any:
        """A person does something on the board, or a request of ours comes late."""
        data = json.dumps({"query": text}).encode()
        head = {"Authorization": token}
        with urllib.request.urlopen(urllib.request.Request(self.url, data, head)) as answer:
            return json.load(answer)["data"]

    @property
    def _admin(self) -> str:
        return self.url.removesuffix("/v2") + "/_emulator"

    def board(self) -> dict[str, tuple[str, str, str | None, dict[str, str]]]:
        """Line key -> group, name, note and the quantity of each size; fails on a duplicate."""
        state = self.get("state")
        items, subitems = state["boards"][0], state["boards"][1]
        titles = {group["id"]: group["title"] for group in items["groups"]}
        labels = subitems["columns"][1]["settings"]["labels"]
        sizes = {label["id"]: label["label"] for label in labels}
        shown = {}
        for each in items["items"]:
            if each["state"] == "active":
                pieces: dict[str, str] = {}
                for sub in subitems["items"]:
                    if sub["parent"] == each["id"] and sub["state"] == "active":
                        size = sizes[sub["values"]["size"][0]]
                        assert size not in pieces, f"size {size} stands twice"
                        pieces[size] = sub["values"]["qty"]
                key = each["values"]["key"]
                assert key not in shown, f"{key} stands twice"
                note = each["values"].get("note")
                shown[key] = (titles[each["group"]], each["name"], note, pieces)
        return shown


def line_of(wanted: Item) -> OrderLine:
    """The line that an item was rendered from."""
    return OrderLine(
        record_uuid=wanted.record_uuid,
        line_key=wanted.name,
        ordinal=1,
        row=1,
        row_hash=wanted.row_hash,
        kind=Kind.NEW,
        values={},
        sizes={},
    )


def wanted(*items: Item) -> dict[str, tuple[str, str, str | None, dict[str, str]]]:
    """What `World.board` gives when these items stand there, and nothing else."""
    return {
        each.record_uuid: (
            each.group,
            each.name,
            each.values["NOTE"],
            {s.size: s.quantity for s in each.subitems},
        )
        for each in items
    }


AROUND = Surroundings(
    untold=(), unchanged=(), missing=(), absent=(), dropped=0, rules=RuleSettings()
)


class Wire:
    """A transport that remembers what was asked and sent; `meddle` comes before each mutation.

    What `meddle` gives is the answer, or is raised; None lets the request go its way.
    """

    def __init__(
        self,
        meddle: Callable[[int, bytes], Response | Exception | None] = lambda number, body: None,
    ) -> None:
        self.meddle = meddle
        #: Key, document and variables of every mutation.
        self.sent: list[tuple[str, str, Mapping[str, Any]]] = []
        #: First word of every query's name.
        self.asked: list[str] = []

    def __call__(self, inner: Transport) -> Transport:
        """As the argument `wrap` of `World.run`."""
        self.inner = inner
        return self

    async def post(self, body: bytes, headers: Mapping[str, str]) -> Response:
        """Remember it and pass it on."""
        document = json.loads(body)
        name = document["query"].split("(")[0].split()[1]
        if "Idempotency-Key" not in headers:
            self.asked.append(name)
            return await self.inner.post(body, headers)
        self.sent.append((headers["Idempotency-Key"], name, document["variables"]))
        found = self.meddle(len(self.sent), body)
        if isinstance(found, Exception):
            raise found
        return found or await self.inner.post(body, headers)

    def keys(self, name: str) -> list[str]:
        """Idempotency-Keys of the requests with this document."""
        return [key for key, document, _ in self.sent if document == name]


class Killed(BaseException):
    """The process is gone: nothing after this is done."""


class Kill:
    """A transport that ends the process at the n-th request with a mutation."""

    def __init__(self, inner: Transport, at: int, *, after: bool) -> None:
        self.inner = inner
        self.left = at
        #: Whether the request still reaches monday.
        self.after = after

    async def post(self, body: bytes, headers: Mapping[str, str]) -> Response:
        """Pass it on, or die."""
        if "Idempotency-Key" not in headers:
            return await self.inner.post(body, headers)
        self.left -= 1
        if self.left:
            return await self.inner.post(body, headers)
        if self.after:
            await self.inner.post(body, headers)
        raise Killed
