import json
from typing import Any

import pytest

from longagent.errors import (
    ContentRefusedError,
    ContextTooLongError,
    ModelError,
    ModelRejectedError,
    ModelUnavailableError,
    UnknownModelError,
)
from longagent.llm.refusals import error_codes, error_message, plain, refusal, unknown_model
from longagent.llm.wire import Response

SERVER = "http://127.0.0.1:8000/v1"
SECRET = "key-4711"


def refuse(
    status: int,
    body: Any = b"",
    *,
    server: str = SERVER,
    listed: tuple[str, ...] = (),
    key: str | None = SECRET,
    wait: float | None = None,
) -> ModelError:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return refusal(Response(status, "", data, wait), server=server, served="qwen-7b", listed=listed, key=key)


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(
    ("server", "variable"), [("https://api.openai.com/v1", "OPENAI_API_KEY"), (SERVER, "LONGAGENT_API_KEY")]
)
def test_a_refused_key_names_its_variable_never_itself(status: int, server: str, variable: str) -> None:
    error = refuse(status, {"error": {"message": f"Incorrect API key: {SECRET[:4]}***"}}, server=server)
    assert type(error) is ModelRejectedError
    assert variable in error.hint
    assert SECRET[:4] not in str(error)


def test_a_missing_key_is_asked_for() -> None:
    error = refuse(401, key=None)
    assert "wants an API key" in str(error)
    assert error.hint == "Set LONGAGENT_API_KEY."


@pytest.mark.parametrize(
    ("status", "trouble"),
    [
        (429, "rate_limit"),
        (408, "timeout"),
        *((status, "overload") for status in (425, 500, 502, 503, 504, 529)),
    ],
)
def test_passing_troubles_are_unavailable(status: int, trouble: str) -> None:
    error = refuse(status, {"error": {"message": "Busy"}}, wait=7.5)
    assert type(error) is ModelUnavailableError
    assert f"{status}" in str(error)
    assert "Busy." in str(error)
    assert (error.trouble, error.retry_after) == (trouble, 7.5)


@pytest.mark.parametrize("where", ["code", "type"])
def test_a_quota_that_is_used_up_is_final(where: str) -> None:
    error = refuse(429, {"error": {"message": "You exceeded your current quota.", where: "insufficient_quota"}}, wait=1)
    assert type(error) is ModelRejectedError
    assert "billing" in error.hint


@pytest.mark.parametrize(
    ("message", "window"),
    [
        ("This model's maximum context length is 4096 tokens, but 5000 were requested.", 4096),
        (
            "'max_tokens' or 'max_completion_tokens' is too large: 5000. This model's maximum context length is 4096 "
            "tokens and your request has 100 input tokens",
            4096,
        ),
        ("The decoder prompt (length 6000) is longer than the maximum model length of 4096.", 4096),
        ("The input (5000 tokens) is longer than the model's context length (4096 tokens).", 4096),
        ("request (6031 tokens) exceeds the available context size (2048 tokens), try increasing it", 2048),
        ("the request exceeds the available context size, try increasing it", None),
        ("`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000", 4096),
        ("The input token count (9000) exceeds the maximum number of tokens allowed (8192).", 8192),
        ("prompt is too long: 210000 tokens > 200000 maximum", 200_000),
    ],
)
def test_a_request_that_is_too_long_leads_to_the_window(message: str, window: int | None) -> None:
    error = refuse(400, {"error": {"message": message}})
    assert type(error) is ContextTooLongError
    assert error.window == window
    assert error.hint == (f"Try --window {window}." if window else "Try --window N, the tokens it was started with.")


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "Too much.", "code": "context_length_exceeded"}},
        {"error": {"code": 400, "message": "Too much.", "type": "exceed_context_size_error"}},
    ],
)
def test_a_code_alone_tells_that_a_request_is_too_long(body: Any) -> None:
    error = refuse(400, body)
    assert type(error) is ContextTooLongError
    assert "too long: Too much. Try --window N" in str(error)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, {"error": {"message": "No.", "code": "content_filter"}}),
        (400, {"error": {"message": "No.", "code": "content_policy_violation"}}),
        (403, {"error": {"message": "No.", "innererror": {"code": "ResponsibleAIPolicyViolation"}}}),
        (400, {"error": {"message": "Filtered due to the content management policy."}}),
    ],
)
def test_a_text_the_provider_declines_is_no_fault_of_the_run(status: int, body: Any) -> None:
    assert type(refuse(status, body)) is ContentRefusedError


