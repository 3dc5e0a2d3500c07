from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from longagent.llm.prices import ModelFacts, facts, parse_overrides, table_providers
from longagent.llm.profiles import profile_for


@pytest.mark.parametrize(
    "name", ["openai/gpt-4o", "gemini/gemini-2.5-pro", "azure/gpt-4o", "vertex_ai/gemini-2.5-pro", "openai/gpt-5"]
)
def test_known_models_have_a_window_and_a_price(name: str) -> None:
    known = facts(name)
    assert known.window is not None
    assert known.window > 100_000
    assert known.price is not None
    # Per million, not per token: between a cent and a hundred dollars.
    assert 0.01 < known.price[0] < known.price[1] < 100


def test_the_price_of_one_provider_is_not_taken_for_another() -> None:
    assert facts("openai/gpt-4o").price == (2.5, 10.0)
    assert facts("anthropic/gpt-4o") == facts("openai/no-such-model") == facts("openai/text-embedding-3-small")
    assert facts("anthropic/gpt-4o").price is None


def test_nothing_is_free_but_what_runs_at_home() -> None:
    assert facts("local").price == facts("vllm/anything").price == facts("ollama/llama3").price == (0.0, 0.0)
    # In the table at zero: an experiment of Google's, which will cost something one day.
    assert facts("gemini/gemini-exp-1206").price is None
    assert facts("gemini/gemini-exp-1206").window == 2_097_152


def test_who_thinks_and_who_takes_no_system_message() -> None:
    assert facts("openai/o3").thinks
    assert facts("gemini/gemini-2.5-pro").thinks
    assert not facts("openai/gpt-4o").thinks
    assert not facts("anthropic/claude-sonnet-4-5").thinks
    assert not facts("gemini/gemma-3-27b-it").system
    assert facts("openai/gpt-4o").system
    assert facts("openai/gpt-4o").max_output == 16_384


def test_overrides_win_field_by_field() -> None:
    own = parse_overrides(
        {
            "openai/gpt-4o": {"window": 1000},
            "openai/foo": {"window": 32768, "input_price": 0.1, "output_price": 1},
            "groq/free": {"input_price": 0, "output_price": 0},
        }
    )
    assert facts("openai/gpt-4o", own) == replace(facts("openai/gpt-4o"), window=1000)
    assert facts("openai/foo", own) == ModelFacts(window=32768, price=(0.1, 1.0))
    assert facts("groq/free", own).price == (0.0, 0.0)


@pytest.mark.parametrize(
    ("entry", "word"),
    [
        ({"window": 0}, "window"),
        ({"window": "8k"}, "window"),
        ({"window": True}, "window"),
        ({"input_price": 1.0}, "output_price"),
        ({"input_price": -1.0, "output_price": 1.0}, "input_price"),
        ({"input_price": 1.0, "output_price": float("nan")}, "output_price"),
        ({"input_price": True, "output_price": 1.0}, "input_price"),
        ({"prize": 1}, "'prize'"),
        (7, "not a table"),
    ],
)
def test_overrides_that_make_no_sense(entry: Any, word: str) -> None:
    table: Mapping[str, Any] = {"openai/foo": entry}
    with pytest.raises(ValueError, match=word) as caught:
        parse_overrides(table)
    assert "openai/foo" in str(caught.value)


def test_providers() -> None:
    assert {"openai", "anthropic", "gemini", "mistral", "bedrock", "groq", "vertex_ai"} <= table_providers()


def test_a_profile_takes_the_facts() -> None:
    known = ModelFacts(window=100_000, price=(1.0, 2.0), thinks=True, max_output=6_000)
    profile = profile_for("gpt-4o", window=None, facts=known)
    assert (profile.window, profile.price, profile.thinking_tokens) == (100_000, (1.0, 2.0), 3_000)
    assert profile_for("gpt-4o", window=50, facts=known).window == 50
    assert profile_for("gpt-4o", window=None, facts=ModelFacts()).window == 128_000
    small = profile_for("qwen2.5-0.5b", window=None, facts=ModelFacts(price=(1.0, 1.0)))
    assert not small.abstains
    assert small.price == (1.0, 1.0)
    assert profile_for("o3", window=None, facts=facts("openai/o3")).thinking_tokens == 4096
