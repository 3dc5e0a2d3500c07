import json
from typing import Any, get_args

import pytest

from longagent.llm.dialect import THINKING_TOKENS, Feature, not_accepted, thinking_tokens
from longagent.llm.wire import Response

EVERYTHING: tuple[Feature, ...] = tuple(name for name in get_args(Feature) if name != "max_completion_tokens")


def judge(said: Any, status: int = 400, sent: tuple[Feature, ...] = EVERYTHING) -> Feature | None:
    body = said if isinstance(said, dict) else {"error": {"message": said}}
    return not_accepted(Response(status, "", json.dumps(body).encode()), sent)


@pytest.mark.parametrize(
    ("said", "feature"),
    [
        (
            "Unsupported parameter: 'max_tokens' is not supported with this model. "
            "Use 'max_completion_tokens' instead.",
            "max_tokens",
        ),
        ("Unsupported value: 'temperature' does not support 0.0 with this model.", "temperature"),
        ({"error": {"message": "No.", "param": "temperature", "code": "unsupported_value"}}, "temperature"),
        ("Unrecognized request argument supplied: seed", "seed"),
        ("property 'stop' is not supported", "stop"),
        ("`temperature` must be strictly positive", "temperature"),
        ("seed: Extra inputs are not permitted", "seed"),
        ("`temperature` and `seed` are deprecated for this model.", "temperature"),
    ],
)
def test_a_refused_field_is_recognized(said: Any, feature: Feature) -> None:
    assert judge(said) == feature
    assert judge(said, 422) == feature


def test_fastapi_names_the_field_apart_from_the_message() -> None:
    entry = {"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted", "input": 7}
    assert judge({"detail": [entry]}) == "seed"


def test_the_new_name_of_the_cap_may_be_the_unknown_one() -> None:
    said = "max_completion_tokens: extra fields not permitted"
    assert judge(said, sent=("max_completion_tokens", "temperature")) == "max_completion_tokens"
    assert judge(said, sent=("max_tokens", "temperature")) is None


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("System role not supported", 400),
        ("Jinja Exception: System role not supported", 500),
        ("Only user and assistant roles are supported!", 400),
        ("This model only supports user and assistant roles", 400),
        ("Conversation roles must alternate user/assistant/user/assistant/...", 400),
        ("Unsupported value: 'messages[0].role' does not support 'system' with this model.", 400),
        ("Developer instruction is not enabled for models/gemma-3-27b-it", 400),
    ],
)
def test_a_model_without_system_role_is_recognized(said: str, status: int) -> None:
    assert judge(said, status) == "system"
    assert judge(said, status, sent=("max_tokens", "temperature")) is None


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("Unsupported parameter: 'max_tokens'", 401),
        ("The server met an unexpected error in temperature control.", 500),
        ("max_tokens is too large: 100000. This model supports at most 16384 completion tokens.", 400),
        ("Unsupported content type.", 400),
        ("Unknown field: cache_salt", 400),
        ("", 400),
    ],
)
def test_what_is_another_matter_teaches_nothing(said: str, status: int) -> None:
    assert judge(said, status) is None


@pytest.mark.parametrize(
    "name",
    [
        "Qwen/Qwen3-8B",
        "deepseek-ai/DeepSeek-R1-Distill-Llama-8B",
        "gpt-oss:20b",
        "o3",
        "o4-mini",
        "gpt-5-mini",
        "QwQ-32B",
        "Qwen3-4B-Thinking-2507",
        "deepseek-reasoner",
        "Phi-4-mini-reasoning",
    ],
)
def test_models_known_to_think_get_room_for_it(name: str) -> None:
    assert thinking_tokens(name) == THINKING_TOKENS


@pytest.mark.parametrize(
    "name",
    [
        "gpt-4o",
        "Qwen3-4B-Instruct-2507",
        "Qwen2.5-7B-Instruct",
        "gpt-5-chat-latest",
        "llama-3.1-8b",
        "local",
        "Qwen3-Coder-30B",
        "deepseek-chat",
        "olmo3",
    ],
)
def test_other_models_get_none(name: str) -> None:
    assert thinking_tokens(name) == 0


@pytest.mark.parametrize(
    ("said", "feature"),
    [
        ("Failed to initialize samplers: failed to parse grammar", "grammar"),
        ("Invalid schema for response_format 'reply': 'additionalProperties' is required.", "response_format"),
        ("property 'structured_outputs' is unsupported", "structured_outputs"),
        ("Requested sample top_logprobs of 20, which is greater than max allowed: 5", "top_logprobs"),
        ("You are not allowed to request logprobs from this model", "logprobs"),
    ],
)
def test_a_wish_is_given_up_whatever_is_wrong_with_it(said: str, feature: Feature) -> None:
    assert judge(said) == feature
    assert judge(said, sent=("max_tokens", "temperature")) is None
    assert judge(said, 500) is None
