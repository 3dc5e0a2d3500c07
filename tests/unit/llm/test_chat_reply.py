import json
from typing import Any

import pytest

from longagent.errors import ContentRefusedError, ModelUnavailableError
from longagent.llm.chat_reply import read_reply
from longagent.llm.model import Reply, TokenLogprob
from longagent.llm.wire import Response

SERVER = "http://127.0.0.1:8000/v1"
SECRET = "key-4711"


def read(body: Any, content_type: str = "application/json") -> Reply:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_reply(Response(200, content_type, data), server=SERVER, key=SECRET)


def completion(content: Any, finish: Any = "stop", **more: Any) -> dict[str, Any]:
    return {"choices": [{"message": {"role": "assistant", "content": content}, "finish_reason": finish}], **more}


def test_everything_a_server_says_is_kept() -> None:
    usage = {"prompt_tokens": 12, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 8}}
    assert read(completion("Paris.", usage=usage)) == Reply(
        text="Paris.", finish="stop", prompt_tokens=12, cached_prompt_tokens=8, completion_tokens=3
    )


def test_what_a_server_does_not_say_is_unknown() -> None:
    assert read(completion("Paris.", finish=None)) == Reply(text="Paris.", finish="stop")


@pytest.mark.parametrize(
    "usage", [None, [], "many", {"prompt_tokens": "12"}, {"prompt_tokens": -1}, {"prompt_tokens": True}]
)
def test_nonsense_in_usage_is_unknown(usage: Any) -> None:
    assert read(completion("Paris.", usage=usage)).prompt_tokens is None


@pytest.mark.parametrize("details", [None, [], 5, {"cached_tokens": None}, {"cached_tokens": 1.5}])
def test_nonsense_in_details_is_unknown(details: Any) -> None:
    reply = read(completion("Paris.", usage={"prompt_tokens": 12, "prompt_tokens_details": details}))
    assert (reply.prompt_tokens, reply.cached_prompt_tokens) == (12, None)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (None, ""),
        (7, ""),
        ([{"type": "text", "text": "Par"}, {"type": "text", "text": "is."}, {"type": "image"}, None], "Paris."),
        ("a \ud800 b", "a ? b"),
    ],
)
def test_content_of_any_shape_becomes_text(content: Any, text: str) -> None:
    assert read(completion(content)).text == text


@pytest.mark.parametrize(
    ("reason", "finish"),
    [("stop", "stop"), ("length", "length"), (None, "stop"), (3, "other")],
)
def test_finish(reason: Any, finish: str) -> None:
    assert read(completion("x", finish=reason)).finish == finish


@pytest.mark.parametrize(
    ("content", "finish", "text"),
    [
        ("<think>Let me see.\nHm.</think>\n\nParis.", "stop", "Paris."),
        ("\n<think></think>Paris.", "stop", "Paris."),
        ("<think>Let me see", "length", ""),
        ("<think>Let me see", "stop", "<think>Let me see"),
        ("Paris. <think>Or not?</think>", "stop", "Paris. <think>Or not?</think>"),
        ("Cut off at the e", "length", "Cut off at the e"),
        ("Let me see.\nHm.\n</think>\n\nParis.", "stop", "Paris."),
        ("</think>Paris, says </think>.", "stop", "Paris, says </think>."),
    ],
)
def test_thinking_at_the_start_is_dropped(content: str, finish: str, text: str) -> None:
    assert read(completion(content, finish=finish)).text == text


def test_thinking_beside_the_reply_is_ignored() -> None:
    body = completion(None, finish="length")
    body["choices"][0]["message"]["reasoning_content"] = "Let me see."
    assert read(body) == Reply(text="", finish="length")


@pytest.mark.parametrize(
    ("content", "finish"),
    [(None, "content_filter"), (" ", "content_filter"), ("The heir is", "content_filter"), (None, "stop")],
)
def test_a_provider_that_declines_is_told_apart(content: Any, finish: str) -> None:
    body = completion(content, finish=finish)
    if finish == "stop":
        body["choices"][0]["message"]["refusal"] = "I can't help with the secret of the document."
    with pytest.raises(ContentRefusedError) as caught:
        read(body)
    assert SERVER in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_refusal_that_is_none_is_none() -> None:
    body = completion("Paris.")
    body["choices"][0]["message"]["refusal"] = None
    assert read(body).text == "Paris."


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "an empty body"),
        (b"<html>It works!</html>", "22 bytes of text/plain that are not JSON"),
        (b'{"choices": [{"mess', "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        ([], "JSON that is not an object"),
        ("text", "JSON that is not an object"),
        ({}, "an object without choices"),
        ({"choices": []}, "an object without choices"),
        ({"choices": {"0": "x"}}, "an object without choices"),
        ({"choices": [None]}, "a choice without a message"),
        ({"choices": [{"text": "Paris."}]}, "a choice without a message"),
        ({"choices": [{"message": "Paris."}]}, "a choice without a message"),
        ({"error": {"message": "Upstream is down."}}, "this message: Upstream is down."),
    ],
)
def test_what_is_no_completion_is_told_in_words(body: Any, said: str) -> None:
    with pytest.raises(ModelUnavailableError) as caught:
        read(body, content_type="text/plain; charset=utf-8")
    assert caught.value.trouble == "reply"
    assert said in str(caught.value)
    assert SERVER in str(caught.value)
    assert "\n" not in str(caught.value)


def test_neither_document_nor_key_is_repeated() -> None:
    for body in (b"The secret of the document " + SECRET.encode(), {"error": f"bad {SECRET}"}):
        with pytest.raises(ModelUnavailableError) as caught:
            read(body, content_type=f"text/{SECRET}")
        assert SECRET not in str(caught.value)
        assert "secret of the document" not in str(caught.value)


def test_cached_tokens_where_only_llama_cpps_timings_tell_them() -> None:
    assert read(completion("Yes.", timings={"cache_n": 433, "prompt_n": 1})).cached_prompt_tokens == 433
    usage = {"prompt_tokens": 434, "prompt_tokens_details": {"cached_tokens": 0}}
    assert read(completion("Yes.", usage=usage, timings={"cache_n": 433})).cached_prompt_tokens == 0
    assert read(completion("Yes.", timings=[433])).cached_prompt_tokens is None
    assert read(completion("Yes.", timings={"cache_n": "433"})).cached_prompt_tokens is None


def told(message: dict[str, Any], *, asked: bool = True) -> Reply:
    logprobs = {"content": [{"token": "Yes", "logprob": -0.1}]}
    body = {"choices": [{"message": message, "finish_reason": "stop", "logprobs": logprobs}]}
    return read_reply(Response(200, "", json.dumps(body).encode()), server=SERVER, key=None, logprobs=asked)


def test_log_probabilities_are_of_the_reply_and_of_nothing_else() -> None:
    assert told({"content": "Yes"}).logprobs == (TokenLogprob(token="Yes", logprob=-0.1),)
    assert told({"content": "Yes"}, asked=False).logprobs is None
    assert told({"content": "<think>Hm.</think>Yes"}).logprobs is None
    assert told({"content": "Yes", "reasoning_content": "Hm."}).logprobs is None
    assert told({"content": "Yes", "reasoning": "Hm."}).logprobs is None
