import pytest

from longagent.errors import UsageError
from longagent.llm.base_url import is_loopback, is_openai, normal_base_url


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/v1"),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000/v1"),
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1"),
        ("http://127.0.0.1:8000/v1/", "http://127.0.0.1:8000/v1"),
        ("https://gateway.example/team/openai/", "https://gateway.example/team/openai"),
        ("HTTPS://Api.OpenAI.com/v1", "https://api.openai.com/v1"),
        ("http://[::1]:8000", "http://[::1]:8000/v1"),
    ],
)
def test_addresses_come_to_one_form(given: str, normal: str) -> None:
    assert normal_base_url(given) == normal


@pytest.mark.parametrize(
    "given",
    [
        "",
        "127.0.0.1:8000",
        "localhost:8000/v1",
        "ftp://host/v1",
        "file:///etc/passwd",
        "http://",
        "http:///v1",
        "http://host:port/v1",
        "http://host:99999/v1",
        "http://[::1/v1",
        "http://ho st/v1",
        "http://host/v1\r\nX-Injected: 1",
        "http://host/v1?api-version=2",
        "http://host/v1#part",
    ],
)
def test_other_addresses_are_refused(given: str) -> None:
    with pytest.raises(UsageError, match="the base URL"):
        normal_base_url(given)


@pytest.mark.parametrize("given", ["http://me:hunter2@host/v1", "http://hunter2@host/v1", "ftp://me:hunter2@host/v1"])
def test_a_password_in_an_address_is_refused_and_not_repeated(given: str) -> None:
    with pytest.raises(UsageError) as caught:
        normal_base_url(given)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.1", "[::1]", "0.0.0.0"])
def test_this_machine_is_loopback(host: str) -> None:
    assert is_loopback(f"http://{host}:8000/v1")


@pytest.mark.parametrize("host", ["192.168.0.7", "localhost.example", "127.0.0.1.example", "example.com", "[fe80::1]"])
def test_other_machines_are_not(host: str) -> None:
    assert not is_loopback(f"http://{host}:8000/v1")


def test_openai_is_only_itself_and_encrypted() -> None:
    assert is_openai("https://api.openai.com/v1")
    assert not is_openai("http://api.openai.com/v1")
    assert not is_openai("https://api.openai.com.example/v1")
    assert not is_openai("https://example.com/api.openai.com")
