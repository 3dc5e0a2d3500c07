"""An OpenAI-compatible server without a model, for tests and benchmarks: it answers as told, or fails as told."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, NamedTuple, Self, assert_never

from longagent.llm.model import Message
from longagent.testing.http_thread import Connection, HttpRequest, HttpThread

CHARACTERS_PER_TOKEN = 4
"""Its tokenizer: four characters are a token."""


class Canned(NamedTuple):
    """A response given word for word, whatever was asked."""

    body: Any
    """Bytes are sent as they are, anything else as JSON."""
    status: int = 200
    content_type: str = "application/json"


Fault = int | Literal["hang", "reset", "truncated", "not-json", "empty"] | Canned
"""How one call goes wrong. A number is a status with an error body; `hang` waits until the client gives up; `reset`
breaks the connection; `truncated` stops in the middle of the body; the last two are bodies of status 200."""


@dataclass(frozen=True, slots=True)
class Received:
    """A request as the server got it."""

    method: str
    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: Any
    """Parsed JSON; `None` when there was none."""


class SimulatedServer:
    """Serves one pretended model on 127.0.0.1 while its `with` block lasts.

    Args:
        reply: text of every reply, or a function of the messages.
        model: the name it serves; others are answered 404.
        window: tokens of prompt and reply together, told in the list of models; longer requests are answered 400.
        api_key: when given, requests without it are answered 401.
        delay: seconds a call takes.
        faults: one for each chat call in turn, `None` for a call that goes well; when used up, all go well.
    """

    def __init__(
        self,
        reply: str | Callable[[list[Message]], str] = "A reply.",
        *,
        model: str = "sim",
        window: int | None = 8192,
        api_key: str | None = None,
        delay: float = 0.0,
        faults: Iterable[Fault | None] = (),
    ) -> None:
        self.model = model
        self.window = window
        self.requests: list[Received] = []
        self.in_flight = 0
        """Chat calls being worked on."""
        self.peak = 0
        """Most chat calls that were in flight at once."""
        self.abandoned = 0
        """Chat calls whose client went away before the reply."""
        self._reply = reply
        self._api_key = api_key
        self._delay = delay
        self._faults = iter(faults)
        self._http = HttpThread(self._handle)

    @property
    def base_url(self) -> str:
        """What to pass as base URL."""
        return f"http://127.0.0.1:{self._http.port}/v1"

    @property
    def chats(self) -> list[Any]:
        """Bodies of the chat calls so far."""
        return [request.body for request in self.requests if request.path == "/v1/chat/completions"]

    @property
    def connections(self) -> int:
        """Connections open at this moment."""
        return self._http.connections

    def close(self) -> None:
        """Drop every connection and stop. Safe to call twice."""
        self._http.close()

    def __enter__(self) -> Self:
        self._http.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def _handle(self, request: HttpRequest, connection: Connection) -> None:
        body = json.loads(request.body) if request.body else None
        self.requests.append(Received(request.method, request.path, request.headers, body))
        if self._api_key is not None and request.headers.get("authorization") != f"Bearer {self._api_key}":
            await connection.respond(401, _error("Incorrect API key provided.", "invalid_api_key"))
        elif (request.method, request.path) == ("GET", "/v1/models"):
            await connection.respond(200, self._models())
        elif (request.method, request.path) == ("POST", "/v1/chat/completions"):
            await self._count_chat(body, connection)
        else:
            await connection.respond(404, {"detail": "Not Found"})

    async def _count_chat(self, body: Any, connection: Connection) -> None:
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        try:
            fault = next(self._faults, None)
            if self._delay:
                await connection.wait(self._delay)
            if fault is None:
                response = self._chat(body)
                await connection.respond(response.status, response.body)
            else:
                await self._fail(fault, body, connection)
        except ConnectionError:
            self.abandoned += 1
            raise
        finally:
            self.in_flight -= 1

    async def _fail(self, fault: Fault, body: Any, connection: Connection) -> None:
        if isinstance(fault, Canned):
            await connection.respond(fault.status, fault.body, content_type=fault.content_type)
        elif isinstance(fault, int):
            await connection.respond(fault, _error("Told to fail.", "simulated"))
        elif fault == "hang":
            await connection.wait(None)
        elif fault == "reset":
            connection.reset()
        elif fault == "truncated":
            await connection.respond_half(200, self._chat(body).body)
        elif fault == "not-json":
            await connection.respond(200, b"<html><body>It works!</body></html>", content_type="text/html")
        elif fault == "empty":
            await connection.respond(200, b"")
        else:
            assert_never(fault)

    def _chat(self, body: Any) -> Canned:
        """Return the response to a chat call that goes well, or that a real server would refuse."""
        if body["model"] != self.model:
            return Canned(_error(f"The model `{body['model']}` does not exist.", "model_not_found"), status=404)
        prompt = _tokens(body["messages"])
        cap = body.get("max_completion_tokens", body.get("max_tokens"))
        if self.window is not None and prompt + (cap or 1) > self.window:
            said = f"This model's maximum context length is {self.window} tokens, but {prompt} + {cap} were requested."
            return Canned(_error(said, "context_length_exceeded"), status=400)
        text = self._reply if isinstance(self._reply, str) else self._reply(body["messages"])
        room = len(text) if cap is None else cap * CHARACTERS_PER_TOKEN
        return Canned(self._completion(text[:room], "length" if len(text) > room else "stop", prompt))

    def _completion(self, text: str, finish: str, prompt: int) -> dict[str, Any]:
        completion = _tokens([{"role": "assistant", "content": text}])
        message = {"role": "assistant", "content": text}
        return {
            "id": f"chatcmpl-{len(self.requests)}",
            "object": "chat.completion",
            "model": self.model,
            "choices": [{"index": 0, "message": message, "finish_reason": finish}],
            "usage": {
                "prompt_tokens": prompt,
                "completion_tokens": completion,
                "total_tokens": prompt + completion,
                "prompt_tokens_details": {"cached_tokens": 0},
            },
        }

    def _models(self) -> dict[str, Any]:
        entry: dict[str, Any] = {"id": self.model, "object": "model", "owned_by": "longagent"}
        if self.window is not None:
            entry["max_model_len"] = self.window
        return {"object": "list", "data": [entry]}


def _tokens(messages: Sequence[Message]) -> int:
    return sum(-(-len(message["content"]) // CHARACTERS_PER_TOKEN) for message in messages)


def _error(message: str, code: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}
