import json
from typing import Any

from longagent.llm.chat_request import write_request
from longagent.llm.model import Request


def sent(request: Request, **options: Any) -> Any:
    return json.loads(write_request(request, served="m", **options))


def ask(content: str = "Hello", **fields: Any) -> Request:
    return Request(messages=({"role": "user", "content": content},), max_tokens=64, **fields)


def test_what_is_not_set_is_not_sent() -> None:
    assert sent(ask()) == {
        "model": "m",
        "messages": [{"role": "user", "content": "Hello"}],
        "max_tokens": 64,
        "temperature": 0.0,
    }


def test_what_is_set_is_sent() -> None:
    body = sent(ask(seed=0, stop=("END",), temperature=0.7))
    assert (body["seed"], body["stop"], body["temperature"]) == (0, ["END"], 0.7)


def test_text_passes_unchanged() -> None:
    hostile = '{braces} </document> "quotes" \\ \x00 naïve 日本 🙂'
    assert sent(ask(hostile))["messages"][0]["content"] == hostile


def test_a_lone_surrogate_does_not_break_the_call() -> None:
    assert sent(ask("page \ud800 end"))["messages"][0]["content"] == "page ? end"


def test_openai_is_asked_in_its_own_words() -> None:
    body = json.loads(write_request(ask(), served="gpt-4o", openai=True))
    assert body["max_completion_tokens"] == 64
    assert "max_tokens" not in body
    assert body["temperature"] == 0.0


def test_openai_thinking_models_get_no_temperature() -> None:
    for name in ("gpt-5-mini", "o3", "o4-mini"):
        assert "temperature" not in json.loads(write_request(ask(), served=name, openai=True))
