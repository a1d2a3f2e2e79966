"""The aiohttp transport: verified TLS, one connection pool, errors translated at the edge."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from types import TracebackType
from urllib.parse import urlsplit

import aiohttp

from customer_orders.config import EMULATOR_TOKEN
from customer_orders.errors import ConfigError, NoAnswer, Unreachable
from customer_orders.monday.transport import Response


class HTTPTransport:
    """POSTs to one URL. Use as `async with`."""

    def __init__(self, url: str, token: str, *, timeout: float, connect: float) -> None:
        """Seconds for a whole call, and for opening its connection.

        Raises ConfigError for a URL without TLS, or an emulator's token, beyond loopback; and for
        a URL with a user or a password.
        """
        _check_token(token)
        _check_destination(url, token)
        self._url = url
        self._token = token
        self._timeout = aiohttp.ClientTimeout(total=timeout, connect=connect)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> HTTPTransport:
        # trust_env stays off: a proxy from the environment would see the token.
        self._session = aiohttp.ClientSession(timeout=self._timeout)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def post(self, body: bytes, headers: Mapping[str, str]) -> Response:
        """One request. Redirects are not followed: the token goes to the configured host only."""
        if self._session is None:
            raise RuntimeError("use the transport as `async with`")
        sent = {**headers, "Authorization": self._token, "Content-Type": "application/json"}
        try:
            async with self._session.post(
                self._url, data=body, headers=sent, allow_redirects=False
            ) as answer:
                return Response(
                    status=answer.status,
                    headers={name.lower(): value for name, value in answer.headers.items()},
                    body=await self._body(answer),
                )
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as exc:
            raise Unreachable(
                f"{self._url} cannot be reached: {exc}",
                hint="check [monday] url and the network; nothing was sent",
            ) from exc
        except aiohttp.ClientResponseError as exc:
            # It holds the request's headers, the token among them: it goes no further.
            said = f"{type(exc).__name__}, {exc.message}"
        except (TimeoutError, aiohttp.ClientError, OSError) as exc:
            what = type(exc).__name__
            raise NoAnswer(f"no answer from {self._url}: {what}") from exc
        raise NoAnswer(f"no answer that can be read from {self._url}: {said}")

    async def _body(self, answer: aiohttp.ClientResponse) -> bytes:
        try:
            return await answer.read()
        except (TimeoutError, aiohttp.ClientError, OSError) as exc:
            # The status of a failure counts without its words; that of a success does not.
            status = None if answer.ok else answer.status
            raise NoAnswer(
                f"the answer from {self._url} was cut off: {type(exc).__name__}", status=status
            ) from exc


def _check_token(token: str) -> None:
    if not token or not (token.isascii() and token.isprintable()):
        raise ConfigError(
            "the token of [monday] cannot be sent: it is empty, or holds a line break or the like",
            hint="look at the end of the environment variable's value",
        )


def _check_destination(url: str, token: str) -> None:
    # First, and without the URL: what stands before an @ may be a password.
    if "@" in url:
        raise ConfigError(
            "[monday] url holds a user or a password: there is an @ in it",
            hint="leave them out; monday is told nothing but the token of [monday]",
        )
    try:
        parts = urlsplit(url)
        local = _is_loopback(parts.hostname or "")
    except ValueError as exc:
        raise ConfigError(f"[monday] url {url} is not a URL: {exc}") from exc
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise ConfigError(
            f"[monday] url {url} does not use https",
            hint="the token would travel in clear; http is for the emulator on this machine",
        )
    if token.startswith(EMULATOR_TOKEN) and not local:
        raise ConfigError(
            f"[monday] token is an emulator's, but {parts.hostname} is not this machine",
            hint="set the environment variable to a token of your account",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
