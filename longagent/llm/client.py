"""The HTTP client for model servers, kept warm from call to call."""

import asyncio
import os
import ssl
import threading
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass
from weakref import finalize

from longagent.errors import ModelUnavailableError, UsageError
from longagent.llm.base_url import is_loopback

if TYPE_CHECKING:
    from types import TracebackType

    import aiohttp

# uvicorn (vLLM) and llama.cpp drop idle connections after 5 s; reusing one at that very moment would fail the call.
_KEEP_ALIVE_SECONDS = 3.0

_CLOSING_SECONDS = 0.5
"""How long the end of a program may wait for its connections to close."""


class Client:
    """One pooled client for all calls in flight. Proxies of the environment are used, but never for this machine.

    It is aiohttp's, whose parser is in C: with 16 calls in flight a call takes a quarter of the CPU that httpx needs.
    """

    def __init__(self, base_urls: Sequence[str]) -> None:
        self._base_urls = tuple(base_urls)
        self._session: aiohttp.ClientSession | None = None
        self._proxies: dict[str, str | None] = {}
        self._closed = False

    def session(self) -> "aiohttp.ClientSession":
        """Return the client, opened at the first call.

        Raises:
            ModelUnavailableError: closed already.
        """
        import aiohttp

        if self._closed:
            raise ModelUnavailableError(f"the connection to {' and '.join(self._base_urls)} was closed.")
        if self._session is None:
            # How many calls are in flight is decided elsewhere: no limit here.
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEP_ALIVE_SECONDS)
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
            # Whoever forgets to close, or is interrupted, loses connections that were idle: no reason for warnings.
            finalize(self, _close_on, asyncio.get_running_loop(), self._session)
        return self._session

    def proxy(self, server: str) -> str | None:
        """Return the proxy through which a server is reached, if any.

        Raises:
            UsageError: the environment names one that cannot be used.
        """
        if server not in self._proxies:
            self._proxies[server] = _proxy_of(server)
        return self._proxies[server]

    @cached_property
    def tls(self) -> ssl.SSLContext:
        """What secure connections are checked by: `SSL_CERT_FILE` and `SSL_CERT_DIR`, else certifi's and the system's.

        Raises:
            UsageError: what the environment names cannot be read.
        """
        # Reading all certificates takes 50 ms, so once for all connections.
        file, folder = os.environ.get("SSL_CERT_FILE") or None, os.environ.get("SSL_CERT_DIR") or None
        if file or folder:
            # Whoever names authorities trusts these alone.
            try:
                return ssl.create_default_context(cafile=file, capath=folder)
            except OSError:
                raise UsageError("the certificates named in SSL_CERT_FILE or SSL_CERT_DIR cannot be read.") from None
        import certifi

        context = ssl.create_default_context(cafile=certifi.where())
        # A company's own authority is often installed in the system.
        context.load_default_certs()
        return context

    async def aclose(self) -> None:
        """Close all connections; calls still in flight fail. Safe to call twice."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        await self.aclose()


def _close_on(loop: asyncio.AbstractEventLoop, session: "aiohttp.ClientSession") -> None:
    """Close a session that nobody uses any more, from any thread, also while the interpreter ends."""
    if session.closed:
        return
    if not loop.is_running():
        # Its connections ended with it, and nothing can be awaited any more.
        session.detach()
        return
    closed = threading.Event()

    async def close() -> None:
        try:
            await session.close()
        finally:
            closed.set()

    with suppress(RuntimeError):
        loop.call_soon_threadsafe(lambda: loop.create_task(close()))
        if _running_loop() is not loop:
            closed.wait(_CLOSING_SECONDS)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _proxy_of(server: str) -> str | None:
    parts = urlsplit(server)
    # NO_PROXY may name a host with its port, and an IPv6 address in brackets or bare.
    if is_loopback(server) or any(map(proxy_bypass, (parts.hostname or "", parts.netloc))):
        return None
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy:
        return None
    # Named without a scheme, as curl allows, it is an HTTP proxy.
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    if not _is_usable(proxy):
        # Without its text: the address of a proxy may hold a password.
        raise UsageError(
            "the proxy named in the environment cannot be used.",
            hint="Correct HTTP_PROXY, HTTPS_PROXY and ALL_PROXY: only proxies of http:// and https:// are supported.",
        )
    return proxy


def _is_usable(proxy: str) -> bool:
    try:
        parts = urlsplit(proxy)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
