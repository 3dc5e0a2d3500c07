"""A hub's side of fetching: what it says about a file, and the bytes of it from some place on.

The protocol is that of huggingface.co, as `huggingface_hub` speaks it: HEAD of `/OWNER/REPO/resolve/REVISION/FILE` says
`X-Linked-Size` and `X-Linked-Etag` (the sha256 of a large file), and redirects to where the bytes lie. That library is
not used: it compares no checksum, resumes without asking whether the file is still the same, and reads its token and
addresses from more places than we tell people about.
"""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urljoin, urlsplit

from longagent.errors import ModelRejectedError, ModelUnavailableError
from longagent.llm.base_url import is_loopback
from longagent.llm.client import Client
from longagent.llm.model_files.source import HubFile
from longagent.llm.refusals import plain
from longagent.llm.wire import why

if TYPE_CHECKING:
    import aiohttp

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
_CONNECT_SECONDS = 15.0
_SILENT_SECONDS = 60.0
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Told(NamedTuple):
    """What a hub says about a file."""

    size: int
    etag: str
    """Tells this content of the file from others; empty where it does not say."""
    sha256: str | None


class Hub:
    """A hub that files are fetched from. The token goes to the hub itself, never to where it redirects."""

    def __init__(self, endpoint: str, *, token: str | None = None) -> None:
        self._endpoint = endpoint
        self._token = token if endpoint.startswith("https:") or is_loopback(endpoint) else None
        self._client = Client([endpoint])

    async def aclose(self) -> None:
        """Close connections."""
        await self._client.aclose()

    async def ask(self, file: HubFile) -> Told:
        """Return what the hub says about a file.

        Raises:
            ModelRejectedError: it has no such file, or not for us.
            ModelUnavailableError: it cannot be reached, or fails.
        """
        async with self._open("HEAD", file, {}) as response:
            size = response.headers.get("X-Linked-Size") or response.headers.get("Content-Length")
            linked = _plain_etag(response.headers.get("X-Linked-Etag", ""))
            etag = linked or _plain_etag(response.headers.get("ETag", ""))
        if not size or not size.isdecimal() or int(size) == 0:
            raise ModelRejectedError(f"{self._endpoint} does not say how long {file.name} is.", hint=_BY_HAND)
        # Another server's ETag may look like a checksum, and be none.
        return Told(int(size), etag, linked if _SHA256.fullmatch(linked) else None)

    @asynccontextmanager
    async def read(self, file: HubFile, *, start: int, validator: str) -> "AsyncIterator[aiohttp.ClientResponse]":
        """Yield the response that brings a file from some byte on; all of it if it is no longer what `validator` says.

        Raises:
            ModelRejectedError: as for `ask`.
            ModelUnavailableError: as for `ask`.
        """
        headers = {"Range": f"bytes={start}-"} if start else {}
        if start and validator:
            headers["If-Range"] = validator
        async with self._open("GET", file, headers) as response:
            yield response

    @asynccontextmanager
    async def _open(
        self, method: str, file: HubFile, headers: Mapping[str, str]
    ) -> "AsyncIterator[aiohttp.ClientResponse]":
        url = file.url(self._endpoint)
        for _ in range(_MOST_REDIRECTS):
            async with self._request(method, url, headers) as response:
                if response.status not in _REDIRECTS or (method == "HEAD" and "X-Linked-Etag" in response.headers):
                    if response.status >= 400:
                        raise self._refusal(response, file)
                    yield response
                    return
                url = self._next(url, response)
        raise ModelUnavailableError(f"{self._endpoint} redirects in circles.", hint=_BY_HAND)

    @asynccontextmanager
    async def _request(
        self, method: str, url: str, headers: Mapping[str, str]
    ) -> "AsyncIterator[aiohttp.ClientResponse]":
        import aiohttp
        from yarl import URL

        # As it is: what stores files compresses nothing, and a length must be the length.
        sent = {"Accept-Encoding": "identity", "User-Agent": "longagent", **headers}
        if self._token and _origin(url) == _origin(self._endpoint):
            sent["Authorization"] = f"Bearer {self._token}"
        try:
            # Addresses are signed: not a character may be written otherwise.
            address = URL(url, encoded=True)
        except ValueError:
            raise ModelUnavailableError(f"{self._endpoint} redirects to what is no address.", hint=_BY_HAND) from None
        proxy = self._client.proxy(_origin(url))
        secure = self._client.tls if url.startswith("https:") or (proxy or "").startswith("https:") else True
        limits = aiohttp.ClientTimeout(total=None, connect=_CONNECT_SECONDS, sock_read=_SILENT_SECONDS)
        try:
            async with self._client.session().request(
                method, address, headers=sent, allow_redirects=False, proxy=proxy, ssl=secure, timeout=limits
            ) as response:
                yield response
        except aiohttp.ClientPayloadError:
            raise ModelUnavailableError("the connection broke off.") from None
        except (aiohttp.ClientError, TimeoutError, UnicodeError) as error:
            # The message names the host only: the rest of the address may be signed.
            raise ModelUnavailableError(f"{_origin(url)} cannot be reached: {why(error)}.", hint=_BY_HAND) from None

    def _next(self, url: str, response: "aiohttp.ClientResponse") -> str:
        place = urljoin(url, response.headers.get("Location", ""))
        # From an encrypted connection to an open one would let others look on, and change what comes.
        allowed = {"https"} if url.startswith("https:") else {"http", "https"}
        if urlsplit(place).scheme not in allowed:
            raise ModelUnavailableError(f"{_origin(url)} redirects to an address that cannot be used.", hint=_BY_HAND)
        return place

    def _refusal(self, response: "aiohttp.ClientResponse", file: HubFile) -> Exception:
        status, code = response.status, response.headers.get("X-Error-Code", "")
        page, here = f"{self._endpoint}/{file.repo}", _origin(str(response.url))
        if here != _origin(self._endpoint) and status < 500:
            # Where the bytes lie, an address holds for some minutes only.
            return ModelUnavailableError(f"{here} answered with status {status}.", hint="Try again.")
        if code == "GatedRepo" or (status == 403 and self._token):
            return ModelRejectedError(
                f"{file.repo} is given to those only who accept its terms.",
                hint=f"Accept them on {page}, and set HF_TOKEN to a token of yours.",
            )
        if status in {401, 403}:
            what = "refuses the token" if self._token else "shows it to nobody unknown"
            return ModelRejectedError(
                f"{page} does not exist, or the hub {what}.",
                hint="Check the name; for what is not public, set HF_TOKEN to a token that may read it.",
            )
        if status in {404, 410}:
            missing = {"RepoNotFound": page, "RevisionNotFound": f"revision {file.revision} of {page}"}
            what = missing.get(code, f"{file.file} in {page}")
            return ModelRejectedError(
                f"there is no {plain(what, key=None)}.", hint=f"Look at its files: {page}/tree/main"
            )
        busy = status == 429 or status >= 500
        kind = ModelUnavailableError if busy else ModelRejectedError
        return kind(f"{here} answered with status {status}.", hint="Try again later." if busy else "")


_BY_HAND = "Check the connection and HF_ENDPOINT, or bring the file by hand: longagent models pull PATH."


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _plain_etag(etag: str) -> str:
    return etag.removeprefix("W/").strip('"')
