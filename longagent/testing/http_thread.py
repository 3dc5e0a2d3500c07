"""A small HTTP/1.1 server in a thread of its own, for tests: it can wait, drop and lie, and closes at once."""

import asyncio
import json
import socket
import struct
import threading
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future
from http import HTTPStatus
from types import MappingProxyType, TracebackType
from typing import Any, Literal, NamedTuple, Self

_BACKLOG = 1024
"""Connections that may wait to be accepted: a client may well open some hundreds at once."""

_NONE: Mapping[str, str] = MappingProxyType({})


class HttpRequest(NamedTuple):
    """A request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


class Ending(NamedTuple):
    """The last that is sent of a response, and what becomes of the connection."""

    data: bytes = b""
    then: Literal["keep", "close", "reset"] = "keep"


class Connection:
    """The client's end of a request, as its handler sees it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, data: bytes) -> None:
        """Send bytes as they are, be they HTTP or not."""
        self._writer.write(data)
        await self._writer.drain()

    async def respond(
        self, status: int, body: Any, *, content_type: str = "application/json", headers: Mapping[str, str] = _NONE
    ) -> None:
        """Send a complete response; what is not bytes is sent as JSON."""
        await self.send(response_bytes(status, body, content_type=content_type, headers=headers))

    async def end(self, ending: Ending) -> None:
        """Send the last of a response; keep the connection for the next request, close it, or break it."""
        if ending.data:
            await self.send(ending.data)
        if ending.then == "close":
            self._writer.close()
        elif ending.then == "reset":
            self._reset()

    async def wait(self, seconds: float | None) -> None:
        """Let time pass; `None` waits for as long as the client does.

        Raises:
            ConnectionResetError: the client went away; like a real server, work for it should stop.
        """
        await self._watch(asyncio.timeout(seconds))

    async def wait_for(self, event: asyncio.Future[None]) -> None:
        """Wait until the future is done.

        Raises:
            ConnectionResetError: the client went away first.
        """
        limit = asyncio.timeout(None)
        event.add_done_callback(lambda _: limit.reschedule(0))
        await self._watch(limit)

    async def _watch(self, limit: asyncio.Timeout) -> None:
        try:
            async with limit:
                # A client that waits for its response sends nothing, so this ends only with the connection.
                await self._reader.read(1)
        except TimeoutError:
            return
        raise ConnectionResetError

    def _reset(self) -> None:
        """Break the connection the hard way, as a crashed machine does."""
        # Lingering for zero seconds makes the kernel send RST in place of an orderly end.
        self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


Handler = Callable[[HttpRequest, Connection], Awaitable[None]]


class HttpThread:
    """Serves `handler` on 127.0.0.1 from `start` to `close`; also a context manager. Port 0 takes a free one."""

    def __init__(self, handler: Handler, *, port: int = 0) -> None:
        self._handler = handler
        self._wanted = port
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._open: dict[asyncio.Task[Any], asyncio.StreamWriter] = {}
        self._port: int | None = None

    @property
    def port(self) -> int:
        """The port it listens on."""
        if self._port is None:
            raise RuntimeError("the server was not started")
        return self._port

    @property
    def connections(self) -> int:
        """Connections open at this moment."""
        return len(self._open)

    def start(self) -> None:
        """Listen; returns once connections are accepted."""
        ready: Future[int] = Future()
        # A daemon, so that a test that forgets to close it does not hang the interpreter.
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main(ready)), name="http", daemon=True)
        self._thread.start()
        self._port = ready.result(timeout=10)

    def close(self) -> None:
        """Drop every connection and wait for the thread to end. Safe to call twice."""
        thread, self._thread = self._thread, None
        if thread is None or self._loop is None or self._stop is None:
            return
        self._loop.call_soon_threadsafe(self._stop.set)
        thread.join(timeout=10)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def _main(self, ready: Future[int]) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            server = await asyncio.start_server(self._serve, "127.0.0.1", self._wanted, backlog=_BACKLOG)
        except OSError as error:
            ready.set_exception(error)
            return
        ready.set_result(server.sockets[0].getsockname()[1])
        await self._stop.wait()
        server.close()
        tasks = list(self._open)
        for task, writer in list(self._open.items()):
            # Closing politely would wait for a client that may never read.
            writer.transport.abort()
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - for the type checker: a coroutine always runs in a task
        self._open[task] = writer
        try:
            while not writer.is_closing():
                request = await _read_request(reader)
                await self._answer(request, Connection(reader, writer))
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client left, which is its right, or `close` was called
        finally:
            writer.close()
            del self._open[task]

    async def _answer(self, request: HttpRequest, connection: Connection) -> None:
        try:
            await self._handler(request, connection)
        except ConnectionError:
            raise
        except Exception as error:
            # A mistake in the test's own code: told where the test will see it, not in a thread's log.
            await connection.respond(500, {"error": {"message": f"{type(error).__name__}: {error}"}})


async def _read_request(reader: asyncio.StreamReader) -> HttpRequest:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *lines = head.split("\r\n")
    method, path, _ = line.split(" ", 2)
    pairs = (line.partition(":") for line in lines if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return HttpRequest(method, path, headers, body)


def response_bytes(
    status: int, body: Any, *, content_type: str = "application/json", headers: Mapping[str, str] = _NONE
) -> bytes:
    """Return a complete response; a body that is not bytes is sent as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return head_bytes(status, {"Content-Type": content_type, "Content-Length": str(len(data)), **headers}) + data


def head_bytes(status: int, headers: Mapping[str, str]) -> bytes:
    """Return the head of a response, to which any body may be added."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unknown"
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} {phrase}\r\n{lines}\r\n".encode("latin-1")
