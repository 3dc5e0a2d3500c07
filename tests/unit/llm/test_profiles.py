import pytest

from longagent.llm.profiles import DEFAULT_WINDOW, profile_for


@pytest.mark.parametrize(
    ("name", "window"),
    [
        ("openai/gpt-4o-mini", 128_000),
        ("gpt-4o-2024-08-06", 128_000),
        ("gpt-4.1-nano", 1_047_576),
        ("gpt-4", 8_192),
        ("gpt-4-turbo", 128_000),
        ("gpt-5-mini", 272_000),
        ("gpt-5-chat-latest", 128_000),
        ("gpt-5.2-chat-latest", 128_000),
        ("o3-mini", 200_000),
        ("o1-preview", 128_000),
        ("claude-3-5-sonnet-20241022", 200_000),
        ("claude-opus-4-1", 200_000),
        ("gemini-2.5-flash", 1_048_576),
        ("vllm/meta-llama/Llama-3.1-8B-Instruct", 131_072),
        ("Meta-Llama-3-8B-Instruct", 8_192),
        ("Qwen/Qwen2.5-7B-Instruct", 32_768),
        ("Qwen3-30B-A3B", 32_768),
        ("mistralai/Mistral-7B-Instruct-v0.3", 32_768),
        ("google/gemma-2-9b-it", 8_192),
        ("my-own-model", DEFAULT_WINDOW),
        ("", DEFAULT_WINDOW),
        ("proto1", DEFAULT_WINDOW),
    ],
)
def test_windows_of_known_families(name: str, window: int) -> None:
    assert profile_for(name, window=None).window == window


def test_a_given_window_wins() -> None:
    assert profile_for("gpt-4o", window=2048).window == 2048


@pytest.mark.parametrize(
    "name",
    [
        "SmolLM2-135M-Instruct.Q4_1.gguf",
        "HuggingFaceTB/SmolLM2-360M",
        "Qwen2.5-0.5B-Instruct",
        "gemma-3-270m-it",
        "qwen3-0.6b",
    ],
)
def test_small_models_are_read_for(name: str) -> None:
    profile = profile_for(name, window=None)
    assert not profile.abstains
    assert profile.reading_tokens == 1200


@pytest.mark.parametrize(
    "name",
    [
        "gpt-4o",
        "local-model",
        "Llama-3.2-1B",
        "SmolLM2-1.7B",
        "Mixtral-8x7B",
        "Qwen2.5-14B-Instruct-1M",
        "phi-3-mini-128k",
        "Qwen3-30B-A3B",
    ],
)
def test_others_are_trusted(name: str) -> None:
    profile = profile_for(name, window=None)
    assert profile.abstains
    assert profile.reading_tokens is None
