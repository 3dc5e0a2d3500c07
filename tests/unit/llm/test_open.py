import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from support.workers import worker

from longagent.errors import UsageError
from longagent.llm.api_keys import write_key
from longagent.llm.litellm_model import LiteLLMModel
from longagent.llm.open import open_model
from longagent.llm.openai_server import OpenAIServer
from longagent.llm.prices import parse_overrides
from longagent.llm.workers.record import write_worker

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
    assert "--base-url" in error.hint


def test_vllm_without_an_address_is_the_workers_that_run(tmp_path: Path) -> None:
    assert "`longagent workers start qwen`" in refused("vllm/qwen", state_dir=tmp_path).hint
    for number in (1, 2):
        write_worker(tmp_path, worker(f"w-{number}", url=f"http://127.0.0.1:800{number}/v1", window=4096))
    model = opened("vllm/qwen", state_dir=tmp_path, offline=True, api_key=SECRET)
    assert model.base_urls == ("http://127.0.0.1:8001/v1", "http://127.0.0.1:8002/v1")
    assert (model.name, model.profile.window, model.profile.identity) == ("vllm/qwen", 4096, "vllm Qwen/Qwen3-8B")
    assert model.profile.thinking_tokens > 0
    assert model._key is None


def without_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.endswith(("_API_KEY", "_TOKEN"))]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("anthropic/claude-sonnet-4-5", "ANTHROPIC_API_KEY"),
        ("gemini/gemini-2.5-pro", "GEMINI_API_KEY"),
        ("openrouter/qwen/qwen3-8b", "OPENROUTER_API_KEY"),
    ],
)
def test_other_providers_need_their_keys(
    name: str, variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_keys(monkeypatch)
    provider = name.partition("/")[0]
    error = refused(name, openai_key=SECRET, api_key=SECRET, config_dir=tmp_path)
    assert str(error) == f"{name!r} needs an API key. Set {variable}, or run `longagent keys set {provider}`."
    monkeypatch.setenv(variable, SECRET)
    model = opened(name)
    assert isinstance(model, LiteLLMModel)
    assert model.name == name
    assert model.profile.identity.startswith("litellm ")
    assert SECRET not in repr(model)
    assert "is called over the network" in refused(name, offline=True).message


def test_stored_keys_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_keys(monkeypatch)
    monkeypatch.setitem(sys.modules, "keyring", None)  # type: ignore[arg-type]
    write_key("mistral", SECRET, config_dir=tmp_path)
    assert opened("mistral/mistral-large-latest", config_dir=tmp_path).profile.window == 262_144
    refused("openai/gpt-4o", config_dir=tmp_path)
    write_key("openai", SECRET, config_dir=tmp_path)
    assert isinstance(opened("openai/gpt-4o", config_dir=tmp_path), OpenAIServer)


@pytest.mark.parametrize("name", ["bedrock/anthropic.claude-haiku-4-5", "vertex_ai/gemini-2.5-pro", "ollama/llama3"])
def test_clouds_and_home_servers_need_none(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    without_keys(monkeypatch)
    assert isinstance(opened(name), LiteLLMModel)


def test_windows_and_prices() -> None:
    own = parse_overrides({"openai/gpt-4o": {"window": 5000, "input_price": 1, "output_price": 2}})
    assert opened("openai/gpt-4o", openai_key=SECRET).profile.price == (2.5, 10.0)
    profile = opened("openai/gpt-4o", openai_key=SECRET, overrides=own).profile
    assert (profile.window, profile.price) == (5000, (1.0, 2.0))
    assert opened("openai/gpt-4o", openai_key=SECRET, overrides=own, window=700).profile.window == 700
    assert opened("openai/no-such-model", openai_key=SECRET).profile.price is None


def test_names_of_other_providers_are_none_on_a_server_of_ones_own() -> None:
    error = refused("anthropic/claude-sonnet-4-5", REMOTE)
    assert "Write 'openai/anthropic/claude-sonnet-4-5', or drop --base-url" in error.hint


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("locl", "Did you mean 'local'?"),
        ("gpt-4o", "Did you mean 'openai/gpt-4o'?"),
        ("opnai/gpt-4o", "Did you mean 'openai/gpt-4o'?"),
        ("vlm/qwen", "Did you mean 'vllm/qwen'?"),
        ("openai/", "Did you mean 'openai/NAME'?"),
        (
            "qwen",
            "Models are named local, openai/NAME, vllm/NAME or, for any other provider, PROVIDER/NAME. "
            "On a server of --base-url: 'openai/qwen'.",
        ),
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