@pytest.mark.parametrize("status", [400, 402, 405, 418, 422, 499])
def test_other_refusals_repeat_the_message(status: int) -> None:
    error = refuse(status, {"error": {"message": "stop must be a list"}})
    assert type(error) is ModelRejectedError
    assert "stop must be a list." in str(error)


def test_a_redirect_is_not_followed() -> None:
    error = refuse(307)
    assert type(error) is ModelRejectedError
    assert "redirects" in str(error)


def test_an_unknown_model_names_what_is_close() -> None:
    error = refuse(404, listed=("qwen-7b-instruct", "llama-8b"))
    assert type(error) is UnknownModelError
    assert error.exit_code == 2
    assert error.hint == "Did you mean 'qwen-7b-instruct'?"


def test_an_unknown_model_names_what_is_served() -> None:
    assert refuse(404, listed=("sim",)).hint == "It serves: sim."
    many = tuple(f"model-{i}" for i in range(20))
    assert unknown_model("qwen", server=SERVER, listed=many).hint.endswith("and 12 more.")


def test_404_without_list_is_judged_by_its_words() -> None:
    assert type(refuse(404, {"error": {"message": "The model `x` does not exist."}})) is UnknownModelError


def test_404_for_a_served_model_is_a_wrong_path() -> None:
    error = refuse(404, {"detail": "Not Found"}, listed=("qwen-7b",))
    assert type(error) is ModelRejectedError
    assert "/v1" in error.hint


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "what went wrong", "type": "x"}},
        {"error": "what went wrong"},
        {"object": "error", "message": "what went wrong"},
        {"detail": "what went wrong"},
        {"detail": [{"type": "missing", "msg": "what went wrong", "input": "text of the document"}]},
        {"error": [{"message": "what went wrong"}]},
        b"what went wrong\n",
    ],
)
def test_messages_are_found_in_every_shape(body: Any) -> None:
    assert error_message(body if isinstance(body, bytes) else json.dumps(body).encode(), key=None) == "what went wrong"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><h1>502</h1></html>",
        b"{}",
        b"[]",
        b"null",
        b"17",
        b'{"error": {}}',
        b'{"detail": [[]]}',
        b"[" * 99_999 + b"]" * 99_999,
    ],
)
def test_bodies_without_message_say_nothing(body: bytes) -> None:
    assert error_message(body, key=None) in {"", "[" * 199 + "…"}


def test_server_text_cannot_paint_the_terminal() -> None:
    shown = plain("\x1b[31mred\x1b[0m \x07 \u202egnp.exe \u2028 line\r\nbreak \x9b2J", key=None)
    assert shown.isprintable()
    assert "\\x1b[31mred" in shown
    assert "line break" in shown


def test_server_text_is_short_and_holds_no_key() -> None:
    shown = plain(f"{'x' * 195} {SECRET} {SECRET}", key=SECRET)
    assert len(shown) == 200
    assert "4711" not in shown
    assert len(plain("\x00" * 300, key=None)) == 200


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        ({"error": {"code": "a", "type": "b", "param": "c", "innererror": {"code": "d"}}}, "a b c d"),
        ({"code": 400, "type": "b"}, "b"),
        ({"detail": [{"type": "b", "loc": ["body", "seed"], "input": "the document"}]}, "b seed"),
        ({"detail": [[], 1]}, ""),
        ({"error": "text"}, ""),
        (b"<html>", ""),
        (b"[" * 99_999 + b"]" * 99_999, ""),
    ],
)
def test_codes_are_found_in_every_shape(body: Any, codes: str) -> None:
    assert error_codes(body if isinstance(body, bytes) else json.dumps(body).encode()) == codes
