import asyncio
from pathlib import Path
from typing import Any

import pytest

from longagent.errors import UsageError
from longagent.llm.open import open_model
from longagent.llm.openai_server import OpenAIServer

SECRET = "sk-test-4711-do-not-show"
REMOTE = "https://models.example/v1"


def opened(model: str | None, *base_urls: str, **options: Any) -> Any:
    return asyncio.run(open_model(model, base_urls=base_urls, data_dir=Path("unused"), emit=print, **options))


def refused(model: str | None, *base_urls: str, **options: Any) -> UsageError:
    with pytest.raises(UsageError) as caught:
        opened(model, *base_urls, **options)
    assert SECRET not in str(caught.value)
    return caught.value


def test_openai_needs_its_key() -> None:
    error = refused("openai/gpt-4o", api_key=SECRET)
    assert error.message == "OPENAI_API_KEY is not set."
    assert error.hint
    assert refused("openai/gpt-4o", openai_key=" ").message == error.message
    assert refused("openai/gpt-4o", "https://api.openai.com").message == error.message


def test_openai_is_opened_without_a_call() -> None:
    model = opened("openai/gpt-4o-mini", openai_key=SECRET, api_key="for-another-server")
    assert isinstance(model, OpenAIServer)
    assert model.base_urls == ("https://api.openai.com/v1",)
    assert model.profile.window == 128_000
    assert SECRET not in repr(model)


def test_vllm_needs_a_server() -> None:
    error = refused("vllm/Qwen/Qwen2.5-7B-Instruct")
    assert "`vllm serve Qwen/Qwen2.5-7B-Instruct`" in error.hint
    assert "--base-url" in error.hint


@pytest.mark.parametrize("name", ["anthropic/claude-opus-4-1", "gemini/gemini-2.5-pro", "bedrock/x"])
def test_other_providers_come_later(name: str) -> None:
    error = refused(name)
    assert "LiteLLM in a later release" in str(error)
    assert "openai/NAME, vllm/NAME" in error.hint


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("locl", "Did you mean 'local'?"),
        ("gpt-4o", "Did you mean 'openai/gpt-4o'?"),
        ("opnai/gpt-4o", "Did you mean 'openai/gpt-4o'?"),
        ("vlm/qwen", "Did you mean 'vllm/qwen'?"),
        ("openai/", "Did you mean 'openai/NAME'?"),
        ("qwen", "Models are named local, openai/NAME or vllm/NAME. On a server of --base-url: 'openai/qwen'."),
    ],
)
def test_names_that_are_none_lead_to_one(name: str, hint: str) -> None:
    assert refused(name, openai_key=SECRET).hint == hint


def test_offline_refuses_every_other_machine() -> None:
    for error in (
        refused("openai/gpt-4o", openai_key=SECRET, offline=True),
        refused("openai/x", REMOTE, offline=True),
        refused(None, "http://127.0.0.1:1", REMOTE, offline=True),
    ):
        assert "is not on this machine" in str(error)


def test_local_takes_no_base_url() -> None:
    assert "has no base URL" in str(refused("local", REMOTE))


def test_a_bad_address_is_refused() -> None:
    assert "the base URL" in str(refused("openai/x", "127.0.0.1:8000"))
    assert SECRET not in str(refused("openai/x", f"http://me:{SECRET}@host/v1"))
