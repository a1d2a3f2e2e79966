"""The HTTP room: /v2 for clients, /_emulator for those who test them. The core does the work."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from customer_orders.emulator.clock import RealClock
from customer_orders.emulator.documents import schema_text
from customer_orders.emulator.errors import ConnectionDropped
from customer_orders.emulator.search import duplicates

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from customer_orders.emulator.core import Monday

    Drop = Callable[[tuple[str, int] | None], None]


def make_app(monday: Monday, drop: Drop) -> Starlette:
    """The web application; `drop` closes the connection of a client without an answer."""
    rooms = _Rooms(monday, drop)
    return Starlette(
        routes=[
            Route("/v2", rooms.graphql, methods=["POST"]),
            Route("/v2/get_schema", rooms.schema, methods=["GET"]),
            Route("/_emulator/state", rooms.state, methods=["GET", "PUT", "POST"]),
            Route("/_emulator/stats", rooms.stats, methods=["GET"]),
            Route("/_emulator/faults", rooms.faults, methods=["GET", "POST", "DELETE"]),
            Route("/_emulator/settings", rooms.settings, methods=["GET", "POST"]),
            Route("/_emulator/clock", rooms.clock, methods=["POST"]),
            Route("/_emulator/reset", rooms.reset, methods=["POST"]),
        ]
    )


class _Rooms:
    def __init__(self, monday: Monday, drop: Drop) -> None:
        self.monday = monday
        self.drop = drop
        #: What `/_emulator/reset` goes back to.
        self.seed = json.dumps(monday.save())

    async def graphql(self, request: Request) -> Response:
        try:
            answer = await self.monday.post(await request.body(), request.headers)
        except ConnectionDropped:
            self.drop(request.scope.get("client"))
            # Let the connection be lost before a response is made that nobody gets.
            await asyncio.sleep(0)
            return Response(status_code=500)
        return Response(answer.body, answer.status, answer.headers)

    async def schema(self, _request: Request) -> Response:
        return PlainTextResponse(schema_text())

    async def state(self, request: Request) -> Response:
        if request.method == "GET":
            return JSONResponse(self.monday.save())
        return await self._changed(request, self.monday.load)

    async def stats(self, request: Request) -> Response:
        """With `?board=ID&column=ID` also the values that stand there more than once."""
        stats = self.monday.stats.to_json()
        if "board" in request.query_params:
            board = self.monday.boards.board(request.query_params["board"])
            stats["duplicates"] = duplicates(board, request.query_params.get("column", "name"))
        return JSONResponse(stats)

    async def faults(self, request: Request) -> Response:
        """POST a rule or a list of rules; DELETE clears them."""
        faults = self.monday.faults
        if request.method == "DELETE":
            faults.clear()
        if request.method != "POST":
            return JSONResponse(faults.to_json())
        return await self._changed(request, faults.add_all)

    async def settings(self, request: Request) -> Response:
        if request.method == "GET":
            return JSONResponse(self.monday.settings.to_json())
        return await self._changed(request, self.monday.settings.change)

    async def clock(self, request: Request) -> Response:
        """POST {"advance": seconds}: windows, cursors and kept answers age."""
        clock = self.monday.clock
        if not isinstance(clock, RealClock):
            return JSONResponse({"error": "this clock is driven by its owner"}, 400)

        def advance(content: dict[str, float]) -> None:
            clock.ahead += float(content["advance"])

        return await self._changed(request, advance)

    async def reset(self, _request: Request) -> Response:
        self.monday.load(json.loads(self.seed))
        return JSONResponse({"ok": True})

    async def _changed(self, request: Request, change: Callable[[Any], None]) -> Response:
        """Hand the body to `change`; what it refuses is a 400 with the reason."""
        try:
            change(json.loads(await request.body()))
        except (KeyError, TypeError, ValueError) as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse({"ok": True})
