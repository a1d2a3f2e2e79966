"""Transports by hand: one has a list of answers, one is an emulator without a port."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from customer_orders.emulator import ConnectionDropped, Monday
from customer_orders.errors import NoAnswer
from customer_orders.monday import Answer, Client, Response


def response(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer with a JSON body, or with these bytes."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Response(status=status, headers=headers or {}, body=body)


def error(message: str, code: str | None = None, path: list[Any] | None = None, **more: Any) -> Any:
    """An entry of errors[]."""
    extensions = more if code is None else {"code": code, **more}
    entry: dict[str, Any] = {"message": message, "extensions": extensions}
    return entry if path is None else {**entry, "path": path}


class Listed:
    """Gives its answers one after the other, and keeps what was sent."""

    def __init__(self, *answers: Response | Exception) -> None:
        self.answers = list(answers)
        self.sent: list[tuple[dict[str, Any], dict[str, str]]] = []

    async def post(self, body: bytes, headers: Mapping[str, str]) -> Response:
        """The next answer; the last one again and again."""
        self.sent.append((json.loads(body), dict(headers)))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


class Direct:
    """The emulator's core without a socket."""

    def __init__(self, monday: Monday, token: str = "emulator-token") -> None:
        self.monday = monday
        self.token = token
        #: Root field of each request, in order.
        self.asked: list[str] = []

    async def post(self, body: bytes, headers: Mapping[str, str]) -> Response:
        """As HTTP would bring it."""
        self.asked.append(json.loads(body)["query"].split("(")[0].split()[1])
        try:
            answer = await self.monday.post(body, {**headers, "Authorization": self.token})
        except ConnectionDropped as exc:
            raise NoAnswer("dropped") from exc
        lowered = {name.lower(): value for name, value in answer.headers.items()}
        return Response(status=answer.status, headers=lowered, body=answer.body)


async def sent(client: Client, body: bytes, key: str, document: str, count: int = 1) -> Answer:
    """The answer to a request that has its place in the budgets."""
    async with await client.governor.reserve(1, writes=True) as held:
        return await client.send(body, key, document=document, held=held, count=count)
