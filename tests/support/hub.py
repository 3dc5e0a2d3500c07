"""A model hub in a thread: it says what a file is, redirects to where its bytes lie, and misbehaves when told to."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from longagent.testing.http_thread import Connection, Ending, HttpRequest, HttpThread, head_bytes

TOKEN = "hf_test_4711_do_not_show"


@dataclass
class Hub:
    """A hub with one file, `OWNER/REPO/resolve/main/m.gguf`, whose bytes lie on another server."""

    data: bytes
    status: int = 200
    """Of its answers about the file."""
    code: str = ""
    """X-Error-Code."""
    sha256: str | None = None
    """As it says; `None`: the right one."""
    size: int | None = None
    breaks: list[int] = field(default_factory=list)
    """Bytes after which the storage breaks off, one response after the other."""
    storage_status: list[int] = field(default_factory=list)
    """Statuses with which the storage refuses, one after the other."""
    etag: str = '"v1"'
    """The storage's own."""
    ranges: bool = True
    plain: bool = False
    """It says nothing about the file, and leaves that to the storage."""
    hangs_at: int | None = None
    """Bytes after which the storage says no more, and keeps the connection."""
    seen: list[HttpRequest] = field(default_factory=list)
    stored: list[HttpRequest] = field(default_factory=list)

    def __enter__(self) -> "Hub":
        self._storage = HttpThread(self._store)
        self._hub = HttpThread(self._answer)
        self._storage.start()
        self._hub.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._hub.close()
        self._storage.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._hub.port}"

    async def _answer(self, request: HttpRequest, connection: Connection) -> None:
        self.seen.append(request)
        if request.path == "/old/repo/resolve/main/m.gguf":
            headers = {"Location": "/owner/repo/resolve/main/m.gguf"}
            return await self._head(connection, 307, headers)
        if self.status != 200 or request.path != "/owner/repo/resolve/main/m.gguf":
            return await self._head(connection, self.status if self.status != 200 else 404, {"X-Error-Code": self.code})
        place = f"http://127.0.0.1:{self._storage.port}/blob?Signature=a%2Bb~c"
        if self.plain:
            return await self._head(connection, 302, {"Location": place})
        digest = self.sha256 or hashlib.sha256(self.data).hexdigest()
        await self._head(
            connection,
            302,
            {
                "Location": place,
                "X-Linked-Etag": f'"{digest}"',
                "X-Linked-Size": str(len(self.data) if self.size is None else self.size),
            },
        )
        return None

    async def _head(self, connection: Connection, status: int, headers: Mapping[str, str]) -> None:
        await connection.send(head_bytes(status, {"Content-Length": "0", **headers}))

    async def _store(self, request: HttpRequest, connection: Connection) -> None:
        self.stored.append(request)
        assert request.path == "/blob?Signature=a%2Bb~c"
        if self.storage_status:
            await self._head(connection, self.storage_status.pop(0), {})
            return
        start = 0
        asked = request.headers.get("range")
        if asked and self.ranges and request.headers.get("if-range", self.etag) == self.etag:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
        body = self.data[start:]
        head = {"Content-Length": str(len(body)), "ETag": self.etag}
        if start:
            head["Content-Range"] = f"bytes {start}-{len(self.data) - 1}/{len(self.data)}"
        await connection.send(head_bytes(206 if start else 200, head))
        if request.method == "HEAD":
            return
        if self.breaks:
            await connection.end(Ending(body[: self.breaks.pop(0)], "close"))
            return
        if self.hangs_at is not None:
            await connection.send(body[: self.hangs_at])
            await connection.wait(None)
        await connection.send(body)
