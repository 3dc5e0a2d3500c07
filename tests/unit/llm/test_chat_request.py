import json
from typing import Any

from longagent.llm.chat_request import write_request
from longagent.llm.model import Request


def sent(request: Request, **options: Any) -> Any:
    return json.loads(write_request(request, **{"served": "m", **options}).body)


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
    body = sent(ask(), served="gpt-4o", openai=True)
    assert body["max_completion_tokens"] == 64
    assert "max_tokens" not in body
    assert body["temperature"] == 0.0


def test_openai_thinking_models_get_no_temperature() -> None:
    for name in ("gpt-5-mini", "o3", "o4-mini"):
        assert "temperature" not in sent(ask(), served=name, openai=True)


def test_what_a_server_refuses_is_left_out() -> None:
    body = sent(ask(seed=1, stop=("END",)), refused={"temperature", "seed", "stop"})
    assert body == {"model": "m", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 64}


def test_the_cap_takes_its_other_name_and_never_goes() -> None:
    assert sent(ask(), refused={"max_tokens"})["max_completion_tokens"] == 64
    assert sent(ask(), openai=True, refused={"max_completion_tokens"})["max_tokens"] == 64
    assert "max_tokens" not in sent(ask(), refused={"max_tokens"})


def test_thinking_comes_on_top_of_the_cap() -> None:
    assert sent(ask(), thinking=1000)["max_tokens"] == 1064


def test_what_was_used_is_told() -> None:
    assert write_request(ask(), served="m").used == ("max_tokens", "temperature")
    request = Request(messages=({"role": "system", "content": "Be brief."},), max_tokens=1, seed=3, stop=("END",))
    written = write_request(request, served="m", openai=True, refused={"seed"})
    assert written.used == ("max_completion_tokens", "temperature", "stop", "system")


def test_without_system_role_the_user_says_it_all() -> None:
    request = Request(
        messages=(
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hello"},
            {"role": "assistant", "content": "Hi"},
            {"role": "user", "content": "Why?"},
        ),
        max_tokens=1,
    )
    assert sent(request, refused={"system"})["messages"] == [
        {"role": "user", "content": "Be brief.\n\nHello"},
        {"role": "assistant", "content": "Hi"},
        {"role": "user", "content": "Why?"},
    ]
    alone = Request(messages=({"role": "system", "content": "Be brief."},), max_tokens=1)
    assert sent(alone, refused={"system"})["messages"] == [{"role": "user", "content": "Be brief."}]
    assert sent(request)["messages"][0] == {"role": "system", "content": "Be brief."}
