"""The HTTP transport over real sockets: where the token may go, and what a failure means."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import pytest

from customer_orders.emulator import Emulator
from customer_orders.errors import ConfigError, CustomerOrdersError, NoAnswer, Unreachable
from customer_orders.monday import Client, Governor, HTTPTransport

TOKEN = "eyJhbGciOi.secret.token"
LOCAL = "emulator-token"
ME = b'{"query": "{ me { id } }"}'
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(handler: Handler, context: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A server by hand; gives its host and port."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def failure(url: str, token: str = LOCAL, seconds: float = 5) -> CustomerOrdersError:
    """What a request there raises."""
    with pytest.raises(CustomerOrdersError) as caught:
        async with HTTPTransport(url, token, timeout=seconds, connect=5) as transport:
            await transport.post(ME, {})
    return caught.value


def everything(exc: BaseException | None) -> str:
    """All texts of an exception and of its causes."""
    found = ""
    while exc is not None:
        found += f"{exc!r} {exc} {vars(exc)!r}"
        exc = exc.__cause__ or exc.__context__
    return found


@pytest.mark.parametrize(
    "url",
    [
        "http://api.monday.com/v2",
        "http://10.0.0.7/v2",
        "http://127.0.0.1.example.com/v2",
        "http://localhost.example.com/v2",
        "ftp://127.0.0.1/v2",
        "api.monday.com/v2",
        "http://[::1/v2",
    ],
)
def test_without_tls_only_to_this_machine(url: str):
    """The token would travel in clear."""
    with pytest.raises(ConfigError, match=r"\[monday\] url") as caught:
        HTTPTransport(url, TOKEN, timeout=1, connect=5)
    assert TOKEN not in everything(caught.value)


@pytest.mark.parametrize(
    "url",
    ["https://kim:hunter2@host/v2", "https://hunter2@host/v2", "https://kim:hunter2@[::1/v2"],
)
def test_a_url_with_a_password(url: str):
    """It is refused before anything is sent, and not repeated."""
    with pytest.raises(ConfigError, match=r"\[monday\] url") as caught:
        HTTPTransport(url, TOKEN, timeout=1, connect=5)
    assert "leave them out" in (caught.value.hint or "")
    assert "hunter2" not in everything(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.3.4.5"])
def test_this_machine_may_speak_http(host: str):
    """The emulator does."""
    HTTPTransport(f"http://{host}:1/v2", LOCAL, timeout=1, connect=5)


@pytest.mark.parametrize("url", ["https://api.monday.com/v2", "https://192.168.1.5/v2"])
def test_an_emulator_s_token_stays_here(url: str):
    """It opens nothing elsewhere, and somebody mixed two configurations up."""
    with pytest.raises(ConfigError, match="token is an emulator's"):
        HTTPTransport(url, LOCAL, timeout=1, connect=5)


@pytest.mark.parametrize("token", ["", "abc\n", "abc\r\nX-Evil: 1", "ab\u00e9", "a\x00b"])
def test_a_token_that_cannot_be_sent(token: str):
    """Said before the first request, without its text."""
    with pytest.raises(ConfigError, match="cannot be sent") as caught:
        HTTPTransport("https://api.monday.com/v2", token, timeout=1, connect=5)
    assert not token.strip() or token.strip() not in str(caught.value)


async def test_a_request_and_its_answer():
    """Headers in lower case, and a body, from a real server."""
    with Emulator(state={"users": [{"id": "7", "token": LOCAL}]}) as url:
        async with HTTPTransport(url, LOCAL, timeout=5, connect=5) as transport:
            answer = await transport.post(ME, {"API-Version": "2026-10"})
            client = Client(transport, Governor("pro"), version="2026-10")
            shown = (await client.query("me"))["me"]
    assert (shown["id"], shown["account"]) == ("7", {"id": "1"})
    assert answer.status == 200
    assert answer.headers["api-version"] == "2026-10"
    assert b'"id":"7"' in answer.body


async def test_what_is_on_the_wire():
    """The token raw, JSON, the caller's headers, and no proxy or redirect in between."""
    seen: list[bytes] = []

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        seen.append(await reader.readexactly(len(ME)))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        await writer.drain()

    async with (
        listening(once) as place,
        HTTPTransport(f"http://{place}/v2", LOCAL, timeout=5, connect=5) as transport,
    ):
        await transport.post(ME, {"Idempotency-Key": "k1"})
    head = seen[0].decode()
    assert head.startswith("POST /v2 HTTP/1.1\r\n")
    for line in (f"Authorization: {LOCAL}", "Content-Type: application/json"):
        assert f"{line}\r\n" in head
    assert "Idempotency-Key: k1\r\n" in head
    assert seen[1] == ME


