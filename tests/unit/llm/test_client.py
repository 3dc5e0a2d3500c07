"""How servers are reached: through which proxy, trusted by which certificates, and what is left when nobody closes."""

import asyncio
import gc
import logging
from pathlib import Path

import certifi
import pytest

from longagent.errors import UsageError
from longagent.llm.client import Client
from longagent.llm.wire import exchange
from longagent.testing.server import SimulatedServer

PROXY = "http://me:secret@proxy.invalid:3128"


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ssl_cert_file", "ssl_cert_dir"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def proxy_of(server: str) -> str | None:
    return Client([server]).proxy(server)


@pytest.mark.parametrize(
    ("but", "server", "direct"),
    [
        ("box.lan", "http://box.lan:8000/v1", True),
        (".lan", "http://box.lan:8000/v1", True),
        ("other, box.lan:8000", "http://box.lan:8000/v1", True),
        ("box.lan:9000", "http://box.lan:8000/v1", False),
        ("fd00::1", "http://[fd00::1]:8000/v1", True),
        ("[fd00::1]", "http://[fd00::1]:8000/v1", True),
        ("[fd00::1]", "http://[fd00::1]/v1", True),
        ("fd00::2", "http://[fd00::1]:8000/v1", False),
        ("*", "http://box.lan/v1", True),
    ],
)
def test_hosts_that_need_no_proxy(monkeypatch: pytest.MonkeyPatch, but: str, server: str, direct: bool) -> None:
    monkeypatch.setenv("http_proxy", PROXY)
    monkeypatch.setenv("no_proxy", but)
    assert proxy_of(server) == (None if direct else PROXY)


def test_proxies_by_scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "HTTP://proxy.invalid:1")
    monkeypatch.setenv("all_proxy", "proxy.invalid:2")
    assert proxy_of("https://model.invalid/v1") == "HTTP://proxy.invalid:1"
    assert proxy_of("http://model.invalid/v1") == "http://proxy.invalid:2"
    assert proxy_of("http://127.0.0.1:8000/v1") is None


@pytest.mark.parametrize("rest", ["host:99999", "host:port", "[::", "", ":3128"])
def test_an_unusable_proxy_is_refused(monkeypatch: pytest.MonkeyPatch, rest: str) -> None:
    monkeypatch.setenv("http_proxy", f"http://me:secret@{rest}")
    with pytest.raises(UsageError, match="proxy") as refused:
        proxy_of("http://model.invalid/v1")
    assert "secret" not in f"{refused.value!r} {refused.value.__cause__!r} {refused.value.__context__!r}"


def test_authorities_named_in_the_environment_are_trusted_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    end = "-----END CERTIFICATE-----\n"
    one = Path(certifi.where()).read_text().partition(end)[0] + end
    (tmp_path / "own.pem").write_text(one)
    assert Client([]).tls.cert_store_stats()["x509_ca"] > 50
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "own.pem"))
    assert Client([]).tls.cert_store_stats()["x509_ca"] == 1
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
    with pytest.raises(UsageError, match="SSL_CERT_FILE"):
        _ = Client([]).tls


def test_a_client_that_nobody_closes_is_closed_in_silence(caplog: pytest.LogCaptureFixture) -> None:
    async def forget() -> None:
        client = Client([server.base_url])
        await exchange(client, "GET", f"{server.base_url}/models", server=server.base_url, key=None, timeout=5)
        del client
        gc.collect()
        while server.connections:
            await asyncio.sleep(0.01)

    with caplog.at_level(logging.WARNING), SimulatedServer() as server:
        asyncio.run(asyncio.wait_for(forget(), 2.5))
        gc.collect()
    assert not caplog.records
