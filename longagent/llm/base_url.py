"""Addresses of model servers: brought to one form, checked before anything is sent to them."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from longagent.errors import UsageError


def normal_base_url(text: str) -> str:
    """Return an address in the form `http://host:port/v1`, without trailing slash.

    A missing path becomes `/v1`, where every OpenAI-compatible server lives by default.

    Raises:
        UsageError: not an http(s) address, or one that carries credentials, a query or a fragment.
    """
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    # A refused address is not repeated in the message: what makes it wrong may be a password.
    if not text.isascii() or not text.isprintable() or " " in text or not host or parts.scheme not in {"http", "https"}:
        raise UsageError("the base URL is not an http address.", hint="Write it like http://127.0.0.1:8000/v1.")
    if "@" in parts.netloc:
        raise UsageError("the base URL carries a user name or password.", hint="Pass a key in LONGAGENT_API_KEY.")
    if parts.query or parts.fragment:
        raise UsageError("the base URL carries a query or fragment.", hint="Write it like http://127.0.0.1:8000/v1.")
    host = f"[{host}]" if ":" in host else host
    netloc = host if port is None else f"{host}:{port}"
    return f"{parts.scheme}://{netloc}{parts.path.rstrip('/') or '/v1'}"


def is_loopback(base_url: str) -> bool:
    """Return whether calls to an address stay on this machine."""
    host = urlsplit(base_url).hostname or ""
    if host == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    # `vllm serve --host 0.0.0.0` prints that address, and connecting to it never leaves the machine.
    return address.is_loopback or address.is_unspecified


def is_openai(base_url: str) -> bool:
    """Return whether an address is OpenAI's own; only there may the OpenAI key go, and only encrypted."""
    parts = urlsplit(base_url)
    return parts.scheme == "https" and parts.hostname == "api.openai.com"