async def test_a_redirect_is_not_followed():
    """The token goes to the configured host only."""
    elsewhere: list[str] = []

    async def other(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        elsewhere.append("asked")

    async with listening(other) as target:

        async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            text = f"HTTP/1.1 307 Elsewhere\r\nLocation: http://{target}/v2\r\n"
            writer.write(f"{text}Content-Length: 0\r\nConnection: close\r\n\r\n".encode())
            await writer.drain()

        async with (
            listening(redirect) as place,
            HTTPTransport(f"http://{place}/v2", LOCAL, timeout=5, connect=5) as transport,
        ):
            answer = await transport.post(ME, {})
    assert answer.status == 307
    assert elsewhere == []


async def test_a_refused_connection_is_certain():
    """Nothing was sent: the request may go out again."""
    async with listening(lambda r, w: asyncio.sleep(0)) as place:
        pass
    exc = await failure(f"http://{place}/v2")
    assert isinstance(exc, Unreachable)
    assert place in exc.message
    assert "[monday] url" in exc.hint


async def test_an_unknown_host_is_certain():
    """A name that does not resolve."""
    exc = await failure("https://monday.invalid/v2", TOKEN)
    assert isinstance(exc, Unreachable)


async def hang_up(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Read the request and close."""
    await reader.readuntil(b"\r\n\r\n")


async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Promise a hundred bytes, give five."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"dat')
    await writer.drain()


async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Speak something else."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"SSH-2.0-OpenSSH_9.7\r\n\r\n")
    await writer.drain()


async def silence(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Read, and say nothing until the other side hangs up."""
    await reader.read()


@pytest.mark.parametrize("handler", [hang_up, half, garbage, silence])
async def test_an_answer_that_does_not_come_is_not_certain(handler: Handler):
    """It may have been done. The exception tells no secret, in none of its causes."""
    secret = "emulator-a-secret-of-this-test"
    async with listening(handler) as place:
        exc = await failure(f"http://{place}/v2", secret, seconds=0.4)
    assert isinstance(exc, NoAnswer)
    assert exc.status is None
    assert secret not in everything(exc)


async def half_of_a_502(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A gateway that gives up in the middle of its own error page."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 100\r\n\r\n<html")
    await writer.drain()


async def test_a_connection_that_does_not_open_in_time():
    """It is given up while it is certain that nothing was sent."""
    with ExitStack() as open_:
        busy = open_.enter_context(socket.socket())
        busy.bind(("127.0.0.1", 0))
        busy.listen(0)
        for _ in range(3):  # nobody accepts, so that there is no room for one more
            waiting = open_.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(busy.getsockname())
        url = f"http://127.0.0.1:{busy.getsockname()[1]}/v2"
        async with HTTPTransport(url, LOCAL, timeout=30, connect=0.2) as transport:
            with pytest.raises(Unreachable, match=r"cannot be reached: .*timeout"):
                await transport.post(ME, {})


async def test_a_5xx_whose_body_is_cut_keeps_its_status():
    """The status came: nobody promises that a replay gives the answer of a whole execution."""
    async with listening(half_of_a_502) as place:
        exc = await failure(f"http://{place}/v2", seconds=0.4)
    assert isinstance(exc, NoAnswer)
    assert exc.status == 502


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")
async def test_a_certificate_that_nobody_signed_is_refused(tmp_path: Path):
    """TLS is verified: the token is not sent to whoever answers."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    make += ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    make += ["-keyout", str(key), "-out", str(certificate)]
    await asyncio.to_thread(subprocess.run, make, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    received: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        received.append(await reader.read())

    async with listening(listen, context) as place:
        exc = await failure(f"https://{place}/v2", TOKEN)
    assert isinstance(exc, Unreachable)
    assert "certificate" in exc.message
    assert received == []
    assert TOKEN not in everything(exc)
