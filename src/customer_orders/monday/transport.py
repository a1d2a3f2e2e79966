"""What the client needs of a transport: one POST. Handed in, so that a simulation can be one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """An HTTP answer, whatever it says."""

    status: int
    #: Names in lower case.
    headers: Mapping[str, str]
    body: bytes


class Transport(Protocol):
    """Sends one request to the configured URL."""

    async def post(self, body: bytes, headers: Mapping[str, str]) -> Response:
        """The answer.

        Raises Unreachable when the request certainly did not leave, NoAnswer when nobody knows.
        """
        ...
