import json
from dataclasses import asdict
from typing import Any

import pytest

from longagent.llm.logprobs import logprobs_of_record, read_logprobs
from longagent.llm.model import TokenLogprob


def entry(token: Any, logprob: Any, *top: tuple[str, float]) -> dict[str, Any]:
    alternatives = [{"token": other, "logprob": value, "bytes": None} for other, value in top]
    return {"token": token, "logprob": logprob, "bytes": [65], "top_logprobs": alternatives}


def test_they_are_read_as_openai_vllm_and_llama_cpp_tell_them() -> None:
    said = {"content": [entry("yes", -0.1, ("yes", -0.1), ("no", -2.4)), {"token": "\ud800", "logprob": 0}]}
    assert read_logprobs(said) == (
        TokenLogprob(token="yes", logprob=-0.1, top=(("yes", -0.1), ("no", -2.4))),
        TokenLogprob(token="?", logprob=0.0),
    )


def test_what_no_logarithm_can_be_is_brought_to_what_one_can() -> None:
    said = {"content": [entry("a", 1e-9), entry("b", float("-inf"))]}
    assert [each.logprob for each in read_logprobs(said) or ()] == [0.0, -9999.0]


@pytest.mark.parametrize(
    "said",
    [
        None,
        {},
        [],
        "many",
        {"content": None},
        {"content": []},
        {"content": "yes"},
        {"content": ["yes"]},
        {"content": [{"token": "yes"}]},
        {"content": [entry("yes", "-0.1")]},
        {"content": [entry("yes", True)]},
        {"content": [entry(None, -0.1)]},
        {"content": [entry("yes", float("nan"))]},
        {"content": [{"token": "yes", "logprob": -0.1, "top_logprobs": 5}]},
        {"content": [{"token": "yes", "logprob": -0.1, "top_logprobs": [5]}]},
        # As the old completions had them.
        {"tokens": ["yes"], "token_logprobs": [-0.1]},
    ],
)
def test_what_cannot_be_read_is_unknown(said: Any) -> None:
    assert read_logprobs(said) is None


def test_they_come_back_from_a_file_as_they_were() -> None:
    told = (TokenLogprob(token="yes", logprob=-0.1, top=(("no", -2.4),)), TokenLogprob(token=".", logprob=0.0))
    assert logprobs_of_record(json.loads(json.dumps([asdict(each) for each in told]))) == told
    assert logprobs_of_record(None) is None
