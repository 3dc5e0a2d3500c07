import json
from typing import Any

import pytest

from longagent.llm.chat_request import write_request
from longagent.llm.model import Request
from longagent.llm.wishes import wishes

SCHEMA = {"type": "object", "properties": {"b": {}, "a": {}}, "required": ["b", "a"], "additionalProperties": False}


def ask(**fields: Any) -> Request:
    return Request(messages=({"role": "user", "content": "Hello"},), max_tokens=64, **fields)


def test_most_requests_have_none() -> None:
    assert wishes(ask()) == {}


@pytest.mark.parametrize("engine", ["vllm", None])
def test_choices_as_vllm_takes_them_and_where_nobody_knows(engine: Any) -> None:
    assert wishes(ask(choices=("yes", "no")), engine=engine) == {"structured_outputs": {"choice": ["yes", "no"]}}


def test_choices_as_llama_cpp_takes_them() -> None:
    assert wishes(ask(choices=("Passage: 3", 'a "b"\\\n', "Ä ]")), engine="llamacpp") == {
        "grammar": r'root ::= "Passage: 3" | "a \"b\"\\\U0000000A" | "Ä ]"'
    }


def test_openai_has_no_choices() -> None:
    assert wishes(ask(choices=("yes", "no")), openai=True) == {}


@pytest.mark.parametrize("options", [{}, {"engine": "vllm"}, {"engine": "llamacpp"}, {"openai": True}])
def test_a_schema_is_put_alike_everywhere_with_its_order_kept(options: Any) -> None:
    (name, said), *others = wishes(ask(schema=json.dumps(SCHEMA)), **options).items()
    assert (name, others) == ("response_format", [])
    assert said == {"type": "json_schema", "json_schema": {"name": "reply", "strict": True, "schema": SCHEMA}}
    assert list(said["json_schema"]["schema"]["properties"]) == ["b", "a"]


def test_log_probabilities_with_as_many_alternatives_as_servers_tell() -> None:
    assert wishes(ask(logprobs=0)) == {"logprobs": True}
    assert wishes(ask(logprobs=3)) == {"logprobs": True, "top_logprobs": 3}
    assert wishes(ask(logprobs=50)) == {"logprobs": True, "top_logprobs": 20}


def sent(request: Request, **options: Any) -> set[str]:
    body = json.loads(write_request(request, served="m", **options).body)
    return set(body) - {"model", "messages", "max_tokens", "temperature"}


def test_they_are_sent_unless_refused() -> None:
    request = ask(choices=("yes", "no"), logprobs=3)
    assert sent(request) == {"structured_outputs", "logprobs", "top_logprobs"}
    assert sent(request, engine="llamacpp") == {"grammar", "logprobs", "top_logprobs"}
    assert sent(request, refused={"structured_outputs", "top_logprobs"}) == {"logprobs"}
    # Alternatives without what they are alternatives to are an error.
    assert sent(request, refused={"structured_outputs", "logprobs"}) == set()


def test_a_model_that_thinks_is_not_held_to_a_form() -> None:
    assert sent(ask(choices=("yes", "no"), logprobs=3), engine="vllm", thinking=1000) == set()
