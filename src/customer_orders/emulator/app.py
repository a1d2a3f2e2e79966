"""The HTTP room: /v2 for clients, /_emulator for those who test them, / for people.

The core does the work. Where there are several accounts, `?account=ID` names one of them.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from customer_orders.emulator.clock import RealClock
from customer_orders.emulator.documents import schema_text
from customer_orders.emulator.errors import ConnectionDropped, Unknown
from customer_orders.emulator.page import shown
from customer_orders.emulator.search import duplicates

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from customer_orders.emulator.accounts import Accounts
    from customer_orders.emulator.core import Monday

    Drop = Callable[[tuple[str, int] | None], None]


def make_app(accounts: Accounts, drop: Drop) -> Starlette:
    """The web application; `drop` closes the connection of a client without an answer."""
    rooms = _Rooms(accounts, drop)
    return Starlette(
        routes=[
            Route("/", rooms.page, methods=["GET"]),
            Route("/v2", rooms.graphql, methods=["POST"]),
            Route("/v2/get_schema", rooms.schema, methods=["GET"]),
            Route("/_emulator/state", rooms.state, methods=["GET", "PUT", "POST"]),
            Route("/_emulator/stats", rooms.stats, methods=["GET"]),
            Route("/_emulator/faults", rooms.faults, methods=["GET", "POST", "DELETE"]),
            Route("/_emulator/settings", rooms.settings, methods=["GET", "POST"]),
            Route("/_emulator/clock", rooms.clock, methods=["POST"]),
            Route("/_emulator/reset", rooms.reset, methods=["POST"]),
        ],
        exception_handlers={Unknown: _not_found},
    )


async def _not_found(_request: Request, error: Exception) -> Response:
    return PlainTextResponse(str(error), 404)


class _Rooms:
    def __init__(self, accounts: Accounts, drop: Drop) -> None:
        self.accounts = accounts
        self.drop = drop
        #: What `/_emulator/reset` goes back to.
        self.seed = json.dumps(accounts.save())

    async def graphql(self, request: Request) -> Response:
        try:
            answer = await self.accounts.post(await request.body(), request.headers)
        except ConnectionDropped:
            self.drop(request.scope.get("client"))
            # Let the connection be lost before a response is made that nobody gets.
            await asyncio.sleep(0)
            return Response(status_code=500)
        return Response(answer.body, answer.status, answer.headers)

    async def schema(self, _request: Request) -> Response:
        return PlainTextResponse(schema_text())

    async def page(self, request: Request) -> Response:
        """The boards as a person sees them."""
        query = request.query_params
        number = query.get("page", "1")
        if not number.isdecimal() or int(number) < 1:
            raise Unknown(f"there is no page {number!r}")
        page = shown(self.accounts, self._account(request), query.get("board"), int(number))
        if request.headers.get("if-none-match") == page.headers["ETag"]:
            return Response(status_code=304, headers=page.headers)
        return HTMLResponse(page.html(), headers=page.headers)

    async def state(self, request: Request) -> Response:
        if request.method == "GET":
            return JSONResponse(self.accounts.save())
        return await self._changed(request, self.accounts.load)

    async def stats(self, request: Request) -> Response:
        """With `?board=ID&column=ID` also the values that stand there more than once."""
        monday = self._account(request)
        stats = monday.stats.to_json()
        if "board" in request.query_params:
            board = monday.boards.board(request.query_params["board"])
            stats["duplicates"] = duplicates(board, request.query_params.get("column", "name"))
        return JSONResponse(stats)

    async def faults(self, request: Request) -> Response:
        """POST a rule or a list of rules; DELETE clears them."""
        faults = self._account(request).faults
        if request.method == "DELETE":
            faults.clear()
        if request.method != "POST":
            return JSONResponse(faults.to_json())
        return await self._changed(request, faults.add_all)

    async def settings(self, request: Request) -> Response:
        settings = self._account(request).settings
        if request.method == "GET":
            return JSONResponse(settings.to_json())
        return await self._changed(request, settings.change)

    async def clock(self, request: Request) -> Response:
        """POST {"advance": seconds}: windows, cursors and kept answers age."""
        clock = self.accounts.clock
        if not isinstance(clock, RealClock):
            return JSONResponse({"error": "this clock is driven by its owner"}, 400)

        def advance(content: dict[str, float]) -> None:
            clock.ahead += float(content["advance"])

        return await self._changed(request, advance)

    async def reset(self, _request: Request) -> Response:
        self.accounts.load(json.loads(self.seed))
        return JSONResponse({"ok": True})

    def _account(self, request: Request) -> Monday:
        """`?account=ID`, or the first one."""
        return self.accounts.account(request.query_params.get("account"))

    async def _changed(self, request: Request, change: Callable[[Any], None]) -> Response:
        """Hand the body to `change`; what it refuses is a 400 with the reason."""
        try:
            change(json.loads(await request.body()))
        except (KeyError, TypeError, ValueError) as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse({"ok": True})
