"""HTTP clients for model servers, kept warm from call to call."""

from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from longagent.errors import ModelUnavailableError, UsageError
from longagent.llm.base_url import is_loopback

if TYPE_CHECKING:
    import ssl
    from types import TracebackType

    import httpx

# uvicorn (vLLM) and llama.cpp drop idle connections after 5 s; reusing one at that very moment would fail the call.
_KEEP_ALIVE_SECONDS = 3.0


class Clients:
    """Lends a client to each call in flight. Proxies of the environment are used, but never for this machine.

    One client could hold a pool of connections for all calls. But its pool (httpcore 1.0) walks over all connections at
    each step, once for each that is idle: with 64 calls in flight a call took 5 ms of CPU, and takes 0.8 ms this way.
    """

    def __init__(self, base_urls: Sequence[str]) -> None:
        self._base_urls = tuple(base_urls)
        self._all = AsyncExitStack()
        self._idle: list[httpx.AsyncClient] = []
        self._closed = False

    @contextmanager
    def lend(self) -> "Iterator[httpx.AsyncClient]":
        """Lend a client for one call.

        Raises:
            UsageError: the environment names a proxy that cannot be used.
            ModelUnavailableError: closed already.
        """
        if self._closed:
            raise ModelUnavailableError(f"the connection to {' and '.join(self._base_urls)} was closed.")
        # The one used last is the one whose connection is most surely still open.
        client = self._idle.pop() if self._idle else self._new()
        try:
            yield client
        finally:
            self._idle.append(client)

    async def aclose(self) -> None:
        """Close all connections; calls still in flight fail. Safe to call twice."""
        self._closed = True
        # A stack closes the rest even when it is cancelled at the first.
        await self._all.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        await self.aclose()

    def _new(self) -> "httpx.AsyncClient":
        import httpx

        local = [url for url in self._base_urls if is_loopback(url)]
        direct: dict[str, None] = {f"all://{_bare_host(url)}": None for url in local}
        try:
            client = httpx.AsyncClient(
                verify=self._tls,
                mounts=direct,
                limits=httpx.Limits(keepalive_expiry=_KEEP_ALIVE_SECONDS),
                trust_env=len(local) < len(self._base_urls),
            )
        except (ImportError, ValueError, httpx.InvalidURL) as error:
            # Without its text: the address of a proxy may hold a password.
            raise UsageError(
                "the proxy named in the environment cannot be used.",
                hint="Correct HTTP_PROXY, HTTPS_PROXY and ALL_PROXY (SOCKS needs: pip install socksio).",
            ) from error
        self._all.push_async_callback(client.aclose)
        return client

    @cached_property
    def _tls(self) -> "ssl.SSLContext":
        import httpx

        # Reading all certificates takes 50 ms, so once for all clients.
        return httpx.create_ssl_context()


def _bare_host(base_url: str) -> str:
    host = urlsplit(base_url).hostname or ""
    return f"[{host}]" if ":" in host else host
