"""One guarded HTTP exchange with a model server: bounded in time and size, its failures told in words."""

import asyncio
import math
import socket
import ssl
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, NamedTuple

from longagent.errors import ModelUnavailableError, Trouble
from longagent.llm.client import Client

if TYPE_CHECKING:
    import aiohttp

MAX_BYTES = 16 * 1024 * 1024
"""No honest reply is longer; a broken server must not fill the memory."""

CONNECT_SECONDS = 10.0
"""A server that is up accepts at once, however long it then thinks."""


class Response(NamedTuple):
    """What came back, complete and untrusted."""

    status: int
    content_type: str
    body: bytes
    retry_after: float | None = None
    """Seconds it asks us to wait."""


async def exchange(
    client: Client,
    method: str,
    url: str,
    *,
    server: str,
    key: str | None,
    timeout: float,  # noqa: ASYNC109 - one deadline for the whole exchange, told in our own words
    body: bytes | None = None,
) -> Response:
    """Send one request and read the whole response, whatever its status. `timeout` is in seconds, all included.

    Raises:
        ModelUnavailableError: no complete response came; the message names `server`.
    """
    import aiohttp

    # No compression: replies are short, and a small body cannot blow up into a large one.
    headers = {"Accept-Encoding": "identity", "Content-Type": "application/json"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    session, proxy = client.session(), client.proxy(server)
    phases = aiohttp.ClientTimeout(total=None, connect=min(CONNECT_SECONDS, timeout))
    secure = client.tls if url.startswith("https:") or (proxy or "").startswith("https:") else True
    try:
        async with (
            asyncio.timeout(timeout),
            session.request(
                method, url, data=body, headers=headers, timeout=phases, proxy=proxy, ssl=secure, allow_redirects=False
            ) as response,
        ):
            content = await _read(response, server)
            kind = response.headers.get("content-type", "")
            return Response(response.status, kind, content, asked_wait(response.headers))
    except (aiohttp.ClientError, UnicodeError) as error:
        # Its text quotes what came, and the headers with key and password of a proxy hang on it: not for a traceback.
        raise _unreachable(server, error) from None
    except TimeoutError as error:
        raise ModelUnavailableError(
            f"the model server at {server} did not answer within {timeout:g} s.",
            hint="It may hang or be overloaded: try a lower --concurrency, or restart it.",
            trouble="timeout",
        ) from error


def asked_wait(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a response asks to wait, 0 or more; `None` when it does not ask, or nothing readable.

    Args:
        headers: of the response; names are looked up in lower case.
    """
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) * scale
        except ValueError:
            continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    try:
        until = parsedate_to_datetime(headers.get("retry-after", ""))
    except ValueError:
        return None
    # A date without zone is meant as UTC.
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


async def _read(response: "aiohttp.ClientResponse", server: str) -> bytes:
    import aiohttp

    body = bytearray()
    try:
        async for piece in response.content.iter_any():
            body += piece
            if len(body) > MAX_BYTES:
                raise ModelUnavailableError(
                    f"the model server at {server} sent more than {MAX_BYTES // 2**20} MiB in one reply.",
                    hint="Check --base-url: is this a model server?",
                    trouble="reply",
                )
    except aiohttp.ClientError:
        # Not a broken connection like others: the reply was being written, so it may be billed.
        raise _broke_off(server, trouble="reply") from None
    return bytes(body)


def _unreachable(server: str, error: Exception) -> ModelUnavailableError:
    """Tell a failed exchange in words; the text of the exception itself is for programmers."""
    import aiohttp

    never_there = (
        aiohttp.ClientConnectorError,
        aiohttp.ConnectionTimeoutError,
        aiohttp.ClientHttpProxyError,
        aiohttp.InvalidURL,
        UnicodeError,  # no host can be named so, with two dots in a row or a part too long
    )
    if isinstance(error, never_there):
        return ModelUnavailableError(
            f"cannot reach the model server at {server}: {why(error)}.", hint="Start it, or check --base-url."
        )
    return _broke_off(server, trouble="connection")


def _broke_off(server: str, *, trouble: Trouble) -> ModelUnavailableError:
    return ModelUnavailableError(
        f"the model server at {server} closed the connection before its reply was complete.",
        hint="It may have crashed: look at its log.",
        trouble=trouble,
    )


def why(error: Exception) -> str:
    """Return in a few words why a server cannot be reached."""
    import aiohttp

    reasons: dict[type[BaseException], str] = {
        aiohttp.ClientProxyConnectionError: "the proxy cannot be reached",
        aiohttp.ClientHttpProxyError: "the proxy refused",
        aiohttp.ConnectionTimeoutError: "no connection in time",
        ConnectionRefusedError: "connection refused",
        socket.gaierror: "no such host",
        UnicodeError: "no such host",
        ssl.SSLCertVerificationError: "its TLS certificate is not trusted",
        ssl.SSLError: "it does not speak TLS (try http:// instead of https://)",
    }
    found = (reason for cause in _causes(error) for kind, reason in reasons.items() if isinstance(cause, kind))
    return next(found, "no connection")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    # A name with several addresses fails with a group: one error for each address tried.
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            for part in error.exceptions:
                yield from _causes(part)
        error = error.__cause__ or error.__context__
