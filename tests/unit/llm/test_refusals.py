import json
from typing import Any

import pytest

from longagent.errors import ModelError, ModelRejectedError, ModelUnavailableError, UnknownModelError
from longagent.llm.refusals import error_message, plain, refusal, unknown_model
from longagent.llm.wire import Response

SERVER = "http://127.0.0.1:8000/v1"
SECRET = "key-4711"


def refuse(
    status: int, body: Any = b"", *, server: str = SERVER, listed: tuple[str, ...] = (), key: str | None = SECRET
) -> ModelError:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return refusal(Response(status, "", data), server=server, served="qwen-7b", listed=listed, key=key)


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


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 529])
def test_passing_troubles_are_unavailable(status: int) -> None:
    error = refuse(status, {"error": {"message": "Busy"}})
    assert type(error) is ModelUnavailableError
    assert f"{status}" in str(error)
    assert "Busy." in str(error)


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        ("This model's maximum context length is 4096 tokens, but 5000 were requested.", "Try --window 4096."),
        ("request (6031 tokens) exceeds the available context size (2048 tokens)", "Try --window 2048."),
        ("the request exceeds the available context size, try increasing it", "--window N"),
        ("prompt is too long: 210000 tokens > 200000 maximum", "--window N"),
    ],
)
def test_a_request_that_is_too_long_leads_to_the_window(message: str, hint: str) -> None:
    error = refuse(400, {"error": {"message": message}})
    assert type(error) is ModelRejectedError
    assert hint in error.hint


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
