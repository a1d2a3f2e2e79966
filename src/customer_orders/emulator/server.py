"""Runs the app on a loopback port: in a thread for tests, or as a process that keeps a file."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn

from customer_orders.emulator.accounts import Accounts
from customer_orders.emulator.app import make_app

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

#: Only this machine can reach the emulator.
HOST = "127.0.0.1"
#: The least time between two saves; a big state is saved less often, see `_keep_saving`.
SAVE_EVERY = 2.0
BACKLOG = 512


class Emulator:
    """`with Emulator(state=seed, settings={"plan": "free"}) as url:`; the url ends in /v2."""

    def __init__(
        self, state: Mapping[str, Any] | None = None, settings: Mapping[str, Any] | None = None
    ) -> None:
        self.accounts = Accounts(state, settings=settings)
        #: The first account; most tests have no other.
        self.monday = self.accounts.all[0]
        self._socket = _listen(0)
        self._server = _server(self.accounts)
        self._thread = threading.Thread(target=self._run, name="emulator", daemon=True)

    def __enter__(self) -> str:
        self._thread.start()
        return _url(self._socket)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._socket]))


def serve(state_file: Path, port: int = 0, *, settings: Mapping[str, Any] | None = None) -> None:
    """Serve the state in a file until SIGTERM or SIGINT, and save it back there.

    Port 0 takes a free one. When ready, one line of JSON goes to stdout: {"url": ..., "pid": ...}.
    """
    accounts = Accounts(json.loads(state_file.read_text("utf-8")), settings=settings)
    listening = _listen(port)
    # uvicorn raises the signal again once it has shut down; that must not end us before the save.
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda _number, _frame: None)
    print(json.dumps({"url": _url(listening), "pid": os.getpid()}), flush=True)
    try:
        asyncio.run(_serve_and_save(accounts, listening, state_file))
    finally:
        listening.close()
        save_state(accounts, state_file)


def save_state(accounts: Accounts, state_file: Path) -> None:
    """Write the state beside the file and put it in its place in one step."""
    fresh = state_file.with_name(f".{state_file.name}.{os.getpid()}.tmp")
    with fresh.open("w", encoding="utf-8") as file:
        file.writelines(accounts.saved())
    fresh.replace(state_file)


async def _serve_and_save(accounts: Accounts, listening: socket.socket, state_file: Path) -> None:
    saver = asyncio.create_task(_keep_saving(accounts, state_file))
    try:
        await _server(accounts).serve(sockets=[listening])
    finally:
        saver.cancel()


async def _keep_saving(accounts: Accounts, state_file: Path) -> None:
    """Save after mutations, spending at most a twentieth of the time on it."""
    pause, saved = SAVE_EVERY, accounts.changes
    while True:
        await asyncio.sleep(pause)
        if accounts.changes != saved:
            saved, begun = accounts.changes, time.monotonic()
            save_state(accounts, state_file)
            pause = max(SAVE_EVERY, 20 * (time.monotonic() - begun))


def _listen(port: int) -> socket.socket:
    """Listening from now on, so a client may connect before the server takes its first turn."""
    # asyncio turns Nagle's delay (40 ms an answer) off only where the protocol is spelled out.
    listening = socket.socket(proto=socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((HOST, port))
    listening.listen(BACKLOG)
    return listening


def _url(listening: socket.socket) -> str:
    return f"http://{HOST}:{listening.getsockname()[1]}/v2"


def _server(accounts: Accounts) -> uvicorn.Server:
    app = make_app(accounts, lambda client: _drop(server, client))
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_level="warning",
        access_log=False,
        backlog=BACKLOG,
        # Longer than a client keeps an idle connection, so that none is closed under a request.
        timeout_keep_alive=75,
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    return server


def _drop(server: uvicorn.Server, client: tuple[str, int] | None) -> None:
    """Close a client's connection at once, with nothing sent."""
    for connection in list(server.server_state.connections):
        transport = getattr(connection, "transport", None)
        if transport is not None and getattr(connection, "client", None) == client:
            transport.abort()
